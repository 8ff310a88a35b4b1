import { setTimeout } from 'node:timers/promises';
import { bodyOf } from './answer.js';
import { isUncertain, pauseMs } from './patience.js';
import { prepare, type Fields } from './request.js';
import { WatchwordError } from './watchword-error.js';

export interface Sending {
  /** Without a slash at its end. */
  readonly base: string;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  readonly retries: number;
  authorization(): Promise<Readonly<Record<string, string>>>;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface CallOptions {
  /** Ends the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** For a POST: one that was made before the call and outlives it. A random one where left out. */
  readonly idempotencyKey?: string;
  /** For a removal: a fresh access token of the user, where the application asks for one. */
  readonly proof?: string;
  /** Sees the headers of the answer: with `session: "cookie"` they hold the browser's cookie. */
  readonly onHeaders?: (headers: Headers) => void;
}

export interface Call extends CallOptions {
  readonly method: string;
  /** As the OpenAPI document has it. */
  readonly path: string;
  readonly input: Fields;
}

interface Answer {
  readonly body: unknown;
  readonly headers: Headers;
}

/**
 * Sends a request until it is answered. A POST carries the same Idempotency-Key each time, so the service
 * carries it out once and repeats the answer; the other methods come to the same when they are repeated.
 *
 * @returns the body of the answer
 * @throws WatchwordError, or the reason of the caller's own signal
 */
export async function sendUntilAnswered(sending: Sending, call: Call): Promise<unknown> {
  const { method, signal, proof, idempotencyKey = crypto.randomUUID() } = call;
  const { url, body } = prepare(sending.base, method, call.path, call.input);
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(method === 'POST' && { 'idempotency-key': idempotencyKey }),
    ...(proof !== undefined && { 'watchword-proof': proof }),
  };
  let mayBeDone = false;
  for (let attempt = 0; ; attempt++) {
    const init: RequestInit = {
      method,
      headers: { ...headers, ...(await sending.authorization()) },
      ...(body !== undefined && { body }),
      // A credential follows no redirect.
      redirect: 'manual',
    };
    const outcome = await attemptOnce(sending, url, init, signal);
    if (!(outcome instanceof WatchwordError)) {
      call.onHeaders?.(outcome.headers);
      return outcome.body;
    }
    if (method === 'DELETE' && mayBeDone && isGone(outcome)) return undefined;
    mayBeDone ||= isUncertain(outcome);
    const pause = attempt < sending.retries ? pauseMs(outcome, attempt, Math.random()) : undefined;
    if (pause === undefined) throw outcome;
    await sending.wait(pause, signal);
  }
}

async function attemptOnce(
  { base, fetch, timeoutMs }: Sending,
  url: string,
  init: RequestInit,
  signal: AbortSignal | undefined,
): Promise<Answer | WatchwordError> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const response = await fetch(url, { ...init, signal: either });
    return { body: await bodyOf(response), headers: response.headers };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof WatchwordError) return error;
    const [code, what] = timeout.aborted
      ? (['timed_out', `within ${timeoutMs} ms`] as const)
      : (['unreachable', 'before the connection failed'] as const);
    return new WatchwordError({ code, message: `No answer from ${base} ${what}.`, cause: error });
  }
}

/** What a DELETE finds that comes after one whose answer was lost. */
function isGone({ code, problem }: WatchwordError): boolean {
  return (
    code === 'not_found' || (code === 'challenge_ended' && problem?.challenge_status === 'canceled')
  );
}

/** Waits, and throws the signal's reason as soon as it is aborted. */
export async function waitFor(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
