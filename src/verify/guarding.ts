/** What the adapters of all frameworks have in common. */
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { checkedRequirement, type Requirement } from './requirement.js';
import type { ClientToken, UserToken, VerifiedToken } from './token.js';
import { VerificationError } from './verification-error.js';
import type { PeerCertificate } from './certificate.js';
import type { Verifier } from './verifier.js';

export interface GuardOptions {
  /**
   * The certificate of the peer, where another than this process ends the TLS connection: from a header
   * that the proxy sets, and takes away where a client has sent it.
   */
  readonly certificate?: (request: IncomingMessage) => PeerCertificate | undefined;
  /** Hears of every refusal, for the log. */
  readonly onRefusal?: (error: VerificationError, request: IncomingMessage) => void;
}

/** Admits a request or throws VerificationError; anything else that is thrown is a failure of ours. */
export type Admit<Token> = (request: IncomingMessage) => Promise<Token>;

/** By the request itself, so that no member of it can be mistaken for a proof. */
const admitted = new WeakMap<object, VerifiedToken>();

/** @throws TypeError where the requirement would ask for nothing by mistake */
export function admission<Token extends VerifiedToken>(
  verifier: Verifier<Token>,
  requirement: Requirement,
  { certificate = peerCertificateOf, onRefusal }: GuardOptions,
): Admit<Token> {
  const require = checkedRequirement(requirement);
  return async (request) => {
    try {
      const shown = { certificate: certificate(request), require };
      return await verifier.verify(bearerOf(request), shown);
    } catch (error) {
      if (error instanceof VerificationError) onRefusal?.(error, request);
      throw error;
    }
  };
}

export function remember(request: object, token: VerifiedToken): void {
  admitted.set(request, token);
}

/**
 * Whose proof admitted the request.
 *
 * @throws Error on a route that no proof is required for: it was forgotten to guard it
 */
export function proofOf(request: object): UserToken {
  const token = admitted.get(request);
  if (token?.kind !== 'user')
    throw new Error('this request was admitted by no proof: guard its route');
  return token;
}

/**
 * Which application's own token admitted the request.
 *
 * @throws Error on a route that none is required for
 */
export function clientOf(request: object): ClientToken {
  const token = admitted.get(request);
  if (token?.kind !== 'client')
    throw new Error('this request was admitted by no client’s token: guard its route');
  return token;
}

/** From the header alone (RFC 6750 section 2.1): addresses with tokens in them end up in logs. */
function bearerOf({ headers: { authorization } }: IncomingMessage): string | undefined {
  return /^Bearer +(.*)$/is.exec(authorization ?? '')?.[1];
}

function peerCertificateOf({ socket }: IncomingMessage): X509Certificate | undefined {
  if (!('getPeerX509Certificate' in socket)) return undefined;
  return (socket.getPeerX509Certificate as () => X509Certificate | undefined)();
}
