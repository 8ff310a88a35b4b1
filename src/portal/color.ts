/** Colours that can be read: contrast as WCAG 2.2 measures it (success criteria 1.4.3 and 1.4.11). */

type Rgb = readonly [number, number, number];

/** What text needs against what is behind it. */
const TEXT_CONTRAST = 4.5;
const BLACK = '#000000';
const WHITE = '#ffffff';
/** How fine the search for a shade is: steps from the colour to black or white. */
const STEPS = 50;

/** What the pages put a realm's colour on; page.css has the same two. */
const pageColors = { light: WHITE, dark: '#1a1e23' } as const;

export interface Shades {
  /** The colour, or the nearest shade of it that is text on the page. */
  readonly color: string;
  /** What is written on it. */
  readonly ink: string;
}

/**
 * The shades of a realm's colour that the pages use: whichever it is, buttons and links can be read.
 *
 * @param color `#rrggbb`
 */
export function shadesOf(color: string): { readonly light: Shades; readonly dark: Shades } {
  return {
    light: shades(nearest(color, BLACK, pageColors.light)),
    dark: shades(nearest(color, WHITE, pageColors.dark)),
  };
}

/** The ratio of two colours' luminances, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function shades(color: string): Shades {
  // One of the two always has 4.5: their products with any luminance meet at 4.58.
  return { color, ink: contrast(color, WHITE) >= TEXT_CONTRAST ? WHITE : BLACK };
}

function nearest(color: string, towards: string, background: string): string {
  for (let step = 0; step <= STEPS; step++) {
    const mixed = mix(color, towards, step / STEPS);
    if (contrast(mixed, background) >= TEXT_CONTRAST) return mixed;
  }
  return towards;
}

function mix(from: string, to: string, share: number): string {
  const [a, b] = [rgbOf(from), rgbOf(to)];
  const parts = a.map((part, index) => Math.round(part + ((b[index] ?? 0) - part) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

function luminance(color: string): number {
  const [red, green, blue] = rgbOf(color).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function rgbOf(color: string): Rgb {
  const part = (at: number) => Number.parseInt(color.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}
