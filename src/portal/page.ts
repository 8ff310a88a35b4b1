import type { RealmLook } from '../applications/realms.js';
import { sameBytes, sha256 } from '../crypto/digest.js';
import type { Visit } from '../links/visits.js';
import type { Texts } from './texts.js';

/** What every page is shown with. */
export interface Setting {
  readonly texts: Texts;
  /** Null where nobody knows yet whose page it is. */
  readonly look: RealmLook | null;
  /** Origins that may frame it. */
  readonly frameOrigins: readonly string[];
  /** Where its forms may lead in the end, beside this service. */
  readonly formOrigins: readonly string[];
}

/** A page of a link, in the browser that opened it. */
export interface Page extends Setting {
  readonly visit: Visit;
  /** What each form of it brings along (S100). */
  readonly formToken: string;
  /** The browser's Cookie header, as it came. */
  readonly cookies: string | undefined;
  /** Bucketed by the shield: whoever sits at the browser. */
  readonly address: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The page that the request is for, as page.guard.ts found it. */
    page?: Page;
  }
}

/**
 * The token of a page session's forms: of its id, which no other site and no script can read, and not the id
 * itself, which would be worth more.
 */
export function formTokenOf(pageId: string): string {
  return sha256(`watchword/form/${pageId}`).toString('base64url');
}

export function isFormToken({ formToken }: Page, text: unknown): boolean {
  return typeof text === 'string' && sameBytes(sha256(text), sha256(formToken));
}
