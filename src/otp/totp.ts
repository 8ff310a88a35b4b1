import type { TotpParameters } from './algorithm.js';
import { equalCodes } from './code.js';
import { hotp } from './hotp.js';

/**
 * How far the learned drift may go, in steps (S9). RFC 6238 section 6 wants a limit: without one, a
 * clock that runs away or an attacker who feeds ever later codes walks the window off. With a limit of
 * one the present step is in every window, so slow typing, which looks like a slow clock, can never
 * teach us to refuse a prompt code.
 */
export const MAX_DRIFT_STEPS = 1;

/** How far the clock of a hardware token may be out, found by two codes in a row: a day. */
const HARDWARE_DRIFT_SECONDS = 86_400;

/** RFC 6238 section 5.2: one step at most, for the network and slow typing (S7). */
const WINDOW = [-1, 0, 1];

export interface TotpAttempt {
  /** What was typed, through `normaliseCode`. */
  code: string;
  secret: Uint8Array;
  parameters: TotpParameters;
  /** The server's time (S11). */
  now: Date;
  /** The step of the last accepted code; null when there was none. */
  lastStep: number | null;
  /** The learned drift of the device's clock; held to ±maxDriftSteps. */
  driftSteps: number;
  /** How far the drift may go; MAX_DRIFT_STEPS if left out. */
  maxDriftSteps?: number;
}

/** What to store when a code was right. */
export interface TotpMatch {
  step: number;
  driftSteps: number;
}

/**
 * The time step of a moment: RFC 6238 section 4.2 with T0 = 0.
 * @param periodSeconds whole seconds a step lasts, 15 to 120
 * @throws RangeError when the period is outside that (S5), or the date is invalid or before 1970
 */
export function stepAt(now: Date, periodSeconds: number): number {
  if (!Number.isInteger(periodSeconds) || periodSeconds < 15 || periodSeconds > 120) {
    throw new RangeError('A time step lasts 15 to 120 whole seconds.');
  }
  const step = Math.floor(now.getTime() / 1000 / periodSeconds);
  if (!(step >= 0)) throw new RangeError('The time must be a valid date from 1970 on.');
  return step;
}

/**
 * The code of a step: RFC 6238 section 4.
 * @throws RangeError when the step is negative or no whole number
 */
export function totp(secret: Uint8Array, step: number, parameters: TotpParameters): string {
  return hotp(secret, step, parameters.digits, parameters.algorithm);
}

/**
 * Whether a code is right now: one of the three steps around the learned drift (S7) and newer than
 * the last one accepted (S24). Decides only; storing the match is what makes the code single-use.
 * @returns the step matched and the drift moved by one at most towards it, or null
 * @throws RangeError as `stepAt` and `hotp` do, or when driftSteps is no whole number
 */
export function verifyTotp(attempt: TotpAttempt): TotpMatch | null {
  const { code, secret, parameters, lastStep, now, maxDriftSteps = MAX_DRIFT_STEPS } = attempt;
  const drift = bounded(attempt.driftSteps, maxDriftSteps);
  const stepNow = stepAt(now, parameters.periodSeconds);
  let matched: number | null = null;
  for (const offset of WINDOW) {
    const step = stepNow + drift + offset;
    if (step < 0) continue;
    // All three are computed and compared, match or not: the time taken tells nothing (S43).
    const right = equalCodes(code, totp(secret, step, parameters));
    // `<=`, never `===`: an older code of the window is spent once a newer one was taken (S24).
    const spent = lastStep !== null && step <= lastStep;
    // Ascending, so the latest step stands: when two steps share a code, storing the earlier one
    // would let the same code succeed again at the later (S23).
    if (right && !spent) matched = step;
  }
  if (matched === null) return null;
  // Moves by one at most, since the window reaches no further from the drift.
  return { step: matched, driftSteps: bounded(matched - stepNow, maxDriftSteps) };
}

/**
 * How far the learned drift of a hardware token may go, in steps. Its clock has nobody who sets it, so the
 * bound of an app's would end its life after a year or two; the window around the drift is as narrow.
 */
export function hardwareDriftSteps({ periodSeconds }: Pick<TotpParameters, 'periodSeconds'>) {
  return Math.floor(HARDWARE_DRIFT_SECONDS / periodSeconds);
}

/**
 * Finds a hardware token again whose clock went astray: by two codes in a row, both newer than the last one
 * accepted, within a day of now (RFC 6238 section 6).
 *
 * @returns the step of the second code and the drift that it shows, or null
 * @throws RangeError as `verifyTotp`
 */
export function resyncTotp(
  [first, second]: readonly [string, string],
  { secret, parameters, now, lastStep }: Omit<TotpAttempt, 'code' | 'driftSteps'>,
): TotpMatch | null {
  const stepNow = stepAt(now, parameters.periodSeconds);
  const most = hardwareDriftSteps(parameters);
  let matched: number | null = null;
  let isFirst = false;
  for (let step = Math.max(0, stepNow - most - 1); step <= stepNow + most; step++) {
    const code = totp(secret, step, parameters);
    const follows = equalCodes(second, code) && isFirst;
    if (follows) matched = step;
    const isSpent = lastStep !== null && step <= lastStep;
    isFirst = equalCodes(first, code) && !isSpent;
  }
  return matched === null ? null : { step: matched, driftSteps: matched - stepNow };
}

function bounded(driftSteps: number, most: number): number {
  return Math.max(-most, Math.min(most, driftSteps));
}
