import { Injectable } from '@nestjs/common';
import { CompiledQuery, sql } from 'kysely';
import { Database, type Executor } from '../storage/database.js';
import { counterKeys, emptyCounter, pauseKeys, type Counter, type Send } from './counter.js';
import { admit, type Limits, type Verdict } from './shield.js';

/** Makes what is missing, and holds all of it to the end of the transaction; in one order, so that two
 * replicas wait for each other in a row and not in a circle. */
const hold = `
  INSERT INTO send_counters (key, since, used, spent_micros, verified, recent)
  SELECT key, $2, 0, 0, 0, '{}' FROM unnest($1::text[]) AS t (key) ORDER BY key
  ON CONFLICT (key) DO UPDATE SET key = excluded.key
  RETURNING *`;

const write = `
  UPDATE send_counters c
  SET since = n.since, used = n.used, spent_micros = n.spent_micros, verified = n.verified,
    recent = n.recent, paused_until = n.paused_until
  FROM jsonb_populate_recordset(NULL::send_counters, $1::jsonb) n WHERE c.key = n.key`;

/** The shield's counters, and its decisions on what arrived together. */
@Injectable()
export class CountersRepository {
  constructor(private readonly database: Database) {}

  /**
   * Decides on messages one after another and counts those that may be sent, in the caller's transaction.
   *
   * @returns a verdict for each, in their order
   */
  async admitAll(
    executor: Executor,
    sends: readonly Send[],
    limits: Limits,
    now: Date,
  ): Promise<Verdict[]> {
    if (sends.length === 0) return [];
    const counters = await this.held(executor, sends, now);
    const changed = new Map<string, Counter>();
    const verdicts = sends.map((send) => {
      const verdict = admit(send, counters, limits, now);
      const after = verdict.admitted ? verdict.changed : verdict.paused ? [verdict.paused] : [];
      for (const counter of after) {
        counters.set(counter.key, counter);
        changed.set(counter.key, counter);
      }
      return verdict;
    });
    // Written where nothing has changed, too: the time taken tells nothing (S42).
    const rows = JSON.stringify([...changed.values()]);
    await executor.executeQuery(CompiledQuery.raw(write, [rows]));
    return verdicts;
  }

  /** Stops everything under a key until a moment; the past lets it go on. */
  async setPause(key: string, until: Date, now: Date): Promise<void> {
    await this.database.kysely
      .insertInto('send_counters')
      .values({ ...emptyCounter(key, now), paused_until: until })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({ paused_until: until, used: 0 }),
      )
      .execute();
  }

  /** Lets every pause of a prefix end, those that it brought on itself included. */
  async endPausesOf(prefix: string, now: Date): Promise<number> {
    const { numUpdatedRows } = await this.database.kysely
      .updateTable('send_counters')
      .set({ paused_until: null, since: now, used: 0, verified: 0 })
      .where(sql<boolean>`key LIKE 'prefix/%'`)
      .where(sql<boolean>`split_part(key, '/', 3) = ${prefix}`)
      .where('paused_until', '>', now)
      .executeTakeFirst();
    return Number(numUpdatedRows);
  }

  /** What is paused now, and the budgets of the day. */
  async overview(now: Date): Promise<{ paused: Counter[]; budgets: Counter[] }> {
    const { kysely } = this.database;
    const day = now.toISOString().slice(0, 10);
    const [paused, budgets] = await Promise.all([
      kysely.selectFrom('send_counters').selectAll().where('paused_until', '>', now).execute(),
      kysely
        .selectFrom('send_counters')
        .selectAll()
        .where(sql<boolean>`starts_with(key, ${`day/${day}`})`)
        .orderBy('key')
        .execute(),
    ]);
    return { paused, budgets };
  }

  private async held(
    executor: Executor,
    sends: readonly Send[],
    now: Date,
  ): Promise<Map<string, Counter>> {
    const keys = [...new Set(sends.flatMap((send) => counterKeys(send, now)))];
    const pauses = [...new Set(sends.flatMap(pauseKeys))];
    const { rows } = await executor.executeQuery<Counter>(CompiledQuery.raw(hold, [keys, now]));
    const paused = await executor
      .selectFrom('send_counters')
      .selectAll()
      .where('key', 'in', pauses)
      .where('paused_until', '>', now)
      .execute();
    return new Map([...rows, ...paused].map((counter) => [counter.key, counter]));
  }
}
