import { HOTP, type Secret } from 'otpauth';
import type { Algorithm } from './algorithm.js';
import { otpauthSecret } from './secret.js';

/**
 * The one-time password of a counter: RFC 4226 section 5.3, with the hashes of RFC 6238.
 * @param secret the shared secret: raw bytes, or as `otpauthSecret` made it, which saves the copy
 *   where one secret gives several codes
 * @param counter the moving factor, 0 to 2^53 - 1; beyond 32 bits too (S2)
 * @param digits the length of the code
 * @returns the code, with its leading zeros
 * @throws RangeError when the counter is no whole number in range, or digits is not 6 to 8 (S5)
 */
export function hotp(
  secret: Uint8Array | Secret,
  counter: number,
  digits: 6 | 7 | 8,
  algorithm: Algorithm,
): string {
  if (!Number.isSafeInteger(counter) || counter < 0) {
    throw new RangeError('The counter must be a whole number from 0 to 2^53 - 1.');
  }
  if (![6, 7, 8].includes(digits)) {
    throw new RangeError('A code has 6, 7 or 8 digits.');
  }
  return HOTP.generate({
    secret: secret instanceof Uint8Array ? otpauthSecret(secret) : secret,
    counter,
    digits,
    algorithm,
  });
}
