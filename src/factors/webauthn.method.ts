import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { RelyingParty } from '../applications/relying-parties.js';
import { Envelope } from '../crypto/envelope.js';
import type { Factor } from './factor.js';
import { faultOfCeremony, type Expected, type KeyFault } from './key-fault.js';
import { authenticatorTransports } from './key-response.js';
import type { AuthenticationResponse, RegistrationResponse } from './key-response.js';
import { secretPlace, type Checkable, type Enrolment, type FactorPlace } from './method.js';

/** What a security key is called whose user has given it no name. */
export const KEY_NAME = 'Security key';

/** More than the 16 bytes that make a challenge unguessable. */
const NONCE_BYTES = 32;

/** ES256, EdDSA (Ed25519) and RS256, by their numbers in COSE; the first that a key knows is taken. */
export const keyAlgorithms = [-7, -8, -257] as const;

/** A statement that says nothing of the model, or says it by the key itself. */
const plainFormats: readonly string[] = ['none', 'packed', 'fido-u2f'];
/** Statements by which a maker vouches for a model; those whose check would ask the network are not among them. */
const vouchingFormats: readonly string[] = ['packed', 'tpm'];

/** A security key's parameters as they are stored. */
const storedParameters = z.object({
  /** Whose key it is, as the authenticator knows them: random, the same for all keys of a user. */
  user_handle: z.string(),
  account_name: z.string(),
  credential_id: z.string().optional(),
  aaguid: z.string().optional(),
  algorithm: z.int().optional(),
  transports: z.array(z.enum(authenticatorTransports)).optional(),
  backup_eligible: z.boolean().optional(),
  backed_up: z.boolean().optional(),
});
export type KeyParameters = z.infer<typeof storedParameters>;

export interface WebauthnRequest {
  readonly accountName: string;
}

/** A key that has just been made. */
export interface NewKey {
  readonly credentialId: Uint8Array;
  /** Sealed. */
  readonly secret: Uint8Array;
  readonly parameters: KeyParameters;
  readonly counter: number;
}

/** What a key's answer proved. */
export interface KeyUse {
  readonly counter: number;
  readonly userVerified: boolean;
  readonly backedUp: boolean;
  /** `swk` for a key that may be copied to other devices, `hwk` for one that stays in its own (RFC 8176). */
  readonly proves: 'hwk' | 'swk';
}

/** The library brings parsers of ASN.1 along: who uses no security keys does not wait for them. */
const library = () => import('@simplewebauthn/server');
const libraryParts = () => import('@simplewebauthn/server/helpers');

/**
 * Security keys and passkeys (Web Authentication level 3). While a factor is pending its secret is the challenge
 * that a new key has to sign; from then on it is the key's public half: no secret, but sealed to its row, so that
 * who can write to the database cannot put a key of their own in its place.
 */
@Injectable()
export class WebauthnMethod {
  readonly type = 'webauthn';

  constructor(private readonly envelope: Envelope) {}

  /** @param live the user's factors: all their keys have one user handle */
  enrol(place: FactorPlace, { accountName }: WebauthnRequest, live: readonly Factor[]): Enrolment {
    const sibling = live.find(({ type }) => type === this.type);
    return {
      secret: this.envelope.seal(randomBytes(NONCE_BYTES), secretPlace(place)),
      lookup: null,
      parameters: {
        user_handle: sibling ? keyOf(sibling).user_handle : randomBytes(32).toString('base64url'),
        account_name: accountName,
      } satisfies KeyParameters,
      defaultName: KEY_NAME,
    };
  }

  /** The challenge of a pending factor, base64url. */
  nonceOf(pending: Checkable): string {
    if (pending.secret === null) throw new Error('a pending key has no challenge');
    return this.envelope.open(pending.secret, secretPlace(pending)).toString('base64url');
  }

  /** @returns the key that a pending factor becomes, or what is wrong with the answer */
  async register(
    pending: Checkable,
    response: RegistrationResponse,
    party: RelyingParty,
  ): Promise<NewKey | KeyFault> {
    const { verifyRegistrationResponse } = await library();
    const { cose, decodeAttestationObject, decodeCredentialPublicKey, parseAuthenticatorData } =
      await libraryParts();
    const { clientDataJSON, attestationObject } = response.response;
    const expected = this.expected('webauthn.create', this.nonceOf(pending), party);
    try {
      const attestation = decodeAttestationObject(Buffer.from(attestationObject, 'base64url'));
      const data = attestation.get('authData');
      const fault =
        faultOfCeremony(clientDataJSON, data, expected) ?? faultOfStatement(attestation, party);
      if (fault !== undefined) return fault;
      const { credentialPublicKey } = parseAuthenticatorData(data);
      if (credentialPublicKey === undefined) return 'malformed';
      const algorithm = decodeCredentialPublicKey(credentialPublicKey).get(cose.COSEKEYS.alg) ?? 0;
      if (!keyAlgorithms.some((known) => known === (algorithm as number))) return 'algorithm';
      const { verified, registrationInfo: made } = await verifyRegistrationResponse({
        response: { ...response, clientExtensionResults: {} } as Parameters<
          typeof verifyRegistrationResponse
        >[0]['response'],
        ...libraryOptions(expected),
        supportedAlgorithmIDs: [...keyAlgorithms],
      });
      if (!verified) return 'attestation';
      if (made.credential.id !== response.id) return 'credential';
      if (party.aaguids.length > 0 && !party.aaguids.includes(made.aaguid)) return 'authenticator';
      return {
        credentialId: Buffer.from(made.credential.id, 'base64url'),
        secret: this.envelope.seal(made.credential.publicKey, secretPlace(pending)),
        parameters: {
          ...keyOf(pending),
          credential_id: made.credential.id,
          aaguid: made.aaguid,
          algorithm,
          transports: known(response.response.transports ?? []),
          backup_eligible: made.credentialDeviceType === 'multiDevice',
          backed_up: made.credentialBackedUp,
        },
        counter: made.credential.counter,
      };
    } catch {
      // The library says by an error what it does not accept; what remained is the statement and the format.
      return 'malformed';
    }
  }

  /** @returns what an active key's answer proves, or what is wrong with it */
  async match(
    factor: Checkable,
    response: AuthenticationResponse,
    nonce: string,
    party: RelyingParty,
  ): Promise<KeyUse | KeyFault> {
    const { verifyAuthenticationResponse } = await library();
    const { clientDataJSON, authenticatorData, userHandle } = response.response;
    const { credential_id, user_handle, backup_eligible } = keyOf(factor);
    if (factor.secret === null || credential_id !== response.id) return 'credential';
    const data = Buffer.from(authenticatorData, 'base64url');
    const expected = this.expected('webauthn.get', nonce, party);
    const fault = faultOfCeremony(clientDataJSON, data, expected);
    if (fault !== undefined) return fault;
    if (userHandle != null && userHandle !== user_handle) return 'user_handle';
    const publicKey = this.envelope.open(factor.secret, secretPlace(factor));
    try {
      const { verified, authenticationInfo: used } = await verifyAuthenticationResponse({
        response: { ...response, clientExtensionResults: {} } as Parameters<
          typeof verifyAuthenticationResponse
        >[0]['response'],
        ...libraryOptions(expected),
        // The counter is compared below, once the signature is known to be the key's.
        credential: { id: credential_id, publicKey: new Uint8Array(publicKey), counter: 0 },
      });
      if (!verified) return 'signature';
      const eligible = used.credentialDeviceType === 'multiDevice';
      if (eligible !== backup_eligible) return 'backup_eligibility';
      if (!counterRises(factor.lastStep ?? 0, used.newCounter)) return 'counter';
      return {
        counter: used.newCounter,
        userVerified: used.userVerified,
        backedUp: used.credentialBackedUp,
        proves: eligible ? 'swk' : 'hwk',
      };
    } catch {
      return 'malformed';
    }
  }

  private expected(type: Expected['type'], challenge: string, party: RelyingParty): Expected {
    const { id: rpId, origins, userVerification } = party;
    return { type, challenge, origins, rpId, userVerification: userVerification === 'required' };
  }
}

/** What is known of a security key beside its public half. */
export function keyOf({ parameters }: Pick<Checkable, 'parameters'>): KeyParameters {
  return storedParameters.parse(parameters);
}

/** Synced passkeys count nothing and say nought for ever; any other counter only rises (section 6.1.1). */
export function counterRises(before: number, now: number): boolean {
  return now > before || (now === 0 && before === 0);
}

/** Where models are listed, a maker has to vouch for this one; a key that vouches for itself does not count. */
function faultOfStatement(
  attestation: { get(key: 'fmt'): string; get(key: 'attStmt'): unknown },
  { aaguids }: RelyingParty,
): KeyFault | undefined {
  const format = attestation.get('fmt');
  if (aaguids.length === 0) return plainFormats.includes(format) ? undefined : 'attestation';
  const statement = attestation.get('attStmt') as ReadonlyMap<string, unknown>;
  const isVouched = vouchingFormats.includes(format) && statement.get('x5c') !== undefined;
  return isVouched ? undefined : 'attestation';
}

function libraryOptions({ challenge, origins, rpId, userVerification }: Expected) {
  return {
    expectedChallenge: challenge,
    expectedOrigin: [...origins],
    expectedRPID: rpId,
    requireUserVerification: userVerification,
  };
}

function known(transports: readonly string[]) {
  return authenticatorTransports.filter((transport) => transports.includes(transport));
}
