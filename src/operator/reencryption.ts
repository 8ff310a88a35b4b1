/** Seals again under the first master key what an older one has sealed, a batch at a time. */
import type { INestApplicationContext } from '@nestjs/common';
import { Envelope, EnvelopeError } from '../crypto/envelope.js';
import { Delivery } from '../delivery/delivery.js';
import { Database } from '../storage/database.js';
import { moveNumberBudgets } from '../storage/number-budgets.js';
import { sealedColumnNames, type SealedColumnName } from '../storage/sealed-columns.js';
import {
  SealedValues,
  type FreshValue,
  type RowKey,
  type StaleValue,
} from '../storage/sealed-values.js';

/** Short enough that a running service answers in between. */
const BATCH = 200;

/** How many values of a column stand under each key. */
export interface Standing {
  readonly column: SealedColumnName;
  readonly values: Readonly<Record<string, number>>;
}

export interface BatchOutcome {
  /** Values that were looked at, those included that needed nothing. */
  readonly seen: number;
  readonly resealed: number;
  /** Values that do not open: their key is not in the ring, or they were tampered with. */
  readonly unreadable: number;
  /** Where the next batch goes on; null at the end of the column. */
  readonly next: RowKey | null;
}

/** What stands under which key, in the whole database. */
export async function standing(context: INestApplicationContext): Promise<Standing[]> {
  const values = context.get(SealedValues);
  const found: Standing[] = [];
  for (const column of sealedColumnNames)
    found.push({ column, values: Object.fromEntries(await values.count(column)) });
  return found;
}

/**
 * Seals one batch again; committed when it answers, so that a run may end anywhere and another goes on. A value
 * that is written meanwhile is left to whoever wrote it.
 *
 * @param after the row to go on after; null begins
 */
export async function resealBatch(
  context: INestApplicationContext,
  column: SealedColumnName,
  after: RowKey | null,
): Promise<BatchOutcome> {
  const values = context.get(SealedValues);
  const { stale, seen, next } = await values.listStale(column, after, BATCH);
  const fresh = stale.flatMap((value) => reseal(context, value) ?? []);
  const replaced = await context.get(Database).transaction(async (executor) => {
    const put = await values.replace(executor, column, fresh);
    const moved = put.flatMap(({ stale: { place, hash: before }, hash: after }) =>
      before === null || after === null ? [] : [{ realmId: place.realmId, before, after }],
    );
    await moveNumberBudgets(executor, moved);
    return put;
  });
  const unreadable = stale.length - fresh.length;
  return { seen, resealed: replaced.length, unreadable, next };
}

function reseal(context: INestApplicationContext, stale: StaleValue): FreshValue | undefined {
  const envelope = context.get(Envelope);
  const { place, sealed, hash } = stale;
  try {
    const plaintext = envelope.open(sealed, place);
    // The one kind of value that has a hash beside it is a number, by which its factor is found.
    const number = { e164: plaintext.toString() };
    const newHash = hash && context.get(Delivery).hashOf(place.realmId, number);
    return { stale, sealed: envelope.seal(plaintext, place), hash: newHash };
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}
