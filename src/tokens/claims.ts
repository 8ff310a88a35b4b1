/**
 * What an access token says: the RFC 9068 profile of a JWT, with RFC 8176 authentication methods.
 */
import canonicalize from 'canonicalize';
import { sha256 } from '../crypto/digest.js';
import { acceptedAs, type Acr, type AssuranceRules } from './assurance.js';

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

/**
 * What an operator's one-time code is called where a factor's type stands. It proves that its holder was let in, and
 * no factor, so it is always `aal1` and never `mfa`. RFC 8176 has no word for it; a one-time password it is.
 */
export const BYPASS_TYPE = 'bypass_code';

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
  readonly acr: Acr;
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
  readonly acr: Acr;
  readonly auth_time: number;
  /** Of the factor that was proved. Tokens of versions before do not say it. */
  readonly factor_type?: string;
  readonly txn_hash?: string;
  readonly cnf?: { readonly 'x5t#S256': string };
}

/** A grant that waits: what was proved on the hosted pages, until somebody asks for its token. */
export type KeptGrant = Pick<
  Grant,
  'userId' | 'factor' | 'amr' | 'acr' | 'authTime' | 'transactionHash'
>;

/**
 * The `amr` and `acr` that are true of the proof (S86): two factors and `mfa`, or one. An authenticator that has
 * verified its user is two in one (NIST SP 800-63B-4, multi-factor cryptographic authentication). Which of PIN and
 * finger it was it does not say, so neither is claimed.
 *
 * `amr` tells what has happened, whoever asked for it; `acr` what the application accepts it as. So a password and
 * a text message are `pwd sms mfa` everywhere, and `aal2` where the rules let a phone earn that.
 */
export function assuranceOf(
  proof: Pick<Proof, 'factor' | 'firstFactor' | 'method' | 'userCheck'>,
  rules: AssuranceRules,
): Pick<Grant, 'amr' | 'acr'> {
  const { factor, firstFactor, method, userCheck } = proof;
  if (factor.type === BYPASS_TYPE) return { amr: [...firstFactor, method], acr: 'aal1' };
  const methods = userCheck === undefined ? [method] : [method, 'user'];
  if (firstFactor.length === 0 && userCheck !== 'verified') return { amr: methods, acr: 'aal1' };
  const amr = [...new Set<string>([...firstFactor, ...methods, 'mfa'])];
  return { amr, acr: acceptedAs('aal2', factor.type, rules) };
}

/** What a proof that was made now is worth to the application whose rules these are. */
export function grantOf(proof: Proof, rules: AssuranceRules): Grant {
  return {
    userId: proof.userId,
    factor: proof.factor,
    ...assuranceOf(proof, rules),
    authTime: proof.provenAt,
    issuedAt: proof.provenAt,
    transactionHash: proof.transactionHash,
    session: null,
    certificate: proof.certificate,
  };
}

/**
 * What a proof is worth that was kept: no more than a fresh one, where the rules have changed since.
 *
 * @param certificate thumbprint of the certificate that the token is to be bound to
 */
export function grantOfKept(
  { userId, factor, amr, acr, authTime, transactionHash }: KeptGrant,
  rules: AssuranceRules,
  { issuedAt, certificate }: Pick<Grant, 'issuedAt' | 'certificate'>,
): Grant {
  return {
    ...{ userId, factor, amr, authTime, transactionHash, issuedAt, certificate },
    acr: acceptedAs(acr, factor.type, rules),
    session: null,
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
