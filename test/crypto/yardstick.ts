/**
 * The standards from another hand: WebCrypto, which takes raw bytes and knows nothing of our keyring.
 * `yardstick.test.ts` holds it against the published vectors.
 */
import { webcrypto } from 'node:crypto';

const { subtle } = webcrypto;

export const hex = (text: string) => Buffer.from(text, 'hex');

export async function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number) {
  const key = await subtle.importKey('raw', Buffer.from(ikm), 'HKDF', false, ['deriveBits']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt, info };
  return Buffer.from(await subtle.deriveBits(parameters, key, bytes * 8));
}

/** What the keyring should derive from a master key for a purpose. */
export function derivedKey(master: Uint8Array, purpose: string) {
  return hkdf(master, Buffer.alloc(0), Buffer.from(`watchword/v1/${purpose}`), 32);
}

/** @returns ciphertext and tag */
export async function gcmSeal(
  key: Uint8Array,
  iv: Uint8Array,
  additionalData: Uint8Array,
  plaintext: Uint8Array,
) {
  const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const parameters = { name: 'AES-GCM', iv, additionalData, tagLength: 128 };
  return Buffer.from(await subtle.encrypt(parameters, imported, plaintext));
}

/** @throws if the tag is wrong */
export async function gcmOpen(
  key: Uint8Array,
  iv: Uint8Array,
  additionalData: Uint8Array,
  sealed: Uint8Array,
) {
  const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
  const parameters = { name: 'AES-GCM', iv, additionalData, tagLength: 128 };
  return Buffer.from(await subtle.decrypt(parameters, imported, sealed));
}

export async function hmacSha256(key: Uint8Array, text: Uint8Array) {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await subtle.importKey('raw', key, algorithm, false, ['sign']);
  return Buffer.from(await subtle.sign('HMAC', imported, text));
}
