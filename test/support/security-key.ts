/** A security key in software, with the browser it is plugged into: real keys, real signatures, real CBOR. */
import 'reflect-metadata';
import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  sign,
  webcrypto,
  type KeyObject,
} from 'node:crypto';
import { Extension, X509CertificateGenerator } from '@peculiar/x509';
import type {
  AuthenticationResponse,
  CreationOptions,
  RegistrationResponse,
  RequestOptions,
} from '../../src/factors/key-response.js';
import { cbor, octetString } from './cbor.js';
import type { CallOptions, TestApplication } from './application.js';

export type KeyAlgorithm = 'ES256' | 'EdDSA' | 'RS256' | 'ES384';

/** What is otherwise than an honest browser and an honest key would have it. */
export interface Lies {
  readonly type?: string;
  readonly challenge?: string;
  readonly origin?: string;
  readonly client?: Record<string, unknown>;
  readonly rpId?: string;
  readonly present?: boolean;
  readonly verified?: boolean;
  readonly eligible?: boolean;
  readonly counter?: number;
  readonly userHandle?: string | null;
  readonly signer?: KeyObject;
  readonly attestation?: 'none' | 'self' | 'certified' | 'forged';
}

const numbers = { ES256: -7, EdDSA: -8, RS256: -257, ES384: -35 } as const;
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();
const uint = (value: number, bytes: number) => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
};

interface Making {
  readonly algorithm?: KeyAlgorithm;
  readonly origin?: string;
  /** It may be copied, and counts nothing. */
  readonly synced?: boolean;
  /** Whether it knows its user. */
  readonly verifies?: boolean;
  readonly aaguid?: string;
}

export class SecurityKey {
  readonly id = randomBytes(32);
  readonly aaguid: string;
  readonly privateKey: KeyObject;
  counter = 0;
  userHandle = '';
  private readonly publicKey: KeyObject;
  private readonly algorithm: KeyAlgorithm;
  private readonly origin: string;
  private readonly synced: boolean;
  private readonly verifies: boolean;

  constructor(making: Making = {}) {
    const { algorithm = 'ES256', origin = 'https://mfa.example' } = making;
    const { synced = false, verifies = false } = making;
    this.aaguid = making.aaguid ?? '00000000-0000-0000-0000-000000000000';
    const { privateKey, publicKey } = keysOf(algorithm);
    this.privateKey = privateKey;
    this.publicKey = publicKey;
    this.algorithm = algorithm;
    this.origin = origin;
    this.synced = synced;
    this.verifies = verifies;
  }

  get credentialId(): string {
    return this.id.toString('base64url');
  }

  /** `navigator.credentials.create` */
  async create(options: CreationOptions, lies: Lies = {}): Promise<RegistrationResponse> {
    this.userHandle = options.user.id;
    const client = this.client('webauthn.create', options.challenge, lies);
    const data = this.data(lies.rpId ?? options.rp.id, lies, true);
    const statement = await this.statement(lies, Buffer.concat([data, sha256(client)]));
    const attestation = cbor(new Map<string, unknown>([...statement, ['authData', data]]));
    return {
      ...this.named(),
      response: {
        clientDataJSON: client.toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: ['usb', 'carrier-pigeon'],
      },
    };
  }

  /** `navigator.credentials.get` */
  get(options: RequestOptions, lies: Lies = {}): AuthenticationResponse {
    const client = this.client('webauthn.get', options.challenge, lies);
    const data = this.data(lies.rpId ?? options.rpId, lies, false);
    const signed = Buffer.concat([data, sha256(client)]);
    return {
      ...this.named(),
      response: {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: this.sign(signed, lies.signer ?? this.privateKey).toString('base64url'),
        userHandle: lies.userHandle === undefined ? this.userHandle : lies.userHandle,
      },
    };
  }

  private named() {
    return { id: this.credentialId, rawId: this.credentialId, type: 'public-key' as const };
  }

  private client(type: string, challenge: string, lies: Lies): Buffer {
    const said = { type: lies.type ?? type, challenge: lies.challenge ?? challenge };
    const origin = lies.origin ?? this.origin;
    return Buffer.from(JSON.stringify({ ...said, origin, crossOrigin: false, ...lies.client }));
  }

  private data(rpId: string, lies: Lies, attested: boolean): Buffer {
    const counter = lies.counter ?? (this.synced ? 0 : ++this.counter);
    const flags =
      ((lies.present ?? true) ? 0x01 : 0) |
      ((lies.verified ?? this.verifies) ? 0x04 : 0) |
      ((lies.eligible ?? this.synced) ? 0x18 : 0) |
      (attested ? 0x40 : 0);
    const head = Buffer.concat([sha256(rpId), Buffer.from([flags]), uint(counter, 4)]);
    if (!attested) return head;
    const model = Buffer.from(this.aaguid.replaceAll('-', ''), 'hex');
    return Buffer.concat([head, model, uint(this.id.length, 2), this.id, cbor(this.cose())]);
  }

  private cose(): Map<number, unknown> {
    const jwk = this.publicKey.export({ format: 'jwk' });
    const part = (name: 'x' | 'y' | 'n' | 'e') => Buffer.from(jwk[name] ?? '', 'base64url');
    const alg = numbers[this.algorithm];
    if (this.algorithm === 'RS256') {
      return new Map<number, unknown>([
        [1, 3],
        [3, alg],
        [-1, part('n')],
        [-2, part('e')],
      ]);
    }
    if (this.algorithm === 'EdDSA') {
      return new Map<number, unknown>([
        [1, 1],
        [3, alg],
        [-1, 6],
        [-2, part('x')],
      ]);
    }
    const curve = this.algorithm === 'ES384' ? 2 : 1;
    const head = [
      [1, 2],
      [3, alg],
      [-1, curve],
    ] as const;
    return new Map<number, unknown>([...head, [-2, part('x')], [-3, part('y')]]);
  }

  private sign(data: Buffer, key: KeyObject): Buffer {
    return sign(this.algorithm === 'EdDSA' ? null : 'sha256', data, key);
  }

  private async statement(lies: Lies, signed: Buffer): Promise<[string, unknown][]> {
    const { attestation = 'none' } = lies;
    if (attestation === 'none')
      return [
        ['fmt', 'none'],
        ['attStmt', new Map()],
      ];
    const own = new Map<string, unknown>([
      ['alg', numbers[this.algorithm]],
      ['sig', this.sign(signed, this.privateKey)],
    ]);
    if (attestation === 'self')
      return [
        ['fmt', 'packed'],
        ['attStmt', own],
      ];
    const { certificate, key } = await this.maker();
    const made = new Uint8Array(await webcrypto.subtle.sign(maker, key, new Uint8Array(signed)));
    const forged = attestation === 'forged' ? randomBytes(64) : Buffer.from(made);
    const statement = new Map<string, unknown>([
      ['alg', -7],
      ['sig', derSignature(forged)],
      ['x5c', [certificate]],
    ]);
    return [
      ['fmt', 'packed'],
      ['attStmt', statement],
    ];
  }

  /** A certificate as Web Authentication section 8.2.1 wants it, with the model in it. */
  private async maker() {
    const keys = await webcrypto.subtle.generateKey(maker, true, ['sign', 'verify']);
    const model = Buffer.from(this.aaguid.replaceAll('-', ''), 'hex');
    const { rawData } = await X509CertificateGenerator.createSelfSigned({
      keys,
      name: 'C=SE, O=Maker, OU=Authenticator Attestation, CN=Maker of keys',
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2045-01-01'),
      signingAlgorithm: maker,
      extensions: [
        new Extension('2.5.29.19', false, Buffer.from('3000', 'hex')),
        new Extension('1.3.6.1.4.1.45724.1.1.4', false, new Uint8Array(octetString(model))),
      ],
    });
    return { certificate: Buffer.from(rawData), key: keys.privateKey };
  }
}

const maker = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

function keysOf(algorithm: KeyAlgorithm) {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ec', { namedCurve: algorithm === 'ES384' ? 'P-384' : 'P-256' });
}

/** r and s side by side, as an ASN.1 sequence of two integers. */
function derSignature(raw: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    const trimmed = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
    const body = (trimmed[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), trimmed]) : trimmed;
    return Buffer.concat([Buffer.of(0x02, body.length), body]);
  };
  const both = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  return Buffer.concat([Buffer.of(0x30, both.length), both]);
}

/** Begins to enrol a key. */
export function beginKey(
  service: TestApplication,
  userId: string,
  body: Record<string, unknown> = {},
  options: CallOptions = {},
) {
  return service.call(
    'POST',
    `/v1/users/${userId}/factors`,
    { type: 'webauthn', ...body },
    options,
  );
}

/** Enrols a key as a user's active factor. @returns its factor's id */
export async function enrolKey(
  service: TestApplication,
  userId: string,
  key: SecurityKey,
  options: CallOptions = {},
): Promise<string> {
  const { body } = await beginKey(service, userId, {}, options);
  const response = await key.create(body.webauthn.options as CreationOptions);
  const path = `/v1/factors/${body.id as string}/activate`;
  const active = await service.call('POST', path, { response }, options);
  if (active.status !== 200) throw new Error(`activation was answered ${active.text}`);
  return body.id as string;
}

export interface OpenedKeyChallenge {
  readonly id: string;
  readonly options: RequestOptions;
}

/** Opens a challenge for a user's keys, or for any passkey where no user is named. */
export async function openForKey(
  service: TestApplication,
  userId?: string,
  more: Record<string, unknown> = {},
  options: CallOptions = {},
): Promise<OpenedKeyChallenge> {
  const body = { type: 'webauthn', ...(userId !== undefined && { user_id: userId }), ...more };
  const answer = await service.call('POST', '/v1/challenges', body, options);
  if (answer.status !== 201) throw new Error(`the challenge was answered ${answer.text}`);
  return { id: answer.body.id as string, options: answer.body.webauthn.options as RequestOptions };
}

export const verifyKey = (
  service: TestApplication,
  challengeId: string,
  response: AuthenticationResponse,
  more: Record<string, unknown> = {},
  options: CallOptions = {},
) => service.call('POST', `/v1/challenges/${challengeId}/verify`, { response, ...more }, options);
