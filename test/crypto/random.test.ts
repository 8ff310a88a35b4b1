import { randomDigits, randomToken } from '../../src/crypto/random.js';

const DIGITS = 2_000_000;
/** Chi-square is over these once in 10^9 runs, with 9 and with 99 degrees of freedom. */
const limitOf = { 10: 60.66, 100: 207.9 } as const;

/** Pearson's statistic of the values 0 to `kinds` - 1 against an even spread. */
function chiSquare(values: Iterable<number>, kinds: 10 | 100): number {
  const counts = new Array<number>(kinds).fill(0);
  let total = 0;
  for (const value of values) {
    counts[value] = (counts[value] ?? NaN) + 1;
    total += 1;
  }
  const expected = total / kinds;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('randomDigits', () => {
  const codes = Array.from({ length: DIGITS / 8 }, () => randomDigits(8));

  it('S4: every digit is as likely as every other', () => {
    expect(
      chiSquare(
        codes.flatMap((code) => Array.from(code, Number)),
        10,
      ),
    ).toBeLessThan(limitOf[10]);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('S4: so it is in place %d', (place) => {
    expect(
      chiSquare(
        codes.map((code) => Number(code[place])),
        10,
      ),
    ).toBeLessThan(limitOf[10]);
  });

  it('S4: a digit says nothing about the next', () => {
    const pairs = codes.map((code) => Number(code.slice(3, 5)));
    expect(chiSquare(pairs, 100)).toBeLessThan(limitOf[100]);
  });

  it('S4: the measure would notice the bias of a byte modulo 10', () => {
    const biased = Array.from({ length: DIGITS }, (_, index) => (index % 256) % 10);
    expect(chiSquare(biased, 10)).toBeGreaterThan(limitOf[10]);
  });

  it('S48: 200,000 codes of six digits are spread evenly', () => {
    const sixes = Array.from({ length: 200_000 }, () => Number(randomDigits(6)));
    expect(
      chiSquare(
        sixes.map((code) => Math.floor(code / 10_000)),
        100,
      ),
    ).toBeLessThan(limitOf[100]);
    expect(
      chiSquare(
        sixes.map((code) => code % 100),
        100,
      ),
    ).toBeLessThan(limitOf[100]);
  });

  it('S4: leading zeros are kept', () => {
    // Of 1,000 codes none begins with a zero once in 10^45 runs.
    const thousand = Array.from({ length: 1000 }, () => randomDigits(6));
    for (const code of thousand) expect(code).toMatch(/^[0-9]{6}$/);
    expect(thousand.some((code) => code.startsWith('0'))).toBe(true);
  });

  it.each([0, -1, 1.5, NaN, Infinity])('refuses to make %d digits: no code is empty', (length) => {
    expect(() => randomDigits(length)).toThrow(RangeError);
  });
});

describe('randomToken', () => {
  it('S107: has 256 bits in base64url, and is another each time', () => {
    const tokens = Array.from({ length: 1000 }, () => randomToken());
    for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new Set(tokens).size).toBe(1000);
    // Each bit is set in some token and clear in another, or fails once in 2^991 runs.
    const bytes = tokens.map((token) => Buffer.from(token, 'base64url'));
    for (let place = 0; place < 32; place += 1) {
      const column = bytes.map((one) => one[place]!);
      expect(column.reduce((all, byte) => all | byte)).toBe(0xff);
      expect(column.reduce((all, byte) => all & byte)).toBe(0);
    }
  });

  it('has as many bytes as it is asked for', () => {
    expect(Buffer.from(randomToken(16), 'base64url')).toHaveLength(16);
  });

  it.each([0, -1, 1.5, NaN])('refuses to make %d bytes', (bytes) => {
    expect(() => randomToken(bytes)).toThrow(RangeError);
  });
});
