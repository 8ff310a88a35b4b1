import { typeid } from 'typeid-js';

/** What an id names; the prefix is part of the id and of the public contract. */
export type IdPrefix =
  | 'rlm'
  | 'app'
  | 'key'
  | 'crt'
  | 'fac'
  | 'chl'
  | 'aud'
  | 'jti'
  | 'msg'
  | 'usr'
  | 'ses'
  | 'lnk'
  | 'hwt'
  | 'dev'
  | 'byp';

/**
 * A new id: a prefix and a UUID version 7 in base32 (the TypeID format), so that ids sort by the
 * moment they were made and an index grows at its end.
 */
export function newId(prefix: IdPrefix): string {
  return typeid(prefix).toString();
}

/** The 26 characters of a UUID in Crockford's base32; the first holds three bits. */
const SUFFIX = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Whether a text is an id of that kind. */
export function isIdOf(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && SUFFIX.test(text.slice(prefix.length + 1));
}
