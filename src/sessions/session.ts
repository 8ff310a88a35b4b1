import { sameBytes } from '../crypto/digest.js';
import type { Grant } from '../tokens/claims.js';

/** What carries a session: a token that is renewed at each use, or a browser's cookie. */
export const sessionKinds = ['refresh_token', 'cookie'] as const;
export type SessionKind = (typeof sessionKinds)[number];

/** A long login: what one proof is worth until it ends. Times of the proof never change (S86). */
export interface Session {
  readonly id: string;
  readonly realmId: string;
  readonly userId: string;
  readonly applicationId: string;
  readonly kind: SessionKind;
  readonly factor: { readonly id: string; readonly type: string };
  readonly amr: readonly string[];
  readonly acr: Grant['acr'];
  readonly authTime: Date;
  /** RFC 8705 thumbprint of the certificate that its tokens are bound to. */
  readonly certificate: string | null;
  /** Of the refresh token that is good now; null for a cookie's session. */
  readonly refreshHash: Uint8Array | null;
  readonly previousHash: Uint8Array | null;
  readonly previousUntil: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  /** Ends by then if it is not used. */
  readonly idleEndsAt: Date;
  /** Ends by then, whatever happens (S93). */
  readonly endsAt: Date;
  readonly revokedAt: Date | null;
}

/**
 * How long the token before the newest one still answers with that same newest one: two tabs that refresh
 * at once, or an answer that got lost. Its weakness: a thief who is that quick gets what the owner gets, and
 * is noticed at the first refresh that the two do not make within these seconds of each other.
 */
export const GRACE_SECONDS = 10;

export function isLive(
  { revokedAt, idleEndsAt, endsAt }: Pick<Session, 'revokedAt' | 'idleEndsAt' | 'endsAt'>,
  now: Date,
): boolean {
  return revokedAt === null && now < idleEndsAt && now < endsAt;
}

/** When a session that is used now would end if it were never used again. */
export function idleEnd(now: Date, idleSeconds: number, endsAt: Date): Date {
  return new Date(Math.min(now.getTime() + idleSeconds * 1000, endsAt.getTime()));
}

/**
 * What a presented refresh token is to its session.
 *
 * - `newest`: it is used up, and a successor made
 * - `predecessor`: the one before, within the grace: it gets the successor that there is (S92)
 * - `reused`: one of this session's that was used up before, so somebody has a copy: the session ends (S91)
 * - `refused`: none of it. It does not end the session, whose id its tokens tell to whoever reads them
 *
 * @param isGenuine whether this service made it for this session, at any time
 */
export function standingOf(
  session: Session,
  presented: { readonly hash: Uint8Array; readonly isGenuine: boolean },
  now: Date,
): 'newest' | 'predecessor' | 'reused' | 'refused' {
  const { refreshHash, previousHash, previousUntil } = session;
  if (!isLive(session, now) || refreshHash === null) return 'refused';
  if (sameBytes(refreshHash, presented.hash)) return 'newest';
  const isPrevious = previousHash !== null && sameBytes(previousHash, presented.hash);
  if (isPrevious && previousUntil !== null && now < previousUntil) return 'predecessor';
  return presented.isGenuine ? 'reused' : 'refused';
}
