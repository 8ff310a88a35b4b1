/**
 * The service's only source of time. Tests and the lockout rules move it; nothing else in `src/`
 * reads the system clock, so that a code, a lock and a token of one request agree on the moment.
 */
export class Clock {
  /** The present moment, UTC, in milliseconds' resolution. */
  now(): Date {
    return new Date();
  }
}
