/**
 * How many wrong codes are borne, and what each costs. Pure: the database applies these figures in
 * the statement that charges an attempt (attempts.repository.ts), so every replica counts alike.
 *
 * Rules and their sources:
 * - At most 100 consecutive failures for an account and kind of factor, then it is locked until an
 *   operator lifts it (NIST SP 800-63B-4, 3.2.2). The last ten of them are for known devices: whoever has
 *   none is stopped at 90, so that nobody can spend what the owner's own browser needs (S38).
 * - Long before that each failure makes the next attempt wait: five are free, then 30 s, doubling up
 *   to an hour (the same section suggests growing delays against an attacker who would rather lock
 *   people out than in).
 * - A guesser who waits for the user to log in, which clears the consecutive count, is met by a
 *   second count over 30 days that success does not clear. With three codes right at any time, 200
 *   guesses at six digits find one with probability 6 in 10,000; a user with several factors multiplies
 *   that by their number.
 * - An attempt is charged as a failure before the code is looked at and given back on success, so
 *   guesses in parallel, or ones whose process dies, count like any other (S30).
 *
 * What is given up: somebody who knows a user's name can keep that one kind of factor locked. The
 * kinds are counted apart, so the user's other kinds still work, and so does a device that the user's
 * application remembers: it has attempts of its own (devices/device.ts), which are counted here as well (S38).
 */

/**
 * What codes of authenticator apps and of hardware tokens are counted under, one budget for both: whoever
 * types a code does not say of which it is. The name is the older of the two.
 */
export const DEVICE_BUDGET = 'totp';

/** Recovery codes have their own, so that who locks the others leaves them alone (S38, S69). */
export const RECOVERY_BUDGET = 'recovery_code';

/** Wrong codes that one challenge bears. */
export const CHALLENGE_ATTEMPTS = 5;

export const FREE_ATTEMPTS = 5;
export const FIRST_DELAY_SECONDS = 30;
export const LONGEST_DELAY_SECONDS = 3600;
/** Failures in a row that whoever comes without a known device may make. */
export const CONSECUTIVE_LIMIT = 90;
/** All of them, those of known devices included. */
export const ABSOLUTE_LIMIT = 100;
export const SLOW_LIMIT = 200;
export const SLOW_WINDOW_SECONDS = 30 * 86_400;

/** When a lock has no end of its own. */
export const UNTIL_UNLOCKED = new Date('9999-12-31T00:00:00Z');
/** What is said of such a lock: asking again sooner is of no use. */
const LONGEST_RETRY_SECONDS = SLOW_WINDOW_SECONDS;

/**
 * @param consecutive failures in a row, the one just made included
 * @returns seconds until the next attempt is let in; Infinity: until an operator lifts the lock
 */
export function delayAfter(consecutive: number): number {
  if (consecutive >= CONSECUTIVE_LIMIT) return Infinity;
  if (consecutive < FREE_ATTEMPTS) return 0;
  const doubled = FIRST_DELAY_SECONDS * 2 ** (consecutive - FREE_ATTEMPTS);
  return Math.min(doubled, LONGEST_DELAY_SECONDS);
}

/** `delayAfter` for 1 to one below the limit: the ladder that the charging statement climbs. */
export const delayLadder: readonly number[] = Array.from(
  { length: CONSECUTIVE_LIMIT - 1 },
  (_, index) => delayAfter(index + 1),
);

export interface Budget {
  readonly consecutive: number;
  readonly slowCount: number;
  readonly lockedUntil: Date | null;
}

/** Wrong codes that are still free, after those counted. */
export function attemptsLeft({ consecutive, slowCount }: Budget): number {
  return Math.max(0, Math.min(FREE_ATTEMPTS - consecutive, SLOW_LIMIT - slowCount));
}

/** @returns whole seconds until the lock ends, or undefined where there is none at that moment */
export function retryAfter({ lockedUntil }: Pick<Budget, 'lockedUntil'>, now: Date) {
  if (lockedUntil === null || lockedUntil <= now) return undefined;
  const seconds = Math.ceil((lockedUntil.getTime() - now.getTime()) / 1000);
  return Math.min(seconds, LONGEST_RETRY_SECONDS);
}
