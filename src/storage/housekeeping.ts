import { sql } from 'kysely';
import type { Database } from './database.js';

const DAY_MS = 86_400_000;
/** How long an ended challenge can still be asked about. */
const CHALLENGE_KEPT_MS = DAY_MS;
/** How long a browser that comes back late is told what has become of its link. */
const LINK_KEPT_MS = DAY_MS;
/** How long operators see what became of a code; the audit keeps it. */
const BYPASS_KEPT_MS = 30 * DAY_MS;
/** How long one can see what became of a message. */
const MESSAGE_KEPT_MS = 30 * DAY_MS;
/** The longest window of a counter is a day. */
const COUNTER_KEPT_MS = 2 * DAY_MS;
/** A budget without failures in a row is empty when its slow window is over: 30 days (lockout.ts). */
const BUDGET_KEPT_MS = 31 * DAY_MS;

/** The keyed hash in the name of a budget that is counted by number; null in every other. */
const numberOfBudget = sql<Uint8Array | null>`CASE WHEN attempt_budgets.user_id ~ '^phone:[A-Za-z0-9_-]{43}$'
  THEN decode(translate(substr(attempt_budgets.user_id, 7), '-_', '+/') || '=', 'base64') END`;

/**
 * Deletes what has expired: factors nobody activated, old challenges, messages and counters, ended
 * sessions, remembered devices, operators' codes, links, tokens whose revocation is over, stored answers, empty budgets.
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
    kysely
      .deleteFrom('messages')
      .where('created_at', '<', before(MESSAGE_KEPT_MS))
      .executeTakeFirst(),
    kysely
      .deleteFrom('send_counters')
      .where('since', '<', before(COUNTER_KEPT_MS))
      .where((where) =>
        where.or([where('paused_until', 'is', null), where('paused_until', '<', now)]),
      )
      .executeTakeFirst(),
    kysely.deleteFrom('sessions').where('ends_at', '<', before(DAY_MS)).executeTakeFirst(),
    kysely
      .deleteFrom('devices')
      .where((where) =>
        where.or([where('ends_at', '<', now), where('revoked_at', '<', before(DAY_MS))]),
      )
      .executeTakeFirst(),
    kysely
      .deleteFrom('bypass_codes')
      .where('expires_at', '<', before(BYPASS_KEPT_MS))
      .executeTakeFirst(),
    kysely.deleteFrom('links').where('expires_at', '<', before(LINK_KEPT_MS)).executeTakeFirst(),
    kysely.deleteFrom('revoked_tokens').where('expires_at', '<', now).executeTakeFirst(),
    kysely.deleteFrom('idempotency_answers').where('expires_at', '<', now).executeTakeFirst(),
    kysely
      .deleteFrom('attempt_budgets')
      .where('slow_since', '<', before(BUDGET_KEPT_MS))
      // A hard lock stays until an operator lifts it.
      .where('consecutive', '<', sql.lit(100))
      // Failures in a row are forgotten by a success alone (S32), or where there is nobody to guess at.
      .where((where) =>
        where.or([
          where('consecutive', '=', 0),
          where.and([
            where.not(
              where.exists(
                where
                  .selectFrom('users')
                  .whereRef('users.realm_id', '=', 'attempt_budgets.realm_id')
                  .whereRef('users.user_id', '=', 'attempt_budgets.user_id'),
              ),
            ),
            where.not(
              where.exists(
                where
                  .selectFrom('factors')
                  .whereRef('factors.realm_id', '=', 'attempt_budgets.realm_id')
                  .where('factors.status', '=', 'active')
                  .where('factors.lookup', '=', numberOfBudget),
              ),
            ),
          ]),
        ]),
      )
      .where((where) =>
        where.or([where('locked_until', 'is', null), where('locked_until', '<', now)]),
      )
      .executeTakeFirst(),
  ]);
  return deleted.reduce((sum, { numDeletedRows }) => sum + Number(numDeletedRows), 0);
}
