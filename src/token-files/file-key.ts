/** Keys of encrypted files, as they are handed over beside them. */

/** What `readFileKey` takes, in words. */
export const FILE_KEY_FORM = '16, 24 or 32 bytes in hexadecimal, or 32 in base64url';

/**
 * A key in hexadecimal, as with PSKC; or in the base64url with padding that Fernet has (see fernet.ts).
 *
 * @returns undefined for anything else
 */
export function readFileKey(text: string): Buffer | undefined {
  if (/^(?:[0-9a-f]{32}|[0-9a-f]{48}|[0-9a-f]{64})$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[\w-]{43}=$/.test(text) ? Buffer.from(text, 'base64url') : undefined;
}
