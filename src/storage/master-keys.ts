import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { sql } from 'kysely';
import { Clock } from '../clock.js';
import { Keyring } from '../crypto/keyring.js';
import { Database } from './database.js';

/** How long a process may have gone on writing under a key after it noted that it did. */
export const NOTED_WITHIN_MS = 900_000;

/**
 * Which master key wrote until when. What is sealed tells its key; a keyed hash does not, and lives for as long
 * as what it belongs to: how long the key must still be there to tell follows from when it wrote last.
 */
@Injectable()
export class MasterKeys implements OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    return this.note();
  }

  /** Notes that this process writes under its first key: at its start, and again within the time above. */
  async note(): Promise<void> {
    const now = this.clock.now();
    await this.database.kysely
      .insertInto('master_keys')
      .values({ id: this.keyring.currentId, wrote_at: now })
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet({
          wrote_at: sql<Date>`greatest(master_keys.wrote_at, excluded.wrote_at)`,
        }),
      )
      .execute();
  }

  /** Until when each key has written, by its id. */
  async list(): Promise<Map<string, Date>> {
    const rows = await this.database.kysely.selectFrom('master_keys').selectAll().execute();
    return new Map(rows.map(({ id, wrote_at }) => [id, wrote_at]));
  }

  /** The last end of the sessions with refresh tokens that live and had begun by then. */
  async lastEndOfSessions(begunBy: Date): Promise<Date | null> {
    const now = this.clock.now();
    const { end } = await this.database.kysely
      .selectFrom('sessions')
      .select(({ fn }) => fn.max('ends_at').as('end'))
      .where('refresh_hash', 'is not', null)
      .where('revoked_at', 'is', null)
      .where('idle_ends_at', '>', now)
      .where('ends_at', '>', now)
      .where('created_at', '<=', begunBy)
      .executeTakeFirstOrThrow();
    return end;
  }
}
