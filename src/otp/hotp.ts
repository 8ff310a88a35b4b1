import { createHmac } from 'node:crypto';
import type { Algorithm } from './algorithm.js';

/** Bytes of a counter. */
const COUNTER_BYTES = 8;
const counterView = new DataView(new ArrayBuffer(COUNTER_BYTES));
const TWO_TO_32 = 2 ** 32;

/**
 * The one-time password of a counter: RFC 4226 section 5.3, with the hashes of RFC 6238.
 * @param secret the shared secret, raw bytes
 * @param counter the moving factor, 0 to 2^53 - 1; beyond 32 bits too (S2)
 * @param digits the length of the code
 * @returns the code, with its leading zeros
 * @throws RangeError when the counter is no whole number in range, or digits is not 6 to 8 (S5)
 */
export function hotp(
  secret: Uint8Array,
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
  counterView.setUint32(0, Math.floor(counter / TWO_TO_32));
  counterView.setUint32(4, counter % TWO_TO_32);
  // As a text with a character for each byte: a Buffer of its own costs as much as the hash.
  const mac = createHmac(algorithm, secret).update(counterView).digest('binary');
  return String(truncated(mac) % 10 ** digits).padStart(digits, '0');
}

/** RFC 4226 section 5.3, step 2: 31 bits, from where the last four bits say. */
function truncated(mac: string): number {
  const offset = mac.charCodeAt(mac.length - 1) & 0xf;
  return (
    ((mac.charCodeAt(offset) & 0x7f) << 24) |
    (mac.charCodeAt(offset + 1) << 16) |
    (mac.charCodeAt(offset + 2) << 8) |
    mac.charCodeAt(offset + 3)
  );
}
