import type { IntrospectionOptions } from './introspection.js';
import type { Fetch } from './key-set.js';
import type { TokenType } from './token.js';

export interface VerifierOptions {
  /** The service's `WATCHWORD_PUBLIC_URL`, to the letter: what its tokens say as `iss`. */
  readonly issuer: string;
  /** Your application's audience; left to its default that is the application's id. */
  readonly audience: string;
  /** `at+jwt`, a user's, is what is meant without it; `client+jwt` is another application's own. */
  readonly tokenType?: TokenType;
  /** Where the keys are, if this service reaches them by another name than the issuer's. */
  readonly jwksUrl?: string;
  /** How far the clocks may differ: 0 to 60, which it is without it (S85). */
  readonly clockSkewSeconds?: number;
  /** Whether tokens that are bound to no certificate are refused. */
  readonly requireBinding?: boolean;
  /** Whether each token is asked about; without it a token is good until its end. */
  readonly introspection?: IntrospectionOptions;
  /** Takes `http:` for addresses other than this machine's: on a network where nobody can change the keys. */
  readonly allowPlainHttp?: boolean;
  /** Another `fetch`: through a proxy, or with a client certificate. */
  readonly fetch?: Fetch;
  /** Another clock. */
  readonly now?: () => Date;
}

const names: Record<keyof VerifierOptions, true> = {
  issuer: true,
  audience: true,
  tokenType: true,
  jwksUrl: true,
  clockSkewSeconds: true,
  requireBinding: true,
  introspection: true,
  allowPlainHttp: true,
  fetch: true,
  now: true,
};
const MOST_SKEW_SECONDS = 60;
const loopback = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

/** Options that were checked, with everything filled in. */
export interface Settings {
  readonly issuer: string;
  readonly audience: string;
  readonly tokenType: TokenType;
  readonly jwksUrl: string;
  readonly clockSkewSeconds: number;
  readonly requireBinding: boolean;
  readonly introspection: Required<IntrospectionOptions> | undefined;
}

/**
 * Refuses at the start what would make every later check worth nothing: a name that is spelled wrong, an
 * audience that is empty, keys over a wire that anybody can write on.
 *
 * @throws TypeError
 */
export function readOptions(options: VerifierOptions): Settings {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(names, name)) throw new TypeError(`a verifier has no option "${name}"`);
  const { issuer, audience, tokenType = 'at+jwt', clockSkewSeconds = MOST_SKEW_SECONDS } = options;
  const { introspection, requireBinding = false, allowPlainHttp = false } = options;
  const text = (name: string, value: unknown): string => {
    if (typeof value === 'string' && value !== '') return value;
    throw new TypeError(`"${name}" has to be a text that is not empty`);
  };
  const address = (name: string, value: string): string => {
    const url = URL.canParse(text(name, value)) ? new URL(value) : undefined;
    if (url?.protocol === 'https:') return value;
    if (url?.protocol === 'http:' && (allowPlainHttp || loopback.test(url.hostname))) return value;
    throw new TypeError(
      `"${name}" has to begin with https: (${value}); see "allowPlainHttp" for a closed network`,
    );
  };
  // What comes from JavaScript may be anything.
  if (!['at+jwt', 'client+jwt'].includes(tokenType))
    throw new TypeError('"tokenType" has to be at+jwt or client+jwt');
  if (
    !Number.isFinite(clockSkewSeconds) ||
    clockSkewSeconds < 0 ||
    clockSkewSeconds > MOST_SKEW_SECONDS
  )
    throw new TypeError(`"clockSkewSeconds" has to be from 0 to ${MOST_SKEW_SECONDS}`);
  const at = address('issuer', issuer).replace(/\/$/, '');
  return {
    issuer,
    audience: text('audience', audience),
    tokenType,
    clockSkewSeconds,
    requireBinding,
    jwksUrl: address('jwksUrl', options.jwksUrl ?? `${at}/.well-known/jwks.json`),
    introspection: introspection && {
      apiKey: text('introspection.apiKey', introspection.apiKey),
      url: address('introspection.url', introspection.url ?? `${at}/v1/tokens/introspect`),
    },
  };
}
