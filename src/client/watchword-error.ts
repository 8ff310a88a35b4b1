import type { ErrorCode, Problem } from './operations.gen.js';

/**
 * What keeps an answer from coming, or from being Watchword's: nobody answered or the connection broke;
 * nobody answered in time; somebody else did, as a proxy does.
 */
export type FailureCode = 'unreachable' | 'timed_out' | 'unexpected_answer';

export interface Failure {
  readonly code: ErrorCode | FailureCode;
  readonly message: string;
  readonly status?: number | undefined;
  readonly retryAfter?: number | undefined;
  readonly problem?: Problem | undefined;
  readonly cause?: unknown;
}

/** What a call throws where it has no answer to give. It never holds the credential or what was sent. */
export class WatchwordError extends Error {
  override readonly name = 'WatchwordError';
  /** Stable, to decide by; the texts are for people. */
  readonly code: ErrorCode | FailureCode;
  /** The HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;
  /** Seconds to wait before it is worth trying again. */
  readonly retryAfter: number | undefined;
  /** The whole problem document (RFC 9457); undefined where Watchword itself did not answer. */
  readonly problem: Problem | undefined;

  constructor({ code, message, status, retryAfter, problem, cause }: Failure) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
    this.problem = problem;
  }

  /** What to do next, in a sentence. */
  get detail(): string | undefined {
    return this.problem?.detail;
  }

  /** How many codes may still be tried, after a wrong one. */
  get attemptsLeft(): number | undefined {
    return this.problem?.attempts_left;
  }

  /** What the service’s log has the request under. */
  get requestId(): string | undefined {
    return this.problem?.request_id;
  }
}
