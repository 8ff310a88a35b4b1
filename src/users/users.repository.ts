import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Database, type Executor } from '../storage/database.js';
import type { User } from './user.js';

const PAGE = 1_000;

@Injectable()
export class UsersRepository {
  constructor(private readonly database: Database) {}

  /** Makes the user where it is new, and holds its row to the end of the transaction. */
  async findOrAddLocked(executor: Executor, realmId: string, user: User): Promise<void> {
    await executor
      .insertInto('users')
      .values({ realm_id: realmId, user_id: user.userId, created_at: user.createdAt })
      .onConflict((conflict) => conflict.columns(['realm_id', 'user_id']).doNothing())
      .execute();
    await this.lock(executor, realmId, user.userId);
  }

  /** Holds a user's row to the end of the transaction. @returns false where there is no such user */
  async lock(executor: Executor, realmId: string, userId: string): Promise<boolean> {
    const row = await executor
      .selectFrom('users')
      .select('user_id')
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .forUpdate()
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Makes several where they are new, and holds them; sorted by id, so that two callers do not wait for each other. */
  async findOrAddAllLocked(
    executor: Executor,
    realmId: string,
    userIds: readonly string[],
    createdAt: Date,
  ): Promise<void> {
    if (userIds.length === 0) return;
    await executor
      .insertInto('users')
      .values(
        userIds.map((userId) => ({ realm_id: realmId, user_id: userId, created_at: createdAt })),
      )
      .onConflict((conflict) => conflict.columns(['realm_id', 'user_id']).doNothing())
      .execute();
    await executor
      .selectFrom('users')
      .select('user_id')
      .where('realm_id', '=', realmId)
      .where('user_id', 'in', userIds)
      .orderBy('user_id')
      .forUpdate()
      .execute();
  }

  /** A page of a realm's users by their ids, after the one given. */
  async list(realmId: string, after = ''): Promise<User[]> {
    return this.database.kysely
      .selectFrom('users')
      .select(['user_id as userId', 'created_at as createdAt'])
      .where('realm_id', '=', realmId)
      .where('user_id', '>', after)
      .orderBy('user_id')
      .limit(PAGE)
      .execute();
  }

  /** Forgets what was counted against the user under one name. */
  async clearBudget(
    executor: Executor,
    realmId: string,
    userId: string,
    kind: string,
  ): Promise<void> {
    await executor
      .deleteFrom('attempt_budgets')
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .where('kind', '=', kind)
      .execute();
  }

  /** Lifts every lock of the user, and of the user's phones and passkeys. @returns whether there was anything to lift */
  async clearBudgets(executor: Executor, realmId: string, userId: string): Promise<boolean> {
    const { numDeletedRows } = await executor
      .deleteFrom('attempt_budgets')
      .where('realm_id', '=', realmId)
      .where((where) =>
        where.or([
          where('user_id', '=', userId),
          // Attempts on a phone are counted by its number (challenges/phone.proof.ts).
          where.and([
            where('kind', '=', 'phone'),
            where('user_id', 'in', lookupsOf(executor, realmId, userId).select(phoneSubject)),
          ]),
          // And those on a passkey that nobody was named for by its credential (challenges/webauthn.proof.ts).
          where.and([
            where('kind', '=', 'webauthn'),
            where('user_id', 'in', keysOf(executor, realmId, userId).select(passkeySubject)),
          ]),
        ]),
      )
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  /**
   * Deletes the user with all that hangs on it; the audit keeps what happened under `pseudonym`.
   *
   * @returns false where there is no such user
   */
  async erase(
    executor: Executor,
    realmId: string,
    userId: string,
    pseudonym: string,
  ): Promise<boolean> {
    await executor
      .deleteFrom('challenges')
      .where('realm_id', '=', realmId)
      .where((where) =>
        where.or([
          where('user_id', '=', userId),
          where.and([
            where('user_id', 'is', null),
            where('phone_hash', 'in', lookupsOf(executor, realmId, userId).select('lookup')),
          ]),
        ]),
      )
      .execute();
    await executor
      .deleteFrom('links')
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .execute();
    await executor
      .deleteFrom('send_counters')
      .where('key', '=', `user/${realmId}/${userId}`)
      .execute();
    await releaseTokens(executor, realmId, userId);
    const { numDeletedRows } = await executor
      .deleteFrom('users')
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .executeTakeFirst();
    await executor
      .updateTable('audit_events')
      .set({ user_id: pseudonym })
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .execute();
    return numDeletedRows > 0n;
  }
}

/**
 * Hardware tokens that the user had go back with what was used up of them: factors/factors.service.ts does the
 * same for one factor.
 */
async function releaseTokens(executor: Executor, realmId: string, userId: string): Promise<void> {
  await executor
    .updateTable('hardware_tokens')
    .from('factors')
    .set((set) => ({
      status: sql<string>`CASE hardware_tokens.status WHEN 'active' THEN 'used' ELSE 'stock' END`,
      factor_id: null,
      last_step: set.ref('factors.last_step'),
      drift_steps: set.ref('factors.drift_steps'),
    }))
    .whereRef('factors.id', '=', 'hardware_tokens.factor_id')
    .where('factors.realm_id', '=', realmId)
    .where('factors.user_id', '=', userId)
    .execute();
}

const phoneSubject =
  sql<string>`'phone:' || rtrim(translate(encode(lookup, 'base64'), '+/', '-_'), '=')`.as(
    'subject',
  );

/** What the user's proved numbers are found by: one that was only begun may be somebody else's. */
function lookupsOf(executor: Executor, realmId: string, userId: string) {
  return executor
    .selectFrom('factors')
    .where('realm_id', '=', realmId)
    .where('user_id', '=', userId)
    .where('status', '=', 'active')
    .where('lookup', 'is not', null);
}

const passkeySubject =
  sql<string>`'passkey:' || rtrim(translate(encode(sha256(convert_to(parameters->>'credential_id', 'UTF8')),
    'base64'), '+/', '-_'), '=')`.as('subject');

function keysOf(executor: Executor, realmId: string, userId: string) {
  return executor
    .selectFrom('factors')
    .where('realm_id', '=', realmId)
    .where('user_id', '=', userId)
    .where('status', '=', 'active')
    .where('credential_id', 'is not', null);
}
