import { rotationStanding, type PresentedToken } from '../crypto/rotating-token.js';
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
 * What a presented refresh token is to its session (rotating-token.ts); to one that has ended, `refused`.
 *
 * @param presented `isGenuine`: whether this service made it for this session, at any time
 */
export function standingOf(
  session: Session,
  presented: Pick<PresentedToken, 'hash' | 'isGenuine'>,
  now: Date,
): ReturnType<typeof rotationStanding> {
  const { refreshHash: newest, previousHash: previous, previousUntil } = session;
  if (!isLive(session, now) || newest === null) return 'refused';
  return rotationStanding({ newest, previous, previousUntil }, presented, now);
}
