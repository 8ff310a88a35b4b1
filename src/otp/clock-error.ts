import type { TotpParameters } from './algorithm.js';
import { equalCodes } from './code.js';
import { stepAt, totp } from './totp.js';

export interface StrayCode {
  /** What was typed, through `normaliseCode`. */
  readonly code: string;
  readonly secret: Uint8Array;
  readonly parameters: TotpParameters;
  /** The server's time. */
  readonly now: Date;
}

const HOUR_SECONDS = 3600;
/** Clocks that nobody sets are minutes out; those of a wrong time zone whole hours, up to fourteen. */
const ZONE_HOURS = 14;

/**
 * How far the clock is ahead that made a code, told by the moment at which the code would be right: within an
 * hour, or within some minutes of whole hours away.
 *
 * It accepts nothing: it only finds words for a code that was refused. Ask it for whoever can see the secret
 * alone: it tells whether a code is right at some other time, and a guesser would learn from that which code to
 * wait with.
 *
 * @returns seconds, a whole number of steps, the nearest first; less than nought where the clock is behind; null
 *   where no clock explains the code
 */
export function clockAhead({ code, secret, parameters, now }: StrayCode): number | null {
  const stepNow = stepAt(now, parameters.periodSeconds);
  for (const offset of offsets(parameters.periodSeconds)) {
    const step = stepNow + offset;
    if (step >= 0 && equalCodes(code, totp(secret, step, parameters)))
      return offset * parameters.periodSeconds;
  }
  return null;
}

/** Steps away from now, the nearest first. */
function offsets(periodSeconds: number): number[] {
  const steps = (seconds: number) => Math.round(seconds / periodSeconds);
  const around = (middle: number, most: number) =>
    Array.from({ length: 2 * most + 1 }, (_, index) => middle + index - most);
  const zones = around(0, ZONE_HOURS).flatMap((hours) =>
    around(steps(hours * HOUR_SECONDS), steps(HOUR_SECONDS / 30)),
  );
  const all = new Set([...around(0, steps(HOUR_SECONDS)), ...zones]);
  return [...all].sort((one, other) => Math.abs(one) - Math.abs(other));
}
