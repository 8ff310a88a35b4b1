/**
 * The life of a signing key: pending (published, not signing yet) → active → retiring (published, no longer
 * signing) → gone. Pure: what a key is now follows from its row's times and the clock, so replicas that have
 * read the same rows agree without talking to one another.
 *
 * A row says when its key was published, from when it signs and, once it has a successor, from when that one
 * does. A key without a successor signs on: nothing ends because nobody was there to renew it.
 */

/** How far the clock of whoever signed, or of whoever checks, may be from ours (S85). */
export const SKEW_SECONDS = 60;

/** How old a replica's reading of the rows gets: the bound within which a revoked key is dead on each. */
export const RELOAD_SECONDS = 10;

/**
 * How long a checker may keep the published keys (S89). It is also how long a key that was revoked here goes
 * on being believed elsewhere, so it is minutes and not hours.
 */
export const JWKS_KEPT_SECONDS = 300;

/**
 * What checkers keep keys for that do not ask how long they may: ten minutes is jose's default, and our own kit
 * keeps them for a quarter of an hour while it does not reach us.
 */
const STUBBORN_CHECKER_SECONDS = 900;

/**
 * From being published to signing. A replica may serve an old reading, a cache between us and a checker may
 * hand out what it has until its time is over, the checker may keep that for its own time, and clocks may be
 * apart: a checker that never asks again for an unknown `kid` still knows the key in time.
 */
export const PENDING_SECONDS =
  RELOAD_SECONDS + JWKS_KEPT_SECONDS + STUBBORN_CHECKER_SECONDS + 2 * SKEW_SECONDS;

/** No token lives longer; the database has the same bound on what an application may ask for. */
export const LONGEST_TOKEN_SECONDS = 86_400;

/**
 * From the successor's first signature to being gone: the longest token, made by a replica whose clock is
 * behind or that could not read the rows for five minutes, and checked by somebody who bears with clocks.
 */
export const RETIRING_SECONDS = LONGEST_TOKEN_SECONDS + 2 * SKEW_SECONDS + 30 * RELOAD_SECONDS;

/** What a row says of a key's life. */
export interface KeyTimes {
  readonly kid: string;
  readonly publishedAt: Date;
  readonly signsAt: Date;
  /** When its successor begins to sign; null while it has none. */
  readonly retiresAt: Date | null;
  /** Ended before its time; it is gone from then on. */
  readonly revokedAt: Date | null;
}

export type KeyState = 'pending' | 'active' | 'retiring' | 'gone';

/** Whether a token that the key has signed can be good, and the key is in the published set. */
export function isPublished({ retiresAt, revokedAt }: KeyTimes, now: Date): boolean {
  if (revokedAt !== null) return false;
  return retiresAt === null || now < later(retiresAt, RETIRING_SECONDS);
}

/**
 * The key that signs: of those whose time has come the latest. Where none's has, the clock is behind the one
 * that made the first key, and the first that will sign does so now: a login does not fail for that.
 *
 * @returns undefined where every key was revoked, or there is none
 */
export function signerOf<Key extends KeyTimes>(keys: readonly Key[], now: Date): Key | undefined {
  const bySigning = keys
    .filter(({ revokedAt }) => revokedAt === null)
    .sort((one, other) => one.signsAt.getTime() - other.signsAt.getTime());
  return bySigning.filter(({ signsAt }) => signsAt <= now).at(-1) ?? bySigning[0];
}

/** What a key of the list is. */
export function stateOf(key: KeyTimes, keys: readonly KeyTimes[], now: Date): KeyState {
  if (!isPublished(key, now)) return 'gone';
  if (signerOf(keys, now)?.kid === key.kid) return 'active';
  return key.signsAt > now ? 'pending' : 'retiring';
}

/** When the next key's time to sign comes, by which the choice of the signer has to be made anew. */
export function nextChange(keys: readonly KeyTimes[], now: Date): Date | undefined {
  const times = keys.flatMap(({ signsAt, revokedAt }) =>
    revokedAt === null && signsAt > now ? [signsAt.getTime()] : [],
  );
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

/** When a key that is made now begins to sign. */
export function firstSignature(publishedAt: Date): Date {
  return later(publishedAt, PENDING_SECONDS);
}

/**
 * Whether the key without a successor has to be given one, for that to sign when its days are over.
 *
 * @param days how long a key signs
 */
export function isDue({ signsAt }: KeyTimes, days: number, now: Date): boolean {
  return now >= later(signsAt, days * 86_400 - PENDING_SECONDS);
}

/**
 * Whether a row has nothing left to say. One that was revoked is kept for as long as its tokens would have
 * lived, so that an operator sees what became of it.
 */
export function isOver({ retiresAt, revokedAt }: KeyTimes, now: Date): boolean {
  const ended = revokedAt ?? retiresAt;
  return ended !== null && now >= later(ended, RETIRING_SECONDS);
}

function later(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
