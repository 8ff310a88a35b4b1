import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { TokenType } from '../hardware-tokens/hardware-token.js';
import type { HotpParameters } from '../otp/algorithm.js';
import type { Executor } from '../storage/database.js';

/** A token or an app as it is stored. */
export interface StoredToken {
  readonly id: string;
  readonly realmId: string;
  readonly serial: string | null;
  readonly type: TokenType;
  readonly manufacturer: string | null;
  readonly model: string | null;
  /** Sealed. */
  readonly secret: Uint8Array;
  readonly parameters: HotpParameters & { readonly period?: number };
  readonly lastStep: number | null;
  readonly driftSteps: number;
  /** The active factor that it is, and whose; null: it is nobody's. */
  readonly holder: {
    readonly factorId: string;
    readonly userId: string;
    readonly name: string;
  } | null;
}

/** What leaves, by the page. */
@Injectable()
export class ExportsRepository {
  /** A realm's tokens by serial, all but the lost ones; of one in use with what was used up of it. */
  async tokensAfter(
    executor: Executor,
    realmId: string,
    after: string,
    limit: number,
  ): Promise<StoredToken[]> {
    const rows = await executor
      .selectFrom('hardware_tokens as t')
      .leftJoin('factors as f', (join) =>
        join
          .onRef('f.id', '=', 't.factor_id')
          .on('f.status', '=', 'active')
          .on('t.status', '=', 'active'),
      )
      .select(['t.id', 't.realm_id', 't.serial', 't.type', 't.manufacturer', 't.model'])
      .select(['t.secret', 't.parameters', 'f.id as factor_id', 'f.user_id', 'f.name'])
      .select(
        sql<number | null>`CASE WHEN f.id IS NULL THEN t.last_step ELSE f.last_step END`.as('step'),
      )
      .select(sql<number>`coalesce(f.drift_steps, t.drift_steps)`.as('drift'))
      .where('t.realm_id', '=', realmId)
      .where('t.serial', '>', after)
      .where('t.status', '<>', 'lost')
      .orderBy('t.serial')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      ...rowOf(row),
      serial: row.serial,
      manufacturer: row.manufacturer,
      model: row.model,
      lastStep: row.step,
      driftSteps: row.drift,
      holder:
        row.factor_id === null || row.user_id === null
          ? null
          : { factorId: row.factor_id, userId: row.user_id, name: row.name ?? '' },
    }));
  }

  /** Active apps, and tokens that were enrolled by their secret, by the factor's id. */
  async factorsAfter(
    executor: Executor,
    realmId: string,
    after: string,
    limit: number,
  ): Promise<StoredToken[]> {
    const rows = await executor
      .selectFrom('factors as f')
      .select(['f.id', 'f.realm_id', 'f.user_id', 'f.type', 'f.name', 'f.secret'])
      .select(['f.parameters', 'f.last_step', 'f.drift_steps'])
      .where('f.realm_id', '=', realmId)
      .where('f.id', '>', after)
      .where('f.status', '=', 'active')
      .where('f.type', 'in', ['totp', 'hotp'])
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('hardware_tokens as t')
              .select('t.id')
              .whereRef('t.factor_id', '=', 'f.id'),
          ),
        ),
      )
      .orderBy('f.id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      ...rowOf({ ...row, secret: row.secret ?? new Uint8Array() }),
      ...{ serial: null, manufacturer: null, model: null },
      lastStep: row.last_step,
      driftSteps: row.drift_steps,
      holder: { factorId: row.id, userId: row.user_id, name: row.name },
    }));
  }
}

function rowOf(row: {
  readonly id: string;
  readonly realm_id: string;
  readonly type: string;
  readonly secret: Uint8Array;
  readonly parameters: unknown;
}) {
  return {
    id: row.id,
    realmId: row.realm_id,
    type: row.type as TokenType,
    secret: row.secret,
    // Written by factors/ and hardware-tokens/ alone.
    parameters: row.parameters as StoredToken['parameters'],
  };
}
