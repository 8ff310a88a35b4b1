/**
 * Checks Watchword's tokens in another service. Nothing of the service itself is needed for it, and of the
 * packages jose alone.
 */
import { errors, jwtVerify, type CryptoKey, type JWTPayload } from 'jose';
import { checkBinding, type PeerCertificate } from './certificate.js';
import { keyIdOf } from './compact-jwt.js';
import { Introspection } from './introspection.js';
import { KeySet } from './key-set.js';
import { readOptions, type Settings, type VerifierOptions } from './options.js';
import type { RefusalCode } from './refusals.js';
import { checkedRequirement, demand, type Requirement } from './requirement.js';
import { readToken, type ClientToken, type UserToken, type VerifiedToken } from './token.js';
import { VerificationError } from './verification-error.js';
import { wallClock } from './wall-clock.js';

export { answerTo, type RefusalAnswer } from './refusal-answer.js';
export { thumbprintOf } from './certificate.js';
export { VerificationError };
export type { ClientToken, PeerCertificate, RefusalCode, Requirement, UserToken, VerifiedToken };
export type { VerifierOptions };
export type { Acr, ClientRequirement } from './requirement.js';
export type { IntrospectionOptions } from './introspection.js';

/** What a request has to show beside its token. */
export interface VerifyOptions {
  /** The certificate that the peer has shown in its handshake. */
  readonly certificate?: PeerCertificate | undefined;
  readonly require?: Requirement;
}

export interface Verifier<Token extends VerifiedToken> {
  /**
   * @param token as it came; undefined and empty where none did
   * @returns what the token says
   * @throws VerificationError with the one code of the reason
   */
  verify(token: string | undefined, options?: VerifyOptions): Promise<Token>;
}

/**
 * A verifier is made once and used for every request: it holds the keys.
 *
 * @throws TypeError where the options would make its checks worth nothing
 */
export function createVerifier(
  options: VerifierOptions & { readonly tokenType: 'client+jwt' },
): Verifier<ClientToken>;
export function createVerifier(
  options: VerifierOptions & { readonly tokenType?: 'at+jwt' },
): Verifier<UserToken>;
export function createVerifier(options: VerifierOptions): Verifier<VerifiedToken> {
  const settings = readOptions(options);
  const { fetch = globalThis.fetch, now = wallClock } = options;
  const { introspection: asked } = settings;
  const keys = new KeySet(settings.jwksUrl, fetch, now);
  const introspection = asked && new Introspection(asked.url, asked.apiKey, fetch);
  return {
    async verify(token, { certificate, require = {} } = {}) {
      checkedRequirement(require);
      if (!token) throw new VerificationError('token_missing', 'the request came without a token');
      const kid = keyIdOf(token, settings.tokenType);
      const key = await keys.find(kid);
      if (key === undefined)
        throw new VerificationError(
          'key_unknown',
          `the key ${JSON.stringify(kid)} is not published`,
        );
      const claims = await signedClaims(token, key, settings, now());
      const latest = now().getTime() / 1000 + settings.clockSkewSeconds;
      const verified = readToken(settings.tokenType, claims, latest);
      checkBinding(verified, certificate, settings.requireBinding);
      // Last of what refuses the token itself: only what is good by all else is asked about.
      await introspection?.confirm(token, verified.tokenId);
      demand(verified, require, now());
      return verified;
    },
  };
}

/** Signature, algorithm, type, issuer, audience and time, each of them named (S81 to S85). */
async function signedClaims(
  token: string,
  key: CryptoKey,
  { tokenType, issuer, audience, clockSkewSeconds }: Settings,
  currentDate: Date,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['ES256'],
      typ: tokenType,
      issuer,
      audience,
      clockTolerance: clockSkewSeconds,
      currentDate,
    });
    return payload;
  } catch (error) {
    throw new VerificationError(codeOf(error), 'jose refuses it', { cause: error });
  }
}

const codeOfClaim: Readonly<Record<string, RefusalCode>> = {
  iss: 'issuer_mismatch',
  aud: 'audience_mismatch',
  typ: 'type_refused',
};

function codeOf(error: unknown): RefusalCode {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature_invalid';
  if (error instanceof errors.JWTInvalid) return 'claims_invalid';
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'token_malformed';
  const isEarly = error.claim === 'nbf' && error.reason === 'check_failed';
  return isEarly ? 'not_yet_valid' : (codeOfClaim[error.claim] ?? 'claims_invalid');
}
