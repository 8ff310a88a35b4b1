import { sql } from 'kysely';
import type { Database } from './database.js';

const DAY_MS = 86_400_000;
/** How long an ended challenge can still be asked about. */
const CHALLENGE_KEPT_MS = DAY_MS;
/** A budget is empty when its slow window is over: lockout.ts counts 30 days. */
const BUDGET_KEPT_MS = 31 * DAY_MS;

/**
 * Deletes what has expired: factors nobody activated, old challenges, stored answers, empty budgets.
 * Safe to run on several replicas at once.
 *
 * @returns rows deleted
 */
export async function deleteExpired(database: Database, now: Date): Promise<number> {
  const before = (milliseconds: number) => new Date(now.getTime() - milliseconds);
  const { kysely } = database;
  const deleted = await Promise.all([
    kysely
      .deleteFrom('factors')
      .where('status', '=', 'pending')
      .where('expires_at', '<', before(DAY_MS))
      .executeTakeFirst(),
    kysely
      .deleteFrom('challenges')
      .where('expires_at', '<', before(CHALLENGE_KEPT_MS))
      .executeTakeFirst(),
    kysely.deleteFrom('idempotency_answers').where('expires_at', '<', now).executeTakeFirst(),
    kysely
      .deleteFrom('attempt_budgets')
      .where('slow_since', '<', before(BUDGET_KEPT_MS))
      // A hard lock stays until an operator lifts it.
      .where('consecutive', '<', sql.lit(100))
      .where((where) =>
        where.or([where('locked_until', 'is', null), where('locked_until', '<', now)]),
      )
      .executeTakeFirst(),
  ]);
  return deleted.reduce((sum, { numDeletedRows }) => sum + Number(numDeletedRows), 0);
}
