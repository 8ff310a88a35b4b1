/** Certificates that clients show, and what is said of them. */
import { X509Certificate } from 'node:crypto';

/** Why a certificate does not count as one. */
export const certificateFaults = [
  'unreadable',
  'not_yet_valid',
  'expired',
  'revoked',
  'revocation_unknown',
  'unsuitable',
] as const;
export type CertificateFault = (typeof certificateFaults)[number];

export interface ShownCertificate {
  readonly leaf: X509Certificate;
  /** Others that came with it, in any order; nothing is known of them. */
  readonly others: readonly X509Certificate[];
  /** Of the leaf. */
  readonly thumbprint: string;
  /** What the TLS of this process found when the connection was made; a proxy does not tell. */
  readonly isVerifiedByTls: boolean | undefined;
}

export interface Judgement {
  /** It never counts, whatever it is bound to. */
  readonly fault: CertificateFault | undefined;
  /** It leads to the configured client CA: the names in it are true. */
  readonly isTrusted: boolean;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
}

/** @returns SHA-256 over the DER form in base64url, as RFC 8705 section 3.1 has it */
export function thumbprintOf({ fingerprint256 }: X509Certificate): string {
  return Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
}

/** How many of a client's other certificates are looked at: nobody makes us try a thousand ways. */
const MOST_OTHERS = 4;

export function shown(
  leaf: X509Certificate,
  others: readonly X509Certificate[] = [],
  isVerifiedByTls?: boolean,
): ShownCertificate {
  return {
    leaf,
    others: others.slice(0, MOST_OTHERS),
    thumbprint: thumbprintOf(leaf),
    isVerifiedByTls,
  };
}

const PEM = /^-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----\s*$/;
/** A byte sequence of RFC 8941, which is how RFC 9440 has a certificate in a header. */
const BYTES = /^:([A-Za-z0-9+/]+={0,2}):$/;

/**
 * Reads a certificate out of a header.
 *
 * @param text percent-encoded PEM, as nginx gives it ($ssl_client_escaped_cert), or DER as RFC 9440 has it
 * @returns undefined where it is neither
 */
export function certificateIn(text: string): X509Certificate | undefined {
  try {
    const [, base64] = BYTES.exec(text) ?? [];
    if (base64 !== undefined) return new X509Certificate(Buffer.from(base64, 'base64'));
    const pem = decodeURIComponent(text);
    return PEM.test(pem) ? new X509Certificate(pem) : undefined;
  } catch {
    return undefined;
  }
}
