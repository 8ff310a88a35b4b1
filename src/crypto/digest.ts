import { hash, timingSafeEqual } from 'node:crypto';

/**
 * SHA-256 (FIPS 180-4) of the text in UTF-8, for what nobody can guess: keys and tokens of 128 bits or
 * more (S107). A code is found again from its bare hash by trying them all: that is for `KeyedHash`.
 *
 * @returns 32 bytes
 */
export function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** The same as text, which is what a lookup in memory wants. */
export function sha256Base64(text: string): string {
  return hash('sha256', text, 'base64');
}

/**
 * Whether both hold the same bytes, in a time that does not tell where they differ. It does tell whether
 * their lengths are equal: compare hashes, where a length is a secret.
 */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
