import { Injectable } from '@nestjs/common';
import type { ExpressionBuilder, Selectable } from 'kysely';
import { Envelope } from '../crypto/envelope.js';
import { mask } from '../delivery/phone-number.js';
import { Database, type Executor } from '../storage/database.js';
import type { FactorRow, Schema } from '../storage/schema.js';
import { ACTIVATION_ATTEMPTS, type Factor, type FactorStatus, type FactorType } from './factor.js';
import { secretPlace, type Spent } from './method.js';

export interface NewActiveFactor {
  readonly id: string;
  readonly realmId: string;
  readonly userId: string;
  /** Null where an operator brought it. */
  readonly applicationId: string | null;
  readonly type: FactorType;
  readonly name: string;
  readonly secret: Uint8Array;
  readonly lookup: Uint8Array | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly lastStep?: number;
  readonly driftSteps?: number;
}

export interface NewFactor extends NewActiveFactor {
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

@Injectable()
export class FactorsRepository {
  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
  ) {}

  async add(executor: Executor, factor: NewFactor): Promise<Factor> {
    const row = await executor
      .insertInto('factors')
      .values({
        ...columnsOf(factor),
        status: 'pending',
        created_at: factor.createdAt,
        expires_at: factor.expiresAt,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return this.toFactor(row);
  }

  async find(
    realmId: string,
    id: string,
    executor: Executor = this.database.kysely,
  ): Promise<Factor | undefined> {
    const row = await executor
      .selectFrom('factors')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .executeTakeFirst();
    return row && this.toFactor(row);
  }

  /** The user's factors that live: active, or pending and not over. Oldest first. */
  async listLive(
    realmId: string,
    userId: string,
    now: Date,
    executor: Executor = this.database.kysely,
  ): Promise<Factor[]> {
    const rows = await executor
      .selectFrom('factors')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .where((where) => isLive(where, now))
      .orderBy('id')
      .execute();
    return rows.map((row) => this.toFactor(row));
  }

  /** The factors of several users that live. */
  async listLiveOf(
    executor: Executor,
    realmId: string,
    userIds: readonly string[],
    now: Date,
  ): Promise<Factor[]> {
    if (userIds.length === 0) return [];
    const rows = await executor
      .selectFrom('factors')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('user_id', 'in', userIds)
      .where((where) => isLive(where, now))
      .execute();
    return rows.map((row) => this.toFactor(row));
  }

  /** Adds factors that are active from the beginning. */
  async addActive(
    executor: Executor,
    factors: readonly NewActiveFactor[],
    now: Date,
  ): Promise<void> {
    if (factors.length === 0) return;
    const rows = factors.map((factor) => ({
      ...columnsOf(factor),
      status: 'active',
      created_at: now,
      activated_at: now,
    }));
    await executor.insertInto('factors').values(rows).execute();
  }

  /**
   * The active factor of a number. A number that several users of the realm have is the one's who proved
   * it last: numbers are given to other people.
   *
   * @param lookups the hashes it may be stored under
   */
  async findByLookup(
    realmId: string,
    lookups: readonly Uint8Array[],
    executor: Executor = this.database.kysely,
  ): Promise<Factor | undefined> {
    const row = await executor
      .selectFrom('factors')
      .selectAll()
      .where('realm_id', '=', realmId)
      .where('lookup', 'in', lookups)
      .where('status', '=', 'active')
      .orderBy('activated_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && this.toFactor(row);
  }

  /**
   * Charges one attempt to activate, before the code is looked at.
   *
   * @returns the factor, or undefined if it is not pending, is over, or has no attempt left
   */
  async chargeActivation(realmId: string, id: string, now: Date): Promise<Factor | undefined> {
    const row = await this.database.kysely
      .updateTable('factors')
      .set((set) => ({ activation_attempts: set('activation_attempts', '+', 1) }))
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .where('expires_at', '>', now)
      .where('activation_attempts', '<', ACTIVATION_ATTEMPTS)
      .returningAll()
      .executeTakeFirst();
    return row && this.toFactor(row);
  }

  /** @returns the active factor, or undefined if somebody else was first (S17) */
  async activate(
    executor: Executor,
    id: string,
    spent: Spent | null,
    now: Date,
  ): Promise<Factor | undefined> {
    const row = await executor
      .updateTable('factors')
      .set({
        status: 'active',
        ...(spent !== null && { last_step: spent.step, drift_steps: spent.driftSteps }),
        activated_at: now,
        expires_at: null,
      })
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .where('expires_at', '>', now)
      .returningAll()
      .executeTakeFirst();
    return row && this.toFactor(row);
  }

  /** @returns the factor, or undefined where the realm has no live one of that id */
  async rename(
    executor: Executor,
    realmId: string,
    id: string,
    name: string,
    now: Date,
  ): Promise<Factor | undefined> {
    const row = await executor
      .updateTable('factors')
      .set({ name })
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .where((where) => isLive(where, now))
      .returningAll()
      .executeTakeFirst();
    return row && this.toFactor(row);
  }

  /** Holds on to a user's active factors until the transaction ends. @returns their ids */
  async lockActive(
    executor: Executor,
    realmId: string,
    userId: string,
  ): Promise<Pick<Factor, 'id' | 'type'>[]> {
    const rows = await executor
      .selectFrom('factors')
      .select(['id', 'type'])
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .where('status', '=', 'active')
      .orderBy('id')
      .forUpdate()
      .execute();
    return rows.map(({ id, type }) => ({ id, type: type as FactorType }));
  }

  /** Ends the factor and destroys its secret. @returns undefined where none of that id stands so */
  async revoke(
    executor: Executor,
    realmId: string,
    id: string,
    now: Date,
    standing: readonly FactorStatus[] = ['pending', 'active'],
  ): Promise<Factor | undefined> {
    const row = await executor
      .updateTable('factors')
      .set({
        status: 'revoked',
        secret: null,
        lookup: null,
        credential_id: null,
        revoked_at: now,
      })
      .where('realm_id', '=', realmId)
      .where('id', '=', id)
      .where('status', 'in', standing)
      .returningAll()
      .executeTakeFirst();
    return row && this.toFactor(row);
  }

  private toFactor(row: Selectable<FactorRow>): Factor {
    return {
      id: row.id,
      realmId: row.realm_id,
      userId: row.user_id,
      type: row.type as FactorType,
      status: row.status as FactorStatus,
      name: row.name,
      secret: row.secret,
      parameters: row.parameters,
      masked: this.maskedOf(row),
      lastStep: row.last_step,
      driftSteps: row.drift_steps,
      activationAttempts: row.activation_attempts,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      activatedAt: row.activated_at,
      lastUsedAt: row.last_used_at,
    };
  }

  private maskedOf(row: Selectable<FactorRow>): string | null {
    if (row.type !== 'phone' || row.secret === null) return null;
    const place = secretPlace({ id: row.id, realmId: row.realm_id, userId: row.user_id });
    return mask(this.envelope.open(row.secret, place).toString());
  }
}

function columnsOf(factor: NewActiveFactor) {
  return {
    id: factor.id,
    realm_id: factor.realmId,
    user_id: factor.userId,
    application_id: factor.applicationId,
    type: factor.type,
    name: factor.name,
    secret: factor.secret,
    lookup: factor.lookup,
    parameters: JSON.stringify(factor.parameters),
    last_step: factor.lastStep ?? null,
    drift_steps: factor.driftSteps ?? 0,
  };
}

/** Active, or pending and not over: factor.ts's `statusAt`, as the database asks it. */
function isLive(where: ExpressionBuilder<Schema, 'factors'>, now: Date) {
  return where.or([
    where('status', '=', 'active'),
    where.and([where('status', '=', 'pending'), where('expires_at', '>', now)]),
  ]);
}
