import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { defaultTotpParameters } from '../../src/otp/algorithm.js';
import { keyUri } from '../../src/otp/key-uri.js';
import { qrPng, qrSvg, qrText } from '../../src/otp/qr-code.js';

const QUIET_ZONE = 4;
const PIXELS_A_MODULE = 4;
const BLACK_ON_WHITE = '\x1b[38;5;16;48;5;231m';
const RESET = '\x1b[0m';

const names = [
  { name: 'a plain name', issuer: 'Watchword', accountName: 'alice@example.com' },
  { name: 'a non-Latin name', issuer: '日本銀行 Ελλάδα', accountName: 'мария@пример.рф 😀' },
  { name: 'a long name', issuer: 'The '.repeat(16), accountName: `${'a'.repeat(190)}@example.com` },
  { name: 'a long non-Latin name', issuer: '銀'.repeat(40), accountName: 'я'.repeat(100) },
];

const cases = names.map(({ name, issuer, accountName }) => {
  const secret = new TextEncoder().encode('12345678901234567890');
  return { name, uri: keyUri({ issuer, accountName, secret, parameters: defaultTotpParameters }) };
});

/** What a scanner reads that takes dark on light only, as many do. */
function scan(pixels: Uint8Array, width: number, height: number): string | undefined {
  const options = { inversionAttempts: 'dontInvert' } as const;
  return jsQR.default(new Uint8ClampedArray(pixels), width, height, options)?.data;
}

/** The modules of the text, a row each, true for dark. */
function modulesOf(text: string): boolean[][] {
  const halves: Record<string, [boolean, boolean]> = {
    ' ': [false, false],
    '▀': [true, false],
    '▄': [false, true],
    '█': [true, true],
  };
  return text
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      if (!line.startsWith(BLACK_ON_WHITE) || !line.endsWith(RESET)) {
        throw new Error(`Not black on white: ${JSON.stringify(line)}`);
      }
      const content = line.slice(BLACK_ON_WHITE.length, -RESET.length);
      const pairs = Array.from(content, (block) => {
        const pair = halves[block];
        if (!pair) throw new Error(`Not a half block: ${block}`);
        return pair;
      });
      return [pairs.map(([top]) => top), pairs.map(([, bottom]) => bottom)];
    });
}

function paint(modules: boolean[][]): { pixels: Uint8Array; width: number; height: number } {
  const width = (modules[0]?.length ?? 0) * PIXELS_A_MODULE;
  const height = modules.length * PIXELS_A_MODULE;
  const pixels = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = modules[Math.floor(y / PIXELS_A_MODULE)];
      if (row?.[Math.floor(x / PIXELS_A_MODULE)])
        pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { pixels, width, height };
}

/** How many modules wide the symbol is, quiet zone included, as the SVG says. */
async function modulesWide(uri: string): Promise<number> {
  return Number(/viewBox="0 0 (\d+) \1"/.exec(await qrSvg(uri))?.[1]);
}

describe('QR codes', () => {
  it.each(cases)('S6: the PNG of $name scans back to the exact URI', async ({ uri }) => {
    const { data, width, height } = PNG.sync.read(await qrPng(uri));
    expect(scan(data, width, height)).toBe(uri);
  });

  it.each(cases)('S6: the text of $name scans back to the exact URI', async ({ uri }) => {
    const { pixels, width, height } = paint(modulesOf(await qrText(uri)));
    expect(scan(pixels, width, height)).toBe(uri);
  });

  it.each(cases)('the PNG of $name has whole pixels a module, and 240 or more', async ({ uri }) => {
    const { data, width, height } = PNG.sync.read(await qrPng(uri));
    const scale = width / (await modulesWide(uri));
    expect(height).toBe(width);
    expect(width).toBeGreaterThanOrEqual(240);
    expect(Number.isInteger(scale) && scale >= 4).toBe(true);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const corner = (y - (y % scale)) * width + (x - (x % scale));
        if (data[(y * width + x) * 4] !== data[corner * 4]) throw new Error(`Uneven at ${x},${y}`);
      }
    }
  });

  it('leaves a quiet zone of four modules on every side', async () => {
    const uri = cases[0]?.uri ?? '';
    const modules = modulesOf(await qrText(uri));
    const size = (modules[0]?.length ?? 0) - 2 * QUIET_ZONE;
    expect(size + 2 * QUIET_ZONE).toBe(await modulesWide(uri));
    modules.forEach((row, y) => {
      const outside = y < QUIET_ZONE || y >= QUIET_ZONE + size;
      const edges = outside ? row : [...row.slice(0, QUIET_ZONE), ...row.slice(-QUIET_ZONE)];
      expect(edges).not.toContain(true);
    });
    expect(modules.length).toBeGreaterThanOrEqual(size + 2 * QUIET_ZONE);
    expect(modules[QUIET_ZONE]?.[QUIET_ZONE]).toBe(true);
  });

  it.each(cases)('S22 S104: the SVG of $name is a drawing alone', async ({ uri }) => {
    const svg = await qrSvg(uri);
    expect(svg).toMatch(
      /^<svg role="img" aria-label="QR code" xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox=/,
    );
    const tags = [...svg.matchAll(/<\s*([^\s>]+)/g)].map((match) => match[1]);
    expect(tags).toEqual(['svg', 'path', 'path', '/svg']);
    const attributes = [...svg.matchAll(/\s([\w:-]+)=/g)].map((match) => match[1]);
    const drawing = [
      'role',
      'aria-label',
      'xmlns',
      'viewBox',
      'shape-rendering',
      'fill',
      'd',
      'stroke',
    ];
    expect(attributes.filter((name) => !drawing.includes(name ?? ''))).toEqual([]);
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|&|\/\//);
  });

  it.each([qrSvg, qrPng, qrText])('refuses a URI too long for a QR code: %p', async (draw) => {
    await expect(draw('x'.repeat(2332))).rejects.toThrow(/too big/);
    await expect(draw('x'.repeat(2331))).resolves.toBeDefined();
  });
});
