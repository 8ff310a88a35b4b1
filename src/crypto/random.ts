import { randomBytes, randomInt } from 'node:crypto';

/**
 * Uniform decimal digits from the CSPRNG; leading zeros are kept. `randomInt` throws away what would
 * make the low digits likelier (S4).
 *
 * @param length how many, at least 1
 * @throws RangeError for another length: an empty code must never come to be compared
 */
export function randomDigits(length: number): string {
  requirePositive(length);
  let digits = '';
  while (digits.length < length) digits += String(randomInt(10));
  return digits;
}

/**
 * Random bytes from the CSPRNG as base64url without padding (RFC 4648, section 5).
 *
 * @param bytes how many, at least 1; the usual 32 are 256 bits in 43 characters
 * @throws RangeError for another number
 */
export function randomToken(bytes = 32): string {
  requirePositive(bytes);
  return randomBytes(bytes).toString('base64url');
}

function requirePositive(count: number): void {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError(`a whole number from 1 is needed, not ${count}`);
}
