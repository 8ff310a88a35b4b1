import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { type Algorithm, algorithms, type TotpParameters } from '../../src/otp/algorithm.js';

/** RFC 4226 section 5.3 written a second time, on node:crypto alone: what the code is held to. */
export function referenceCode(
  secret: Uint8Array,
  counter: number | bigint,
  digits: number,
  algorithm: Algorithm,
): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac(algorithm.toLowerCase(), secret).update(message).digest();
  const offset = mac.readUInt8(mac.length - 1) % 16;
  const number = mac.readUInt32BE(offset) % 2 ** 31;
  return String(number % 10 ** digits).padStart(digits, '0');
}

export const secrets = fc.uint8Array({ minLength: 16, maxLength: 64 });

export const parameterSets: fc.Arbitrary<TotpParameters> = fc.record({
  algorithm: fc.constantFrom(...algorithms),
  digits: fc.constantFrom(6 as const, 7 as const, 8 as const),
  periodSeconds: fc.integer({ min: 15, max: 120 }),
});
