import { Injectable } from '@nestjs/common';
import { RelyingParties, type RelyingParty } from '../applications/relying-parties.js';
import { Clock } from '../clock.js';
import { CredentialsRepository } from './credentials.repository.js';
import type { Factor } from './factor.js';
import { FactorsRepository } from './factors.repository.js';
import type { AuthenticationResponse, CreationOptions, RequestOptions } from './key-response.js';
import type { KeyFault } from './key-fault.js';
import type { Checkable } from './method.js';
import { keyAlgorithms, keyOf, WebauthnMethod, type KeyUse } from './webauthn.method.js';

/** How long the browser's dialogue stays open: what Web Authentication recommends at least. */
const DIALOGUE_MS = 300_000;

/** What browsers are asked for, and whose the keys are. */
@Injectable()
export class SecurityKeys {
  constructor(
    private readonly repository: FactorsRepository,
    private readonly credentials: CredentialsRepository,
    private readonly parties: RelyingParties,
    private readonly method: WebauthnMethod,
    private readonly clock: Clock,
  ) {}

  /** What `navigator.credentials.create` needs, for a pending key. */
  async creationOptions(pending: Factor): Promise<CreationOptions> {
    const party = await this.parties.of(pending.realmId);
    const { user_handle: id, account_name: name } = keyOf(pending);
    return {
      rp: { id: party.id, name: party.name },
      user: { id, name, displayName: name },
      challenge: this.method.nonceOf(pending),
      pubKeyCredParams: keyAlgorithms.map((alg) => ({ type: 'public-key', alg })),
      timeout: DIALOGUE_MS,
      // A key that the user has already would only replace itself.
      excludeCredentials: await this.descriptors(pending.realmId, pending.userId, null),
      authenticatorSelection: {
        residentKey: 'preferred',
        requireResidentKey: false,
        userVerification: party.userVerification,
      },
      attestation: party.aaguids.length === 0 ? 'none' : 'direct',
      extensions: { credProps: true },
    };
  }

  /**
   * What `navigator.credentials.get` needs.
   *
   * @param userId null: whoever's passkey the browser finds, which then has to know its user
   * @param factorId null: any key of the user's
   */
  async requestOptions(
    realmId: string,
    userId: string | null,
    factorId: string | null,
    nonce: Uint8Array,
  ): Promise<RequestOptions> {
    const { id, userVerification } = await this.partyFor(realmId, userId);
    return {
      challenge: Buffer.from(nonce).toString('base64url'),
      timeout: DIALOGUE_MS,
      rpId: id,
      allowCredentials: userId === null ? [] : await this.descriptors(realmId, userId, factorId),
      userVerification,
    };
  }

  /** Whether the user has an active key. */
  async isAmong(realmId: string, userId: string): Promise<boolean> {
    return (await this.descriptors(realmId, userId, null)).length > 0;
  }

  /** The active key of that credential's id, base64url, whoever's it is in the realm. */
  find(realmId: string, credentialId: string): Promise<Checkable | undefined> {
    return this.credentials.find(realmId, Buffer.from(credentialId, 'base64url'));
  }

  /** @param userId null: as for `requestOptions` */
  async match(
    factor: Checkable,
    userId: string | null,
    response: AuthenticationResponse,
    nonce: Uint8Array,
  ): Promise<KeyUse | KeyFault> {
    // Who it is says the passkey alone: without its user's handle it says nobody (section 7.2, step 6).
    if (userId === null && response.response.userHandle == null) return 'user_handle';
    const party = await this.partyFor(factor.realmId, userId);
    const challenge = Buffer.from(nonce).toString('base64url');
    return this.method.match(factor, response, challenge, party);
  }

  /** The one factor of a login without a name has to be two in one. */
  private async partyFor(realmId: string, userId: string | null): Promise<RelyingParty> {
    const party = await this.parties.of(realmId);
    return userId === null ? { ...party, userVerification: 'required' } : party;
  }

  private async descriptors(realmId: string, userId: string, factorId: string | null) {
    const live = await this.repository.listLive(realmId, userId, this.clock.now());
    return live.flatMap((factor) => {
      if (factor.type !== 'webauthn' || factor.status !== 'active') return [];
      if (factorId !== null && factor.id !== factorId) return [];
      const { credential_id: id = '', transports = [] } = keyOf(factor);
      return [{ id, type: 'public-key' as const, ...(transports.length > 0 && { transports }) }];
    });
  }
}
