import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../clock.js';
import { sha256 } from '../crypto/digest.js';
import { Envelope } from '../crypto/envelope.js';
import { Database } from '../storage/database.js';
import { isStorageUnavailable } from '../storage/failure.js';
import { encodeHeader } from './sign-jwt.js';

/** The one algorithm; a key is good for nothing else (S81). */
export const ALGORITHM = 'ES256';

/**
 * The `typ` of each kind of token, by which none is taken for another (S83): a user's access token
 * (RFC 9068), and an application's own.
 */
export const tokenTypes = ['at+jwt', 'client+jwt'] as const;
export type TokenType = (typeof tokenTypes)[number];

export interface SigningKey {
  readonly kid: string;
  /** The headers of the tokens it signs, encoded. */
  readonly headers: Readonly<Record<TokenType, string>>;
  readonly privateKey: KeyObject;
  readonly publicPem: string;
  readonly publicJwk: Readonly<Record<string, string>>;
}

/** Signing keys do not belong to a realm: their seal names this instead. */
const EVERY_REALM = '*';
const RELOAD_MS = 60_000;

/**
 * The keys that sign access tokens: made at the first start, sealed in the database, the same for
 * every replica. All of them are published; the active one signs.
 */
@Injectable()
export class SigningKeys implements OnApplicationBootstrap {
  private keys: readonly SigningKey[] = [];
  private active: SigningKey | undefined;
  private loadedAt = 0;

  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.reload();
    if (this.active !== undefined) return;
    await this.make();
    await this.reload();
  }

  /** The key that signs now. */
  current(): SigningKey {
    if (this.active === undefined) throw new Error('there is no active signing key');
    return this.active;
  }

  /** @returns the published key of that id; an id only selects, it never fetches (S82) */
  find(kid: string): SigningKey | undefined {
    return this.keys.find((key) => key.kid === kid);
  }

  /** Every published key, read again from the database when the last reading is a minute old. */
  async published(): Promise<readonly SigningKey[]> {
    const age = Math.abs(this.clock.now().getTime() - this.loadedAt);
    if (age < RELOAD_MS) return this.keys;
    // Tokens can be checked while the database is away: what was published stays true.
    return this.reload().catch((error: unknown) => {
      if (isStorageUnavailable(error)) return this.keys;
      throw error;
    });
  }

  /** Reads the keys again, and fails if one of them cannot be unsealed. */
  async reload(): Promise<readonly SigningKey[]> {
    const rows = await this.database.kysely
      .selectFrom('signing_keys')
      .selectAll()
      .orderBy('created_at', 'desc')
      .execute();
    this.keys = rows.map(({ kid, private_key, public_jwk }) => {
      const der = this.envelope.open(private_key, placeOf(kid));
      const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      const publicPem = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' });
      const headerOf = (typ: TokenType) => encodeHeader({ alg: ALGORITHM, typ, kid });
      const headers = { 'at+jwt': headerOf('at+jwt'), 'client+jwt': headerOf('client+jwt') };
      return {
        kid,
        headers,
        privateKey,
        publicPem: publicPem.toString(),
        publicJwk: public_jwk,
      };
    });
    const activeKid = rows.find(({ status }) => status === 'active')?.kid;
    this.active = this.keys.find(({ kid }) => kid === activeKid);
    this.loadedAt = this.clock.now().getTime();
    return this.keys;
  }

  private async make(): Promise<void> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
    if (!kty || !crv || !x || !y) throw new Error('the new key has no public coordinates');
    const kid = thumbprint({ crv, kty, x, y });
    const jwk = { kty, crv, x, y, kid, use: 'sig', alg: ALGORITHM };
    await this.database.kysely
      .insertInto('signing_keys')
      .values({
        kid,
        algorithm: ALGORITHM,
        status: 'active',
        public_jwk: JSON.stringify(jwk),
        private_key: this.envelope.seal(
          privateKey.export({ format: 'der', type: 'pkcs8' }),
          placeOf(kid),
        ),
        created_at: this.clock.now(),
      })
      // Another replica was first: its key is the one.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

function placeOf(kid: string) {
  return { table: 'signing_keys', column: 'private_key', realmId: EVERY_REALM, rowId: kid };
}

/** RFC 7638: SHA-256 over the required members in their order. */
function thumbprint(members: { crv: string; kty: string; x: string; y: string }): string {
  return sha256(JSON.stringify(members)).toString('base64url');
}
