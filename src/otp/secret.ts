import { getRandomValues } from 'node:crypto';
import { Secret } from 'otpauth';

/** RFC 4226 R6: a secret has 128 bits at least. */
const MIN_BYTES = 16;

/** The block of SHA-1 and SHA-256: HMAC hashes a longer key down, which adds nothing. */
const MAX_BYTES = 64;

/** A secret that cannot be used. The message is public, says what to do, and quotes nothing. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
}

/**
 * A new secret from the system's CSPRNG.
 * @param bytes its length, 16 to 64; 20 (160 bits) is what RFC 4226 R6 recommends
 * @throws SecretError when the length is outside 16 to 64
 */
export function randomSecret(bytes = 20): Uint8Array {
  return getRandomValues(new Uint8Array(checkedLength(bytes)));
}

/** The secret in base32 (RFC 4648 section 6), upper case, without padding, as key URIs want it. */
export function encodeSecret(secret: Uint8Array): string {
  return otpauthSecret(secret).base32;
}

/**
 * The bytes of a base32 secret, written as people copy it: spaces, dashes, lower case and trailing
 * padding are taken. Unused bits of the last character are ignored, as authenticator apps do.
 * @throws SecretError when it is not base32, is cut short, or holds fewer than 16 or more than 64
 *   bytes
 */
export function decodeSecret(base32: string): Uint8Array {
  const characters = base32.replace(/[\s\p{Dash}]+/gu, '').replace(/={1,6}$/, '');
  if (!/^[A-Za-z2-7]*$/.test(characters)) {
    throw new SecretError(
      'The secret is not base32: use the letters A to Z and the digits 2 to 7.',
    );
  }
  // RFC 4648 section 6: no number of whole bytes leaves 1, 3 or 6 characters over.
  if ([1, 3, 6].includes(characters.length % 8)) {
    throw new SecretError('The secret is incomplete: copy all of its characters.');
  }
  checkedLength(Math.floor((characters.length * 5) / 8));
  return Secret.fromBase32(characters).bytes;
}

/**
 * A secret that came as bytes.
 * @throws SecretError when it holds fewer than 16 or more than 64 bytes
 */
export function checkedSecret(bytes: Uint8Array): Uint8Array {
  checkedLength(bytes.length);
  return bytes;
}

/**
 * The secret as otpauth takes it. For this folder only.
 *
 * The bytes are copied because otpauth reads a whole ArrayBuffer, and that of a small Buffer is
 * Node's shared pool: without the copy the key would be 8 KB of other people's memory.
 */
export function otpauthSecret(secret: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(secret).buffer });
}

function checkedLength(bytes: number): number {
  if (Number.isInteger(bytes) && bytes >= MIN_BYTES && bytes <= MAX_BYTES) return bytes;
  throw new SecretError(
    `The secret has ${bytes} bytes: use one of ${MIN_BYTES} to ${MAX_BYTES} bytes ` +
      '(26 to 103 base32 characters).',
  );
}
