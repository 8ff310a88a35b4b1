import { Injectable } from '@nestjs/common';
import { sql, type Expression } from 'kysely';
import { Database, type Executor } from '../storage/database.js';
import type { HardwareToken, TokenParameters, TokenStatus, TokenType } from './hardware-token.js';

const PAGE = 100;

/** What a factor leaves behind on the token that it was. */
interface Spent {
  readonly lastStep: number | null;
  readonly driftSteps: number;
}

export interface TokenFilter {
  readonly status?: TokenStatus | undefined;
  readonly serial?: string | undefined;
  /** The serial to go on after. */
  readonly after?: string | undefined;
}

@Injectable()
export class HardwareTokensRepository {
  constructor(private readonly database: Database) {}

  async find(
    realmId: string,
    id: string,
    now: Date,
    executor: Executor = this.database.kysely,
  ): Promise<HardwareToken | undefined> {
    const row = await shown(executor, now)
      .where('t.realm_id', '=', realmId)
      .where('t.id', '=', id)
      .executeTakeFirst();
    return row && toToken(row);
  }

  async findBySerial(
    executor: Executor,
    realmId: string,
    serial: string,
    now: Date,
  ): Promise<HardwareToken | undefined> {
    const row = await shown(executor, now)
      .where('t.realm_id', '=', realmId)
      .where('t.serial', '=', serial)
      .executeTakeFirst();
    return row && toToken(row);
  }

  /** A page of a realm's tokens by serial, after the one given. */
  async page(
    realmId: string,
    filter: TokenFilter,
    now: Date,
  ): Promise<{ tokens: HardwareToken[]; next: string | null }> {
    let query = shown(this.database.kysely, now)
      .where('t.realm_id', '=', realmId)
      .orderBy('t.serial')
      .limit(PAGE + 1);
    if (filter.after !== undefined) query = query.where('t.serial', '>', filter.after);
    if (filter.serial !== undefined) query = query.where('t.serial', '=', filter.serial);
    if (filter.status !== undefined) query = query.where(statusAt(now), '=', filter.status);
    const tokens = (await query.execute()).map(toToken);
    const more = tokens.length > PAGE;
    if (more) tokens.pop();
    return { tokens, next: more ? (tokens.at(-1)?.serial ?? null) : null };
  }

  /** How many tokens of all realms have which status now; those that none has are not there. */
  async countByStatus(now: Date): Promise<ReadonlyMap<TokenStatus, number>> {
    const rows = await this.database.kysely
      .selectFrom('hardware_tokens as t')
      .leftJoin('factors as f', (join) =>
        join.onRef('f.id', '=', 't.factor_id').on('t.status', '=', 'assigned'),
      )
      .select(statusAt(now).as('status_now'))
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .groupBy('status_now')
      .execute();
    return new Map(rows.map((row) => [row.status_now as TokenStatus, Number(row.count)]));
  }

  /** Takes the token out of everybody else's hands, to the end of the transaction. */
  async lock(executor: Executor, realmId: string, serial: string): Promise<void> {
    await executor
      .selectFrom('hardware_tokens')
      .select('id')
      .where('realm_id', '=', realmId)
      .where('serial', '=', serial)
      .forUpdate()
      .execute();
  }

  async assign(executor: Executor, id: string, factorId: string, now: Date): Promise<void> {
    await executor
      .updateTable('hardware_tokens')
      .set({ status: 'assigned', factor_id: factorId, changed_at: now })
      .where('id', '=', id)
      .execute();
  }

  /** @returns whether the token is still this factor's */
  async setActive(executor: Executor, factorId: string, now: Date): Promise<boolean> {
    const { numUpdatedRows } = await executor
      .updateTable('hardware_tokens')
      .set({ status: 'active', changed_at: now })
      .where('factor_id', '=', factorId)
      .where('status', '=', 'assigned')
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /**
   * Takes the token from its factor, with what was used up of it.
   *
   * @returns the token's serial and status; undefined where the factor is no token of the inventory's
   */
  async release(
    executor: Executor,
    factorId: string,
    { lastStep, driftSteps }: Spent,
    now: Date,
  ): Promise<{ serial: string; status: string } | undefined> {
    return executor
      .updateTable('hardware_tokens')
      .set({
        status: sql<string>`CASE status WHEN 'active' THEN 'used' ELSE 'stock' END`,
        factor_id: null,
        last_step: lastStep,
        drift_steps: driftSteps,
        changed_at: now,
      })
      .where('factor_id', '=', factorId)
      .returning(['serial', 'status'])
      .executeTakeFirst();
  }

  async setStatus(
    executor: Executor,
    id: string,
    status: 'stock' | 'lost',
    now: Date,
  ): Promise<void> {
    await executor
      .updateTable('hardware_tokens')
      .set({ status, factor_id: null, changed_at: now })
      .where('id', '=', id)
      .execute();
  }

  async delete(executor: Executor, id: string): Promise<void> {
    await executor.deleteFrom('hardware_tokens').where('id', '=', id).execute();
  }
}

/** Tokens with the factor that each is. */
function shown(executor: Executor, now: Date) {
  return executor
    .selectFrom('hardware_tokens as t')
    .leftJoin('factors as f', 'f.id', 't.factor_id')
    .selectAll('t')
    .select(['f.user_id'])
    .select(statusAt(now).as('status_now'));
}

/** The status as it is now: an enrolment that was never finished has left its token in stock. */
function statusAt(now: Date) {
  return sql<string>`CASE WHEN t.status = 'assigned'
      AND (f.id IS NULL OR f.status <> 'pending' OR f.expires_at <= ${now})
    THEN 'stock' ELSE t.status END` satisfies Expression<string>;
}

type ShownRow = Awaited<ReturnType<ReturnType<typeof shown>['execute']>>[number];

function toToken(row: ShownRow): HardwareToken {
  const isHeld = row.status_now === 'assigned' || row.status_now === 'active';
  return {
    id: row.id,
    realmId: row.realm_id,
    serial: row.serial,
    type: row.type as TokenType,
    status: row.status_now as TokenStatus,
    manufacturer: row.manufacturer,
    model: row.model,
    secret: row.secret,
    // Written by this folder alone.
    parameters: row.parameters as unknown as TokenParameters,
    lastStep: row.last_step,
    driftSteps: row.drift_steps,
    holder:
      isHeld && row.factor_id !== null && row.user_id !== null
        ? { factorId: row.factor_id, userId: row.user_id }
        : null,
    createdAt: row.created_at,
    changedAt: row.changed_at,
  };
}
