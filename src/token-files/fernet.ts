/** Fernet, in which privacyIDEA wraps its exports: https://github.com/fernet/spec/blob/master/Spec.md. */
import { createDecipheriv, createHmac } from 'node:crypto';
import { sameBytes } from '../crypto/digest.js';
import { TokenFileError } from './token-file.js';

const VERSION = 0x80;
/** Version, time, initialisation vector. */
const HEAD_BYTES = 1 + 8 + 16;
const MAC_BYTES = 32;
const HALF = 16;

/** Whether a text looks like a Fernet token: base64url whose first byte is the version. */
export function isFernet(text: string): boolean {
  return /^\s*gAAAAA[\w-]+={0,2}\s*$/.test(text);
}

/**
 * Opens a Fernet token of any age. Its MAC is verified first (S20).
 *
 * @param key 32 bytes: the first half signs, the second enciphers
 * @throws TokenFileError where it does not open
 */
export function openFernet(text: string, key: Uint8Array): string {
  const token = Buffer.from(text.trim(), 'base64url');
  const signed = token.subarray(0, -MAC_BYTES);
  const sealed = signed.subarray(HEAD_BYTES);
  const mac = createHmac('sha256', key.subarray(0, HALF)).update(signed).digest();
  if (
    key.length !== 2 * HALF ||
    token[0] !== VERSION ||
    sealed.length === 0 ||
    sealed.length % HALF !== 0 ||
    !sameBytes(mac, token.subarray(-MAC_BYTES))
  )
    throw new TokenFileError('The key does not open this file.');
  const iv = signed.subarray(HEAD_BYTES - HALF, HEAD_BYTES);
  const deciphering = createDecipheriv('aes-128-cbc', key.subarray(HALF), iv);
  return Buffer.concat([deciphering.update(sealed), deciphering.final()]).toString('utf8');
}
