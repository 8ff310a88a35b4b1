import { sha256 } from '../crypto/digest.js';
import { randomToken } from '../crypto/random.js';

/**
 * What an API key may do: ask for proofs, manage factors, read the realm's audit; `login`: ask for a code to
 * a number and verify it, without ever learning whether the number is known.
 */
export const scopes = ['verify', 'enrol', 'admin', 'login'] as const;
export type Scope = (typeof scopes)[number];

/** How many keys of one application may live at once: the one in use and the one that replaces it. */
export const LIVE_KEYS = 2;

const shape = /^ww_[A-Za-z0-9_-]{32,128}$/;

/** A new API key: `ww_` so that secret scanners know it, and 256 random bits (S107). */
export function newApiKey(): string {
  return `ww_${randomToken(32)}`;
}

/** Whether a text could be an API key at all; anything else is not worth a question to the database. */
export function isApiKey(text: string): boolean {
  return shape.test(text);
}

/**
 * How a key is stored. A plain SHA-256 is enough: 256 random bits cannot be guessed, and the hash is
 * looked up for every request.
 */
export function hashApiKey(key: string): Buffer {
  return sha256(`watchword/api-key/${key}`);
}

/** The beginning of a key, by which an operator recognises it. */
export function hintOf(key: string): string {
  return `${key.slice(0, 9)}…`;
}
