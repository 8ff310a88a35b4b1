import { createHash, X509Certificate } from 'node:crypto';
import type { CommonClaims } from './token.js';
import { VerificationError } from './verification-error.js';

/** The certificate that a request came with: as Node has it, PEM, or the bytes of its DER. */
export type PeerCertificate = X509Certificate | string | Uint8Array;

/** @returns SHA-256 over the DER, base64url without padding (RFC 8705 section 3.1) */
export function thumbprintOf(certificate: PeerCertificate): string {
  const { raw } =
    certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate);
  return createHash('sha256').update(raw).digest('base64url');
}

/**
 * Holds a token to the certificate that it is bound to. That the peer has the certificate's key was shown by
 * the handshake; who signed the certificate does not matter to the binding (RFC 8705 section 2.2).
 *
 * @throws VerificationError `certificate_missing`, `certificate_mismatch`, `token_unbound`
 */
export function checkBinding(
  { certificateThumbprint: bound }: Pick<CommonClaims, 'certificateThumbprint'>,
  certificate: PeerCertificate | undefined,
  mustBeBound: boolean,
): void {
  if (bound === undefined) {
    if (mustBeBound) throw new VerificationError('token_unbound', 'the token has no cnf');
    return;
  }
  if (certificate === undefined)
    throw new VerificationError('certificate_missing', 'the request came without a certificate');
  const seen = thumbprint(certificate);
  if (seen !== bound)
    throw new VerificationError('certificate_mismatch', `bound to ${bound}, and ${seen} was seen`);
}

function thumbprint(certificate: PeerCertificate): string {
  try {
    return thumbprintOf(certificate);
  } catch (cause) {
    throw new VerificationError('certificate_mismatch', 'this is no certificate', { cause });
  }
}
