import { timingSafeEqual } from 'node:crypto';

const MIN_DIGITS = 6;
const MAX_DIGITS = 10;

/**
 * What people put between the digits: white space, dashes, and what cannot be seen, such as the
 * direction marks that come along when a code is copied out of a message. The last three are no
 * dashes to Unicode, but look it: a bullet and the long-vowel marks of Japanese keyboards.
 */
export const SEPARATOR = /[\s\p{Dash}\p{Default_Ignorable_Code_Point}\u2043\u30FC\uFF70]/u;

const DECIMAL_DIGIT = /^\p{Nd}$/u;

/**
 * The code as it is compared (S26): ASCII digits alone, whatever way it was typed. Separators of
 * any kind go, decimal digits of any script become ASCII.
 * @param input what the user typed
 * @param digits the exact length wanted; without it 6 to 10 digits are taken
 * @returns the digits, or null when anything else is left or the length is wrong
 */
export function normaliseCode(input: string, digits?: number): string | null {
  const code = isAsciiDigits(input) ? input : asciiDigits(input);
  if (code === null || code.length < MIN_DIGITS || code.length > MAX_DIGITS) return null;
  return digits === undefined || code.length === digits ? code : null;
}

/**
 * Whether both are the same code, in constant time (S43). Their lengths are public: the one is whoever
 * typed it's own, the other the factor's.
 */
export function equalCodes(typed: string, right: string): boolean {
  // UTF-8, not latin1, which keeps the low byte alone and would read U+0131 as the digit 1.
  const [one, other] = [Buffer.from(typed), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function isAsciiDigits(input: string): boolean {
  for (let index = 0; index < input.length; index++) {
    const unit = input.charCodeAt(index);
    if (unit < 0x30 || unit > 0x39) return false;
  }
  return true;
}

function asciiDigits(input: string): string | null {
  let digits = '';
  for (const character of input) {
    if (DECIMAL_DIGIT.test(character)) digits += String(digitValue(character));
    else if (!SEPARATOR.test(character)) return null;
    if (digits.length > MAX_DIGITS) return null;
  }
  return digits;
}

/**
 * The value, 0 to 9, of a decimal digit of any script. Unicode section 4.6: characters of type
 * Decimal stand in contiguous runs of ten, in ascending order; where runs touch (the mathematical
 * digits) the distance from the first start still gives the value modulo ten.
 */
function digitValue(character: string): number {
  const codePoint = character.codePointAt(0) ?? 0;
  let start = codePoint;
  while (DECIMAL_DIGIT.test(String.fromCodePoint(start - 1))) start -= 1;
  return (codePoint - start) % 10;
}
