import { sha256 } from '../crypto/digest.js';
import { randomToken } from '../crypto/random.js';

/**
 * `__Host-` (RFC 6265bis 4.1.3.2): a browser takes it over HTTPS alone, with no Domain and for every path, so
 * that no sibling host can set one over it (S97).
 */
export const COOKIE_NAME = '__Host-watchword';

const ID_BYTES = 32;
const shape = /^[A-Za-z0-9_-]{43}$/;

/** An id for the cookie of a new session: 256 random bits, and nothing else is in the cookie. */
export function newCookieId(): string {
  return randomToken(ID_BYTES);
}

/** What is stored of it: 256 random bits need no slow hash. */
export function cookieHashOf(id: string): Buffer {
  return sha256(`watchword/session-cookie/${id}`);
}

/**
 * The Set-Cookie line (RFC 6265). `SameSite=Lax`: a link from elsewhere finds the user logged in, a form or a
 * script from elsewhere does not; forward-auth.ts looks at what browsers say of a request beside that.
 */
export function cookieLine(id: string, seconds: number): string {
  return `${COOKIE_NAME}=${id}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${seconds}`;
}

/**
 * The session's id in a request's Cookie header.
 *
 * @returns undefined where there is none, or more than one: which of two the browser meant, nobody knows
 */
export function cookieIdOf(header: string | undefined): string | undefined {
  const ids = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE_NAME}=`))
    .map((pair) => pair.slice(COOKIE_NAME.length + 1));
  const [id] = ids;
  return ids.length === 1 && id !== undefined && shape.test(id) ? id : undefined;
}

/** Whether a text may be the id of a cookie's session. */
export function isCookieId(text: string): boolean {
  return shape.test(text);
}
