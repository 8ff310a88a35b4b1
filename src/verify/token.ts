import type { JWTPayload } from 'jose';
import { VerificationError } from './verification-error.js';

/** The `typ` by which one kind of token is never taken for another (S83). */
export type TokenType = 'at+jwt' | 'client+jwt';

export interface CommonClaims {
  readonly issuer: string;
  readonly audience: string;
  /** The application that the token was issued to: `client_id`. */
  readonly applicationId: string;
  /** `jti`: its own in each token; what a list of revoked tokens is kept by. */
  readonly tokenId: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  /** The words of `scope`; empty where there is none. */
  readonly scope: readonly string[];
  /** SHA-256 of the certificate that it is bound to, base64url (RFC 8705 section 3.1). */
  readonly certificateThumbprint: string | undefined;
  /** Everything the token says, as it says it. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A user's access token (RFC 9068): somebody has proved a factor. */
export interface UserToken extends CommonClaims {
  readonly kind: 'user';
  /** `sub`: your own name for the user. */
  readonly userId: string;
  /** RFC 8176 methods: what was proved, and what the application had checked before. */
  readonly amr: readonly string[];
  /** How strong a proof the application took it for: `aal1` one factor, `aal2` two that may earn it. */
  readonly acr: string;
  /** When the factor was proved. A refresh does not change it. */
  readonly authTime: Date;
  /** `sid`, where the token belongs to a session. */
  readonly sessionId: string | undefined;
  /** `txn_hash`: SHA-256 over the canonical JSON of what the user has confirmed, base64url. */
  readonly transactionHash: string | undefined;
}

/** An application's own token, for one server's word to another: no user stands behind it. */
export interface ClientToken extends CommonClaims {
  readonly kind: 'client';
}

export type VerifiedToken = UserToken | ClientToken;

/**
 * Reads claims whose signature, issuer and time are good. jose lets a token pass that has no end, several
 * audiences, or an end beyond all numbers: `1e999` is Infinity to JSON.
 *
 * @param latest seconds; nothing may have happened after it
 * @throws VerificationError `claims_invalid`, `audience_mismatch`, `not_yet_valid`, `confirmation_unsupported`
 */
export function readToken(type: TokenType, claims: JWTPayload, latest: number): VerifiedToken {
  // A list may name others too, and who of them is meant?
  if (typeof claims.aud !== 'string')
    throw new VerificationError('audience_mismatch', 'aud is not one text (S84)');
  const common: CommonClaims = {
    issuer: text(claims, 'iss'),
    audience: claims.aud,
    applicationId: text(claims, 'client_id'),
    tokenId: text(claims, 'jti'),
    issuedAt: past(claims, 'iat', latest),
    expiresAt: time(claims, 'exp'),
    scope: optionalText(claims, 'scope')?.split(' ') ?? [],
    certificateThumbprint: confirmation(claims['cnf']),
    claims,
  };
  time(claims, 'nbf');
  const subject = text(claims, 'sub');
  if (type === 'client+jwt') {
    if (subject !== common.applicationId)
      throw new VerificationError('claims_invalid', 'sub is another than client_id');
    return { kind: 'client', ...common };
  }
  return {
    kind: 'user',
    ...common,
    userId: subject,
    amr: texts(claims, 'amr'),
    acr: text(claims, 'acr'),
    authTime: past(claims, 'auth_time', latest),
    sessionId: optionalText(claims, 'sid'),
    transactionHash: optionalText(claims, 'txn_hash'),
  };
}

function text(claims: JWTPayload, name: string): string {
  const value = claims[name];
  if (typeof value !== 'string' || value === '') throw wrong(name, 'a text');
  return value;
}

function optionalText(claims: JWTPayload, name: string): string | undefined {
  return claims[name] === undefined ? undefined : text(claims, name);
}

function texts(claims: JWTPayload, name: string): readonly string[] {
  const value: unknown = claims[name];
  const isTexts = (each: unknown): each is string[] =>
    Array.isArray(each) && each.length > 0 && each.every((one) => typeof one === 'string');
  if (!isTexts(value)) throw wrong(name, 'a list of texts');
  return value;
}

/** RFC 7519 calls a date a number; ours are whole seconds that a calendar knows. */
function time(claims: JWTPayload, name: string): Date {
  const value = claims[name];
  const date = new Date(Number.isSafeInteger(value) ? (value as number) * 1000 : NaN);
  if (Number.isNaN(date.getTime())) throw wrong(name, 'a time in whole seconds');
  return date;
}

function past(claims: JWTPayload, name: string, latest: number): Date {
  const date = time(claims, name);
  if (date.getTime() / 1000 > latest)
    throw new VerificationError('not_yet_valid', `${name} is in the future (S85)`);
  return date;
}

/** Whoever cannot check a binding must not take the token as if it had none (RFC 7800 section 3.1). */
function confirmation(cnf: unknown): string | undefined {
  if (cnf === undefined) return undefined;
  const [only, ...others] = Object.entries(cnf ?? {});
  const [method, value] = only ?? [];
  if (others.length === 0 && method === 'x5t#S256' && typeof value === 'string') return value;
  throw new VerificationError('confirmation_unsupported', `cnf is ${JSON.stringify(cnf)}`);
}

function wrong(name: string, wanted: string): VerificationError {
  return new VerificationError('claims_invalid', `${name} is not ${wanted}`);
}
