import type { HotpParameters } from './algorithm.js';
import { equalCodes } from './code.js';
import { hotp } from './hotp.js';

/** How far ahead of the last counter a code may be, where a token says nothing of its own (S10). */
export const LOOK_AHEAD = 10;
/**
 * The most that a token may be given. RFC 4226 section 7.4 wants the window as small as usability allows:
 * each counter in it is one more code that a guess may hit, and 20 of a million are what is borne.
 */
export const MOST_LOOK_AHEAD = 20;
/** How far ahead two codes in a row are looked for: RFC 4226 appendix E.4. */
export const RESYNC_AHEAD = 1_000;

/** A token that counts, as it is known here. */
export interface HotpState extends HotpParameters {
  secret: Uint8Array;
  /** The counter of the newest code that was accepted; -1 when there was none. */
  lastCounter: number;
}

/**
 * The counter of a code: RFC 4226 section 7.2, by looking ahead (7.4). Decides only; storing the counter is
 * what makes the code single-use.
 *
 * Where two counters of the window share a code the nearer one stands: the further would leave the token
 * behind the server. The code that was accepted last is refused even if the next counters have it again
 * (S23).
 *
 * @param code what was typed, through `normaliseCode`
 * @param lookAhead how many counters after the last one are tried
 * @returns the counter, or null where the code is of none
 */
export function matchHotp(code: string, state: HotpState, lookAhead: number): number | null {
  const { lastCounter } = state;
  let matched: number | null = null;
  // All are computed and compared, match or not: the time taken tells nothing (S43).
  for (let counter = lastCounter + lookAhead; counter >= Math.max(0, lastCounter); counter--)
    if (isCodeOf(code, state, counter)) matched = counter;
  return matched === lastCounter ? null : matched;
}

/**
 * Finds a token again that was used too often where nobody counted: by two codes in a row, both newer than
 * the last one accepted (RFC 4226 section 7.4, S10).
 *
 * @returns the counter of the second code, or null
 */
export function resyncHotp(
  [first, second]: readonly [string, string],
  state: HotpState,
  ahead = RESYNC_AHEAD,
): number | null {
  const { lastCounter } = state;
  let matched: number | null = null;
  let isFirst = false;
  for (let counter = lastCounter + 1; counter <= lastCounter + ahead + 1; counter++) {
    const follows = isCodeOf(second, state, counter) && isFirst;
    if (follows) matched ??= counter;
    isFirst = isCodeOf(first, state, counter);
  }
  return matched;
}

function isCodeOf(code: string, { secret, digits, algorithm }: HotpState, counter: number) {
  return equalCodes(code, hotp(secret, counter, digits, algorithm));
}
