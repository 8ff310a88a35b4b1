import { Injectable } from '@nestjs/common';
import type { Selectable } from 'kysely';
import { Database, type Executor } from '../storage/database.js';
import type { BypassCodeRow } from '../storage/schema/bypass-code-row.js';
import type { BypassCode } from './bypass-code.js';

/** A code with what it is compared by. */
export interface StoredBypassCode extends BypassCode {
  /** Sealed hash; null once it is over. */
  readonly sealed: Uint8Array | null;
}

const PAGE = 1_000;

@Injectable()
export class BypassCodesRepository {
  constructor(private readonly database: Database) {}

  async needsSecond(realmId: string, executor: Executor = this.database.kysely): Promise<boolean> {
    const row = await executor
      .selectFrom('realms')
      .select('bypass_needs_second')
      .where('id', '=', realmId)
      .executeTakeFirstOrThrow();
    return row.bypass_needs_second;
  }

  async setNeedsSecond(executor: Executor, realmId: string, needsSecond: boolean): Promise<void> {
    await executor
      .updateTable('realms')
      .set({ bypass_needs_second: needsSecond })
      .where('id', '=', realmId)
      .execute();
  }

  async add(executor: Executor, code: StoredBypassCode): Promise<void> {
    const { id, realmId, userId, sealed, reason, createdBy, createdAt } = code;
    const { approvedBy, expiresAt, usedAt, revokedAt } = code;
    await executor
      .insertInto('bypass_codes')
      .values({
        ...{ id, realm_id: realmId, user_id: userId, code: sealed, reason },
        ...{ created_by: createdBy, created_at: createdAt, approved_by: approvedBy },
        ...{ expires_at: expiresAt, used_at: usedAt, revoked_at: revokedAt },
      })
      .execute();
  }

  /** The code of a user's that is neither used nor revoked; it may have expired, or wait for its approval. */
  async findLive(realmId: string, userId: string): Promise<StoredBypassCode | undefined> {
    const row = await this.database.kysely
      .selectFrom('bypass_codes')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .where('used_at', 'is', null)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return row && toCode(row);
  }

  /** Holds the code to the end of the transaction. */
  async lock(
    executor: Executor,
    realmId: string,
    id: string,
  ): Promise<StoredBypassCode | undefined> {
    const row = await executor
      .selectFrom('bypass_codes')
      .selectAll()
      .where('id', '=', id)
      .where('realm_id', '=', realmId)
      .forUpdate()
      .executeTakeFirst();
    return row && toCode(row);
  }

  /** The newest first. */
  async list(realmId: string, userId: string | undefined): Promise<BypassCode[]> {
    const rows = await this.database.kysely
      .selectFrom('bypass_codes')
      .selectAll()
      .where('realm_id', '=', realmId)
      .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
      .orderBy('id', 'desc')
      .limit(PAGE)
      .execute();
    return rows.map(toCode);
  }

  async approve(executor: Executor, id: string, by: string): Promise<void> {
    await executor
      .updateTable('bypass_codes')
      .set({ approved_by: by })
      .where('id', '=', id)
      .execute();
  }

  /** Ends what is live of a user's. @returns the ids */
  async revoke(
    executor: Executor,
    of: { readonly realmId: string; readonly userId: string },
    now: Date,
  ): Promise<string[]> {
    const rows = await executor
      .updateTable('bypass_codes')
      .set({ revoked_at: now, code: null })
      .where('realm_id', '=', of.realmId)
      .where('user_id', '=', of.userId)
      .where('used_at', 'is', null)
      .where('revoked_at', 'is', null)
      .returning('id')
      .execute();
    return rows.map(({ id }) => id);
  }
}

function toCode(row: Selectable<BypassCodeRow>): StoredBypassCode {
  return {
    id: row.id,
    realmId: row.realm_id,
    userId: row.user_id,
    sealed: row.code,
    reason: row.reason,
    createdBy: row.created_by,
    createdAt: row.created_at,
    approvedBy: row.approved_by,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    revokedAt: row.revoked_at,
  };
}
