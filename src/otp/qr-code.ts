import QRCode from 'qrcode';

/**
 * Error correction M survives smudged screens and prints; a quiet zone of four modules is what
 * ISO/IEC 18004 asks for.
 */
const SYMBOL = { errorCorrectionLevel: 'M', margin: 4 } as const;

/** Pixels: the PNG's least width, and the least width of a module in it. */
const MIN_PNG_WIDTH = 240;
const MIN_MODULE_WIDTH = 4;

/**
 * How pngjs packs, which qrcode hands these on to: unfiltered rows and zlib's usual effort. Its own
 * choice tries every filter on every row, three times the CPU for the same picture.
 */
const PNG_PACKING = { filterType: 0, deflateLevel: 6, deflateStrategy: 0 };

/**
 * The URI as an SVG image: one vector drawing with a viewBox, no script, no style, nothing loaded
 * from elsewhere (S22). It takes the size it is given.
 * @throws Error when the URI is longer than a QR code holds: 2331 characters always fit
 */
export async function qrSvg(uri: string): Promise<string> {
  const svg = await QRCode.toString(uri, { ...SYMBOL, type: 'svg' });
  return svg.replace('<svg ', '<svg role="img" aria-label="QR code" ');
}

/**
 * The URI as a PNG image, at least 240 pixels wide. Every module is a whole number of pixels, so no
 * edge is blurred or uneven.
 * @throws Error when the URI is longer than a QR code holds: 2331 characters always fit
 */
export async function qrPng(uri: string): Promise<Buffer> {
  const { modules, version, maskPattern } = QRCode.create(uri, SYMBOL);
  const scale = Math.max(
    MIN_MODULE_WIDTH,
    Math.ceil(MIN_PNG_WIDTH / (modules.size + 2 * SYMBOL.margin)),
  );
  // The mask that was found to be the best is named: finding it is most of the work.
  const symbol = { ...SYMBOL, version, ...(maskPattern !== undefined && { maskPattern }) };
  // A copy, because qrcode writes the picture's size into it.
  return QRCode.toBuffer(uri, { ...symbol, scale, rendererOpts: { ...PNG_PACKING } });
}

/**
 * The URI as text to scan from a terminal: half blocks, two rows of modules a line, ending in a
 * newline. The colours are set outright, since many scanners refuse the light-on-dark code that a
 * dark terminal would show: 16 and 231 are black and white of the 256-colour cube, which themes
 * leave alone, unlike the first sixteen.
 * @throws Error when the URI is longer than a QR code holds: 2331 characters always fit
 */
export async function qrText(uri: string): Promise<string> {
  const blocks = await QRCode.toString(uri, { ...SYMBOL, type: 'utf8' });
  return blocks.replace(/^.*$/gm, '\x1b[38;5;16;48;5;231m$&\x1b[0m') + '\n';
}
