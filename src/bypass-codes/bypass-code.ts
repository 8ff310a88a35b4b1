/**
 * Codes that an operator makes for somebody who has lost every factor: one open code a user, good once and for a
 * day at most. Pure.
 *
 * Rules and their sources:
 * - 60 bits of the CSPRNG, as SHA-256 sealed under the keyring. No slow hash: with keys and database in hand, 2^60
 *   hashes do not end within the day that the code lives.
 * - It proves that an operator let its holder in, and no factor: the token says `aal1`, whatever went before it, a
 *   transaction is never confirmed by it, no browser is remembered by it.
 * - Operators say themselves who they are. A realm may ask for a second one; that keeps a mistake, or somebody who
 *   talks one person at the help desk round, from becoming a login. Against an operator who means harm it is no
 *   help: whoever reaches the database, or the socket, can do everything there.
 */

export const LONGEST_MINUTES = 24 * 60;
export const USUAL_MINUTES = 60;

export interface BypassCode {
  readonly id: string;
  readonly realmId: string;
  readonly userId: string;
  readonly reason: string;
  /** The operator's name, as given. */
  readonly createdBy: string;
  readonly createdAt: Date;
  /** Null while it waits for a second operator. */
  readonly approvedBy: string | null;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly revokedAt: Date | null;
}

export type BypassStatus = 'waiting' | 'open' | 'used' | 'revoked' | 'expired';

export function bypassStatusAt(
  code: Pick<BypassCode, 'usedAt' | 'revokedAt' | 'expiresAt' | 'approvedBy'>,
  now: Date,
): BypassStatus {
  if (code.usedAt !== null) return 'used';
  if (code.revokedAt !== null) return 'revoked';
  if (code.expiresAt <= now) return 'expired';
  return code.approvedBy === null ? 'waiting' : 'open';
}

/** Whether two names are one operator's: who approves under another spelling of their own name is no second one. */
export function isSameOperator(one: string, other: string): boolean {
  const plain = (name: string) => name.normalize('NFKC').trim().toLowerCase();
  return plain(one) === plain(other);
}

/** Where a code's hash stands: what its seal is bound to. */
export function bypassPlace({
  id,
  realmId,
  userId,
}: Pick<BypassCode, 'id' | 'realmId' | 'userId'>) {
  return { table: 'bypass_codes', column: 'code', realmId, userId, rowId: id };
}
