import { Injectable } from '@nestjs/common';
import { sql, type Selectable } from 'kysely';
import { Envelope } from '../crypto/envelope.js';
import { Database, type Executor } from '../storage/database.js';
import type { SigningKeyRow } from '../storage/schema.js';
import type { KeyTimes } from './key-life.js';
import { decodeKey, encodeKey, type KeyMaterial, type SigningKey } from './signing-key.js';

/** Signing keys do not belong to a realm: their seal names this instead. */
const EVERY_REALM = '*';

@Injectable()
export class SigningKeysRepository {
  /** What was unsealed once is not unsealed again at each reading. */
  private opened: ReadonlyMap<string, KeyMaterial> = new Map();

  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
  ) {}

  /** Every key that has a row, the newest first. @throws EnvelopeError if one cannot be unsealed */
  async list(): Promise<SigningKey[]> {
    const rows = await this.database.kysely
      .selectFrom('signing_keys')
      .selectAll()
      .orderBy('signs_at', 'desc')
      .execute();
    const opened = new Map(rows.map((row) => [row.kid, this.open(row)]));
    this.opened = opened;
    return rows.flatMap((row) => {
      const material = opened.get(row.kid);
      return material === undefined ? [] : [{ ...material, ...timesOf(row) }];
    });
  }

  /**
   * The rows, kept from every other change to the end of the transaction: of two replicas that want to
   * change them one waits, and then sees what the other has done.
   */
  async hold(executor: Executor): Promise<KeyTimes[]> {
    await sql`LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE`.execute(executor);
    const rows = await executor.selectFrom('signing_keys').selectAll().execute();
    return rows.map(timesOf);
  }

  async add(
    executor: Executor,
    key: KeyMaterial,
    { publishedAt, signsAt }: Pick<KeyTimes, 'publishedAt' | 'signsAt'>,
  ): Promise<void> {
    await executor
      .insertInto('signing_keys')
      .values({
        kid: key.kid,
        private_key: this.envelope.seal(encodeKey(key), placeOf(key.kid)),
        published_at: publishedAt,
        signs_at: signsAt,
        retires_at: null,
        revoked_at: null,
      })
      .execute();
  }

  /** Changes the times of a key. */
  async set(
    executor: Executor,
    kid: string,
    { signsAt, retiresAt, revokedAt }: Partial<Omit<KeyTimes, 'kid' | 'publishedAt'>>,
  ): Promise<void> {
    await executor
      .updateTable('signing_keys')
      .set({
        ...(signsAt !== undefined && { signs_at: signsAt }),
        ...(retiresAt !== undefined && { retires_at: retiresAt }),
        ...(revokedAt !== undefined && { revoked_at: revokedAt }),
      })
      .where('kid', '=', kid)
      .execute();
  }

  async remove(executor: Executor, kids: readonly string[]): Promise<void> {
    await executor.deleteFrom('signing_keys').where('kid', 'in', kids).execute();
  }

  private open({ kid, private_key: sealed }: Selectable<SigningKeyRow>): KeyMaterial {
    return this.opened.get(kid) ?? decodeKey(this.envelope.open(sealed, placeOf(kid)));
  }
}

function timesOf(row: Selectable<SigningKeyRow>): KeyTimes {
  return {
    kid: row.kid,
    publishedAt: row.published_at,
    signsAt: row.signs_at,
    retiresAt: row.retires_at,
    revokedAt: row.revoked_at,
  };
}

function placeOf(kid: string) {
  return { table: 'signing_keys', column: 'private_key', realmId: EVERY_REALM, rowId: kid };
}
