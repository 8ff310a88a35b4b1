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

/** One proof, as it happened. */
export interface Proof {
  readonly userId: string;
  readonly factor: { readonly id: string; readonly type: string };
  readonly method: ProvenMethod;
  /** Empty where the application has checked nothing itself. */
  readonly firstFactor: readonly FirstFactor[];
  readonly transactionHash: string | null;
  readonly provenAt: Date;
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
  readonly amr: readonly string[];
  readonly acr: 'aal1' | 'aal2';
  readonly auth_time: number;
  readonly txn_hash?: string;
}

/** @returns the `amr` and `acr` that are true of the proof (S86): two factors and `mfa`, or one */
export function assuranceOf(proof: Pick<Proof, 'firstFactor' | 'method'>) {
  if (proof.firstFactor.length === 0) return { amr: [proof.method], acr: 'aal1' } as const;
  const amr = [...new Set<string>([...proof.firstFactor, proof.method, 'mfa'])];
  return { amr, acr: 'aal2' } as const;
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
