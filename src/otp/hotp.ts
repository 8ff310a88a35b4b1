import { hash } from 'node:crypto';
import type { Algorithm } from './algorithm.js';

const TWO_TO_32 = 2 ** 32;
const COUNTER_BYTES = 8;

/** What HMAC hashes, inside and around it, with room for the counter and for the first hash. */
const scratch = {
  SHA1: scratchOf(64, 20),
  SHA256: scratchOf(64, 32),
  SHA512: scratchOf(128, 64),
} as const satisfies Record<Algorithm, Scratch>;

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
  const number = truncated(hmacOfCounter(secret, counter, algorithm));
  return String(number % 10 ** digits).padStart(digits, '0');
}

/**
 * HMAC (RFC 2104) of a counter of eight bytes, big-endian. Composed of two plain hashes, because an Hmac
 * object of Node's outlives every minor collection, and three of them for each login were most of what the
 * collector had to move.
 * @returns a character for each byte
 */
function hmacOfCounter(secret: Uint8Array, counter: number, algorithm: Algorithm): string {
  const { block, inner, outer } = scratch[algorithm];
  const key = secret.length > block ? hash(algorithm, secret, 'buffer') : secret;
  inner.fill(0x36, 0, block);
  outer.fill(0x5c, 0, block);
  for (let index = 0; index < key.length; index++) {
    const byte = key[index] ?? 0;
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  inner.writeUInt32BE(Math.floor(counter / TWO_TO_32), block);
  inner.writeUInt32BE(counter % TWO_TO_32, block + 4);
  outer.write(hash(algorithm, inner, 'binary'), block, 'binary');
  const mac = hash(algorithm, outer, 'binary');
  inner.fill(0);
  outer.fill(0);
  return mac;
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

interface Scratch {
  readonly block: number;
  readonly inner: Buffer;
  readonly outer: Buffer;
}

function scratchOf(block: number, digest: number): Scratch {
  return { block, inner: Buffer.alloc(block + COUNTER_BYTES), outer: Buffer.alloc(block + digest) };
}
