import { PAGE_SECONDS } from '../links/link.js';

const shape = /^[A-Za-z0-9_-]{43}$/;

/** How long after its end a page is still known to be this browser's. */
const KEPT_SECONDS = 900;

/**
 * The cookie of a page session. Its name has the link's id in it, so that two tabs with two links do not
 * disturb one another.
 */
export interface PageCookies {
  /** @returns undefined where there is none, or more than one */
  idOf(header: string | undefined, linkId: string): string | undefined;
  /** The Set-Cookie line. */
  line(linkId: string, pageId: string, isFramed: boolean): string;
}

/**
 * - `__Host-` (RFC 6265bis 4.1.3.2): no sibling host can set one over it (S97). On `http:`, which production
 *   refuses, not every browser takes such a cookie, so there it has a plain name.
 * - `SameSite=Lax`: an application's form brings a browser here, and the page after it has to know it.
 * - Where an application may frame the pages, `None`, or the frame would have none at all; and `Partitioned`, so
 *   that it is no cookie for any other site's frames. Tokens in the forms and page.guard.ts guard it there.
 */
export function pageCookies(publicUrl: string): PageCookies {
  const isSecure = publicUrl.startsWith('https://');
  const prefix = isSecure ? '__Host-watchword-' : 'watchword-';
  return {
    idOf(header, linkId) {
      const start = `${prefix}${linkId}=`;
      const ids = (header ?? '')
        .split(';')
        .map((pair) => pair.trim())
        .filter((pair) => pair.startsWith(start))
        .map((pair) => pair.slice(start.length));
      const [id] = ids;
      return ids.length === 1 && id !== undefined && shape.test(id) ? id : undefined;
    },
    line(linkId, pageId, isFramed) {
      const site = isFramed ? 'SameSite=None; Secure; Partitioned' : 'SameSite=Lax';
      const secure = isSecure && !isFramed ? '; Secure' : '';
      return `${prefix}${linkId}=${pageId}; Path=/; HttpOnly; Max-Age=${PAGE_SECONDS + KEPT_SECONDS}; ${site}${secure}`;
    },
  };
}
