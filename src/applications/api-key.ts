import { sha256Base64 } from '../crypto/digest.js';
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

/** What a key is stored and looked up by: its SHA-256, in base64. */
export type KeyHash = string;

/** A plain SHA-256 is enough: 256 random bits cannot be guessed, and every request looks the hash up. */
export function hashApiKey(key: string): KeyHash {
  return sha256Base64(`watchword/api-key/${key}`);
}

/** @returns undefined where a text is no API key at all, and not worth a question to the database */
export function keyHashOf(text: string): KeyHash | undefined {
  return shape.test(text) ? hashApiKey(text) : undefined;
}

/** The beginning of a key, by which an operator recognises it. */
export function hintOf(key: string): string {
  return `${key.slice(0, 9)}…`;
}
