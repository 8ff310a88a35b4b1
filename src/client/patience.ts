import type { WatchwordError } from './watchword-error.js';

/** A wait that is longer than this is the caller's to decide on, and is told instead. */
const LONGEST_WAIT_SECONDS = 10;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4000;

/**
 * How long to wait before the same request is sent again; undefined where it should not be. Every wait has
 * a random part, so that many clients do not come back at once.
 *
 * Of the refusals with 429 only the one about traffic is waited out. The others, as `locked`, are about a
 * user or a number: what to do then is the user's choice, and hammering would not open it.
 *
 * @param attempt how many times it was sent again already
 * @param random from 0 to 1
 */
export function pauseMs(
  error: WatchwordError,
  attempt: number,
  random: number,
): number | undefined {
  if (!mayPass(error)) return undefined;
  const { retryAfter } = error;
  if (retryAfter !== undefined)
    return retryAfter > LONGEST_WAIT_SECONDS
      ? undefined
      : retryAfter * 1000 + random * FIRST_PAUSE_MS;
  return Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS) * (0.5 + random / 2);
}

function mayPass({ code, status, retryAfter }: WatchwordError): boolean {
  if (code === 'unreachable' || code === 'timed_out' || code === 'idempotency_in_progress')
    return true;
  if (status === 429)
    return (code === 'rate_limited' || code === 'unexpected_answer') && retryAfter !== undefined;
  return status === 502 || status === 503 || status === 504;
}

/** Whether a request may have been carried out although nobody said so. */
export function isUncertain({ code, status }: WatchwordError): boolean {
  return code === 'unreachable' || code === 'timed_out' || (status ?? 0) >= 500;
}
