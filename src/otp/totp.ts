import { timingSafeEqual } from 'node:crypto';
import type { TotpParameters } from './algorithm.js';
import { hotp } from './hotp.js';

/**
 * How far the learned drift may go, in steps (S9). RFC 6238 section 6 wants a limit: without one, a
 * clock that runs away or an attacker who feeds ever later codes walks the window off. With a limit of
 * one the present step is in every window, so slow typing, which looks like a slow clock, can never
 * teach us to refuse a prompt code.
 */
export const MAX_DRIFT_STEPS = 1;

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
  /** The learned drift of the device's clock; held to ±MAX_DRIFT_STEPS. */
  driftSteps: number;
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
  const { secret, parameters, lastStep, now } = attempt;
  // UTF-8, not latin1, which keeps the low byte alone and would read U+0131 as the digit 1.
  const typed = Buffer.from(attempt.code);
  const drift = boundedDrift(attempt.driftSteps);
  const stepNow = stepAt(now, parameters.periodSeconds);
  let matched: number | null = null;
  for (const offset of WINDOW) {
    const step = stepNow + drift + offset;
    if (step < 0) continue;
    // All three are computed and compared, match or not: the time taken tells nothing (S43).
    const right = equal(typed, Buffer.from(totp(secret, step, parameters)));
    // `<=`, never `===`: an older code of the window is spent once a newer one was taken (S24).
    const spent = lastStep !== null && step <= lastStep;
    // Ascending, so the latest step stands: when two steps share a code, storing the earlier one
    // would let the same code succeed again at the later (S23).
    if (right && !spent) matched = step;
  }
  if (matched === null) return null;
  // Moves by one at most, since the window reaches no further from the drift.
  return { step: matched, driftSteps: boundedDrift(matched - stepNow) };
}

function boundedDrift(driftSteps: number): number {
  return Math.max(-MAX_DRIFT_STEPS, Math.min(MAX_DRIFT_STEPS, driftSteps));
}

// The lengths are public: the one is the attacker's own, the other the factor's.
function equal(typed: Buffer, right: Buffer): boolean {
  return typed.length === right.length && timingSafeEqual(typed, right);
}
