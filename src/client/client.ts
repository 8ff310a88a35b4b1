/**
 * A typed client of Watchword. Its operations and their types are made from the OpenAPI document; what is
 * written by hand is how a request is sent: once as far as the service is concerned, however often it takes.
 */
import { routes, type Operations } from './operations.gen.js';
import type { Fields } from './request.js';
import { sendUntilAnswered, waitFor, type CallOptions, type Sending } from './sending.js';

export type * from './operations.gen.js';
export type { CallOptions } from './sending.js';
export { WatchwordError, type FailureCode } from './watchword-error.js';

const TIMEOUT_MS = 10_000;
const RETRIES = 2;

export interface ClientOptions {
  /** Where Watchword is, as `https://mfa.example`. */
  readonly url: string;
  /** An API key, `ww_…`. */
  readonly apiKey?: string;
  /** Instead of a key: an access token, or what gives one and renews it in time. */
  readonly token?: string | (() => string | Promise<string>);
  /** Another `fetch`: one with a client certificate, a proxy, or of a test. */
  readonly fetch?: typeof fetch;
  /** How long one attempt may take, answer and all. 10,000 where left out. */
  readonly timeoutMs?: number;
  /** How often a request is sent again after the first time; 2 where left out. */
  readonly retries?: number;
  /** Waits between attempts, and throws the signal's reason once it is aborted. For tests. */
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

type Part<Kind> = [NonNullable<Kind>] extends [never] ? unknown : NonNullable<Kind>;
type Takes<Name extends keyof Operations> = Operations[Name]['takes'];

/** What an operation takes: the parts of its path, its query and its body side by side. */
export type InputOf<Name extends keyof Operations> = Part<Takes<Name>['path']> &
  Part<Takes<Name>['query']> &
  Part<Takes<Name>['body']>;

type AnswerOf<Name extends keyof Operations> = Promise<Operations[Name]['gives']>;

export type Client = {
  readonly [Name in keyof Operations]: Record<string, never> extends InputOf<Name>
    ? (input?: InputOf<Name>, options?: CallOptions) => AnswerOf<Name>
    : (input: InputOf<Name>, options?: CallOptions) => AnswerOf<Name>;
};

/**
 * A client with a method for every operation that a key may ask for. Each gives the body of the answer. It
 * throws `WatchwordError` where the service refused or did not answer, `TypeError` for what cannot be sent.
 *
 * @throws TypeError where the url or the credential is not usable; it does not repeat them
 */
export function createClient(options: ClientOptions): Client {
  const sending: Sending = {
    base: baseOf(options.url),
    fetch: options.fetch ?? fetch,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    retries: options.retries ?? RETRIES,
    wait: options.wait ?? waitFor,
    authorization: authorizationOf(options),
  };
  const methods = Object.entries(routes).map(([name, [method, path]]) => [
    name,
    (input: Fields = {}, callOptions: CallOptions = {}) =>
      sendUntilAnswered(sending, { ...callOptions, method, path, input }),
  ]);
  return Object.fromEntries(methods) as Client;
}

function baseOf(text: string): string {
  if (!URL.canParse(text)) throw new TypeError('"url" must be an http or https address');
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol))
    throw new TypeError('"url" must be an http or https address');
  if (url.username + url.password + url.search + url.hash !== '')
    throw new TypeError('"url" must have no user, password, query or fragment');
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function authorizationOf({ apiKey, token }: ClientOptions): Sending['authorization'] {
  if (apiKey !== undefined && token !== undefined)
    throw new TypeError('Give either "apiKey" or "token"');
  const credential = apiKey ?? token;
  // A client certificate needs neither.
  if (credential === undefined) return () => Promise.resolve({});
  if (typeof credential === 'function') return async () => bearer(await credential());
  const headers = bearer(credential);
  return () => Promise.resolve(headers);
}

/** Checked here, because `fetch` repeats a header's bad value in its error. */
function bearer(credential: string): Record<string, string> {
  if (!/^[\x21-\x7e]+$/.test(credential))
    throw new TypeError('The API key or token is empty, or has characters that none has');
  return { authorization: `Bearer ${credential}` };
}
