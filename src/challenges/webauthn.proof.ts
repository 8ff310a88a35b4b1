import { Injectable } from '@nestjs/common';
import { sha256 } from '../crypto/digest.js';
import type { AuthenticationResponse } from '../factors/key-response.js';
import { SecurityKeys } from '../factors/security-keys.js';
import type { Charge } from './attempts.repository.js';
import type { Challenge } from './challenge.js';
import { KeyProofsRepository } from './key-proofs.repository.js';
import type { Claim, Comparison, ProofKind } from './proof-kind.js';

/** A claim on a challenge that a security key has signed. */
interface KeyClaim extends Claim {
  readonly challenge: Challenge & { readonly nonce: Uint8Array };
  readonly response: AuthenticationResponse;
}

/**
 * A challenge that a security key or a passkey has signed. Nobody guesses a signature, so what its attempts are
 * counted for is that nobody keeps the service busy with them. Where no user was named they are counted by the
 * credential that answers, the same for one that is known as for one that is not, and apart from its owner's:
 * rubbish in the name of a credential keeps its owner from the login without a name alone (S38).
 */
@Injectable()
export class WebauthnProof implements ProofKind {
  readonly types = ['webauthn'] as const;
  readonly budget = 'webauthn';
  readonly isOfFactor = true;
  readonly takes = 'response';
  readonly refusedAs = 'security_key_refused';

  constructor(
    private readonly keys: SecurityKeys,
    private readonly proofs: KeyProofsRepository,
  ) {}

  subjectOf({ userId, response }: Claim): string {
    return userId ?? `passkey:${sha256(response?.id ?? '').toString('base64url')}`;
  }

  async compare(claim: Claim, { factors }: Charge): Promise<Comparison> {
    const own = keyClaim(claim);
    if (own === undefined) return { reason: 'incorrect', why: 'challenge' };
    const { challenge, response, userId, now } = own;
    const factor =
      userId === null
        ? await this.keys.find(challenge.realmId, response.id)
        : factors.find(({ parameters }) => parameters['credential_id'] === response.id);
    if (factor === undefined)
      return { reason: factors.length > 0 ? 'incorrect' : 'no_factor', why: 'credential' };
    const use = await this.keys.match(factor, userId, response, challenge.nonce);
    if (use === 'counter') return { reason: 'counter_regressed', why: use };
    if (typeof use === 'string') return { reason: 'incorrect', why: use };
    const proven = { userId: factor.userId, factorId: factor.id, type: 'webauthn' } as const;
    return async (approval) => {
      const consumed = await this.proofs.consume({
        factorId: factor.id,
        challengeId: challenge.id,
        counter: use.counter,
        backedUp: use.backedUp,
        subject: this.subjectOf(claim),
        budget: this.budget,
        event: approval(proven),
        now,
      });
      const userCheck = use.userVerified ? 'verified' : 'present';
      return consumed ? { ...proven, method: use.proves, userCheck } : undefined;
    };
  }
}

/** @returns undefined where the challenge has been signed already */
function keyClaim(claim: Claim): KeyClaim | undefined {
  const { challenge, response } = claim;
  if (challenge === null || response === null)
    throw new Error('a security key is proved by its response to a challenge');
  const { nonce } = challenge;
  return nonce === null ? undefined : { ...claim, response, challenge: { ...challenge, nonce } };
}
