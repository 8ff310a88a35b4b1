import { Injectable } from '@nestjs/common';
import type { TokenParameters, TokenType } from '../hardware-tokens/hardware-token.js';
import type { Executor } from '../storage/database.js';

/** A token that is in the inventory already, as far as it is compared. */
export interface KnownToken {
  readonly id: string;
  readonly serial: string;
  readonly type: string;
  /** Sealed. */
  readonly secret: Uint8Array;
}

export interface NewToken {
  readonly id: string;
  readonly serial: string;
  readonly type: TokenType;
  readonly manufacturer: string | null;
  readonly model: string | null;
  /** Sealed. */
  readonly secret: Uint8Array;
  readonly parameters: TokenParameters;
  readonly lastStep: number | null;
  readonly driftSteps: number;
  /** The active factor that it is; null: it goes into stock. */
  readonly factorId: string | null;
}

/** Tokens by the batch. */
@Injectable()
export class ImportsRepository {
  async find(
    executor: Executor,
    realmId: string,
    serials: readonly string[],
  ): Promise<Map<string, KnownToken>> {
    if (serials.length === 0) return new Map();
    const rows = await executor
      .selectFrom('hardware_tokens')
      .select(['id', 'serial', 'type', 'secret'])
      .where('realm_id', '=', realmId)
      .where('serial', 'in', serials)
      .execute();
    return new Map(rows.map((row) => [row.serial, row]));
  }

  /** @returns the serials that were added: those that somebody else added a moment ago are not among them */
  async add(
    executor: Executor,
    realmId: string,
    tokens: readonly NewToken[],
    now: Date,
  ): Promise<Set<string>> {
    if (tokens.length === 0) return new Set();
    const rows = await executor
      .insertInto('hardware_tokens')
      .values(
        tokens.map((token) => ({
          id: token.id,
          realm_id: realmId,
          serial: token.serial,
          type: token.type,
          status: token.factorId === null ? 'stock' : 'active',
          manufacturer: token.manufacturer,
          model: token.model,
          secret: token.secret,
          parameters: JSON.stringify(token.parameters),
          last_step: token.lastStep,
          drift_steps: token.driftSteps,
          factor_id: token.factorId,
          created_at: now,
          changed_at: now,
        })),
      )
      .onConflict((conflict) => conflict.columns(['realm_id', 'serial']).doNothing())
      .returning('serial')
      .execute();
    return new Set(rows.map(({ serial }) => serial));
  }
}
