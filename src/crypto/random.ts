import { randomBytes, randomInt } from 'node:crypto';

/** Uniform decimal digits from the CSPRNG; leading zeros are kept (S4). */
export function randomDigits(length: number): string {
  let digits = '';
  while (digits.length < length) digits += String(randomInt(10));
  return digits;
}

/** Random bytes as base64url; 32 bytes are 256 bits. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}
