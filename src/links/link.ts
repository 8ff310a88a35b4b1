import type { Application } from '../applications/application.js';
import type { Scope } from '../applications/api-key.js';
import { sha256 } from '../crypto/digest.js';
import type { ErrorCode } from '../errors.js';
import type { FactorType } from '../factors/factor.js';
import type { FirstFactor, KeptGrant } from '../tokens/claims.js';

/** How long a link may be opened (S21). */
export const LINK_SECONDS = 600;
/** How long the pages stay usable in the browser that opened it. */
export const PAGE_SECONDS = 900;
/** How long the application has to fetch what the browser brings back. */
export const CODE_SECONDS = 60;

export const linkPurposes = ['enrol', 'verify', 'manage'] as const;
export type LinkPurpose = (typeof linkPurposes)[number];

/**
 * `waiting` for a browser; `open` in one; `done`, with a code on its way to the application; `over`: broken off
 * by the user.
 */
export type LinkStatus = 'waiting' | 'open' | 'done' | 'over';

/** What a key has to carry to make such links, and to fetch what came of them (S108). */
export const scopeOf: Readonly<Record<LinkPurpose, Scope>> = {
  verify: 'verify',
  enrol: 'enrol',
  manage: 'enrol',
};

/** What the pages of a link may do in the application's name: adding a factor may need a proof first (S15). */
export const pageScopes: Readonly<Record<LinkPurpose, readonly Scope[]>> = {
  verify: ['verify'],
  enrol: ['enrol', 'verify'],
  manage: ['enrol', 'verify'],
};

/** What a page has to say when it is shown next: the outcome of the form before. */
export interface Notice {
  readonly code: ErrorCode;
  readonly attemptsLeft?: number;
  /** When the refused thing may be tried again, RFC 3339. */
  readonly until?: string;
  /** The factor or the channel that it is about. */
  readonly about?: string;
  /** How far the clock seems to be ahead that made the code, in seconds; less than nought: behind. */
  readonly clockAheadSeconds?: number;
}

/** Something that was done on the pages: what the application learns of `enrol` and `manage`. */
export interface Deed {
  readonly action:
    'factor_enrolled' | 'factor_renamed' | 'factor_removed' | 'session_ended' | 'device_forgotten';
  readonly factor?: { readonly id: string; readonly type: string };
  readonly session_id?: string;
}

/** What was proved: it waits for its token, or is what the pages of `manage` want before they remove anything. */
export type WaitingProof = KeptGrant & {
  /** Whether the user said on the page that this browser is theirs. */
  readonly trustsBrowser?: boolean;
  /** Of the form that has proved it, in the browser that sent it. */
  readonly repeatHash?: string;
};

/** A way into the hosted pages for one user and one thing to do, once (S21). */
export interface Link {
  readonly id: string;
  readonly realmId: string;
  readonly applicationId: string;
  /** Null for a login without a name: whose it is, the passkey says. */
  readonly userId: string | null;
  readonly purpose: LinkPurpose;
  readonly status: LinkStatus;
  readonly redirectUri: string;
  /** The application's own, handed back with the browser. */
  readonly state: string | null;
  /** Null: what the application accepts. */
  readonly types: readonly FactorType[] | null;
  readonly locale: string | null;
  readonly firstFactor: readonly FirstFactor[];
  readonly transaction: Readonly<Record<string, unknown>> | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** When the pages end; null until a browser has opened it. */
  readonly pageEndsAt: Date | null;
  /** The way that is being tried to prove who it is: a factor's id, or a type of factor. */
  readonly way: string | null;
  /** The challenge of each way that was tried. */
  readonly challenges: Readonly<Record<string, string>>;
  readonly notice: Notice | null;
  readonly deeds: readonly Deed[];
  /** What was proved last on the pages. */
  readonly proof: WaitingProof | null;
  readonly exchangedAt: Date | null;
}

/** Whose pages these are. Those of a login without a name ask nothing about a user. */
export function userOf({ userId }: Pick<Link, 'userId'>): string {
  if (userId === null) throw new Error('this link is for no user');
  return userId;
}

/** The same with the realm. */
export function ownerOf(link: Pick<Link, 'realmId' | 'userId'>) {
  return { realmId: link.realmId, userId: userOf(link) };
}

/** What is stored of a link's token, of a page session's id and of a code: each is 256 random bits. */
export const linkHash = (token: string) => sha256(`watchword/link/${token}`);
export const pageHash = (id: string) => sha256(`watchword/page-session/${id}`);
/** How long the form that has proved something may come once more, as by a double click. */
export const REPEAT_SECONDS = 30;
/** @param formToken of a page session, as long as an id of one: it keeps the short code from being guessed */
export const repeatHash = (formToken: string, answer: string) =>
  sha256(`watchword/repeat/${formToken}/${answer}`).toString('base64url');
export const codeHash = (code: string) => sha256(`watchword/link-code/${code}`);

/** Factor types that may be used on the pages of a link. */
export function typesOf({ types }: Link, { factorTypes }: Application): readonly string[] {
  return factorTypes.filter((type) => types === null || types.some((own) => own === type));
}

/** What the browser takes back to the application. */
export type Outcome = { readonly code: string } | { readonly error: string };

/**
 * The address that the browser is sent back to (RFC 6749 section 4.1.2), with the issuer in it, so that an
 * application of several services is not led to ask the wrong one (RFC 9207).
 */
export function returnAddress(
  { redirectUri, state }: Pick<Link, 'redirectUri' | 'state'>,
  outcome: Outcome,
  issuer: string,
): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(outcome)) url.searchParams.append(name, value);
  if (state !== null) url.searchParams.append('state', state);
  url.searchParams.append('iss', issuer);
  return url.href;
}
