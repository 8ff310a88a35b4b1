import fc from 'fast-check';
import { normaliseCode } from '../../src/otp/code.js';

const spaces = [' ', '\t', '\n', '\u00a0', '\u2009', '\u202f', '\u3000', '\u2003', '\ufeff'];
const dashes = [
  '-',
  '\u2010',
  '\u2011',
  '\u2012',
  '\u2013',
  '\u2014',
  '\u2212',
  '\uff0d',
  '\u30fc',
];
const unseen = ['\u200b', '\u200e', '\u2068', '\u2069', '\u00ad', '\u2060', '\ufe0f'];

/** The digits 0 to 9 of a numbering system, as ICU writes them: independent of our reading. */
function digitsOf(numberingSystem: string): string[] {
  const format = new Intl.NumberFormat('en', { numberingSystem });
  return [...Array(10).keys()].map((digit) => format.format(digit));
}

// `hanidec` counts with ideographs, which are letters to Unicode and may mean other numbers.
const scripts = Intl.supportedValuesOf('numberingSystem')
  .filter((system) => system !== 'hanidec')
  .map((system) => ({ system, digits: digitsOf(system) }));

describe('normaliseCode', () => {
  it.each(['123456', '0000000', '00123456', '1234567890'])('S26: leaves %s as it is', (code) => {
    expect(normaliseCode(code)).toBe(code);
  });

  it.each(spaces.concat(dashes, unseen))('S26: takes the separator %j away', (separator) => {
    expect(normaliseCode(`${separator}123${separator}${separator}456${separator}`)).toBe('123456');
  });

  it('knows the scripts that ICU knows, and those the tests name', () => {
    const names = scripts.map(({ system }) => system);
    expect(names).toEqual(
      expect.arrayContaining(['fullwide', 'arab', 'arabext', 'deva', 'mathmono']),
    );
  });

  it.each(scripts)('S26: reads the digits of $system', ({ digits }) => {
    expect(normaliseCode(digits.join(''))).toBe('0123456789');
  });

  it('S26: reads full-width, Arabic-Indic and Devanagari digits, mixed too', () => {
    expect(normaliseCode('１２３４５６')).toBe('123456');
    expect(normaliseCode('٠١٢٣٤٥')).toBe('012345');
    expect(normaliseCode('१२३ ४५６')).toBe('123456');
  });

  it.each([
    '',
    '12345',
    '12345678901',
    '１２３４５',
    '      ',
    'abcdef',
    '12345a',
    '123456.',
    '+123456',
    '12e456',
    '0x1234',
    '123_456',
    '123456\u0000',
    '12345\u00b2',
    '12345\u2460',
    '一二三四五六',
    '12345\u01b1',
    '12345\ud835',
  ])('S26: refuses %j', (input) => {
    expect(normaliseCode(input)).toBeNull();
  });

  it('S5: holds to the length asked for', () => {
    expect(normaliseCode('123456', 6)).toBe('123456');
    expect(normaliseCode('１２３ ４５６', 6)).toBe('123456');
    expect(normaliseCode('1234567', 6)).toBeNull();
    expect(normaliseCode('123456', 8)).toBeNull();
    expect(normaliseCode('１２３ ４５６', 8)).toBeNull();
    expect(normaliseCode('12345', 5)).toBeNull();
  });

  it('S26: gives the same for every decorated spelling', () => {
    const codes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 6, maxLength: 10 });
    const separators = fc.array(fc.constantFrom(...spaces, ...dashes, ...unseen), { maxLength: 3 });
    const script = fc.constantFrom(...scripts);
    const decorations = fc.array(fc.tuple(script, separators), { minLength: 11, maxLength: 11 });
    const property = fc.property(codes, decorations, (code, decoration) => {
      const spelt = code.map((digit, index) => {
        const [{ digits }, before] = decoration[index] ?? [{ digits: [] }, []];
        return `${before.join('')}${digits[digit] ?? ''}`;
      });
      const after = decoration[10]?.[1].join('') ?? '';
      expect(normaliseCode(spelt.join('') + after)).toBe(code.join(''));
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('S26: gives ASCII digits or null for any input, and the same when done twice', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...Array.from('0123456789 -\u00a0٣x')), maxLength: 14 }),
    );
    const property = fc.property(anything, (input) => {
      const code = normaliseCode(input);
      if (code === null) return;
      expect(code).toMatch(/^[0-9]{6,10}$/);
      expect(normaliseCode(code)).toBe(code);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
