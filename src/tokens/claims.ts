/**
 * What an access token says: the RFC 9068 profile of a JWT, with RFC 8176 authentication methods.
 */
import canonicalize from 'canonicalize';
import { sha256 } from '../crypto/digest.js';

/** What an application may say it checked itself, before it asked for the second factor. */
export const firstFactors = [
  'pwd',
  'pin',
  'fpt',
  'face',
  'iris',
  'retina',
  'vbm',
  'hwk',
  'swk',
  'sc',
] as const;
export type FirstFactor = (typeof firstFactors)[number];

/** The methods that a factor of ours proves. */
export type ProvenMethod = 'otp' | 'sms' | 'tel' | 'hwk' | 'swk';

/** What an authenticator has seen of its user: a touch, or who it is (a PIN, a finger, a face). */
export type UserCheck = 'present' | 'verified';

/** One proof, as it happened. */
export interface Proof {
  readonly userId: string;
  readonly factor: { readonly id: string; readonly type: string };
  readonly method: ProvenMethod;
  /** Left out where the factor is none that could see its user. */
  readonly userCheck?: UserCheck | undefined;
  /** Empty where the application has checked nothing itself. */
  readonly firstFactor: readonly FirstFactor[];
  readonly transactionHash: string | null;
  /** Thumbprint of the certificate that the token is to be bound to. */
  readonly certificate: string | null;
  readonly provenAt: Date;
}

/** What an access token is made of: a proof, just made or long ago. */
export interface Grant {
  readonly userId: string;
  readonly factor: { readonly id: string; readonly type: string };
  readonly amr: readonly string[];
  readonly acr: 'aal1' | 'aal2';
  /** When the factor was proved. */
  readonly authTime: Date;
  readonly issuedAt: Date;
  readonly transactionHash: string | null;
  /** The session that it belongs to; a token does not outlive it. */
  readonly session: { readonly id: string; readonly endsAt: Date } | null;
  /** SHA-256 thumbprint of the certificate it is bound to (RFC 8705 section 3.1), base64url. */
  readonly certificate: string | null;
}

export interface AccessTokenClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly client_id: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly jti: string;
  readonly sid?: string;
  readonly amr: readonly string[];
  readonly acr: 'aal1' | 'aal2';
  readonly auth_time: number;
  readonly txn_hash?: string;
  readonly cnf?: { readonly 'x5t#S256': string };
}

/**
 * @returns the `amr` and `acr` that are true of the proof (S86): two factors and `mfa`, or one. An authenticator
 *   that has verified its user is two in one (NIST SP 800-63B-4, multi-factor cryptographic authentication).
 *   Which of PIN and finger it was it does not say, so neither is claimed.
 */
export function assuranceOf(proof: Pick<Proof, 'firstFactor' | 'method' | 'userCheck'>) {
  const { firstFactor, method, userCheck } = proof;
  const methods = userCheck === undefined ? [method] : [method, 'user'];
  if (firstFactor.length === 0 && userCheck !== 'verified')
    return { amr: methods, acr: 'aal1' } as const;
  const amr = [...new Set<string>([...firstFactor, ...methods, 'mfa'])];
  return { amr, acr: 'aal2' } as const;
}

/** What a proof that was made now is worth. */
export function grantOf(proof: Proof): Grant {
  return {
    userId: proof.userId,
    factor: proof.factor,
    ...assuranceOf(proof),
    authTime: proof.provenAt,
    issuedAt: proof.provenAt,
    transactionHash: proof.transactionHash,
    session: null,
    certificate: proof.certificate,
  };
}

/**
 * The fingerprint that binds a token to what was confirmed.
 *
 * @param transaction any JSON object
 * @returns SHA-256 over its canonical form (RFC 8785), base64url
 */
export function hashTransaction(transaction: Record<string, unknown>): string {
  return sha256(canonicalize(transaction) ?? '').toString('base64url');
}
