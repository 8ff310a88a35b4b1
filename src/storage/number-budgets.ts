import { sql } from 'kysely';
import type { Executor } from './database.js';

/** A phone number's keyed hash under another key. */
export interface MovedNumber {
  readonly realmId: string;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/**
 * Gives the budgets of attempts that are counted by number (challenges/phone.proof.ts) the numbers' new names,
 * or a new master key would forget every failure and lift every lock. What has been counted under the new name
 * already is added.
 */
export async function moveNumberBudgets(
  executor: Executor,
  moved: readonly MovedNumber[],
): Promise<void> {
  if (moved.length === 0) return;
  await sql`
    WITH old AS (
      DELETE FROM attempt_budgets b
      USING unnest(${moved.map(({ realmId }) => realmId)}::text[],
        ${moved.map(({ before }) => nameOf(before))}::text[],
        ${moved.map(({ after }) => nameOf(after))}::text[]) AS v (realm_id, before, after)
      WHERE b.realm_id = v.realm_id AND b.user_id = v.before AND b.kind = 'phone'
      RETURNING b.*, v.after
    )
    INSERT INTO attempt_budgets AS b
      (realm_id, user_id, kind, consecutive, slow_count, slow_since, locked_until, granted)
    SELECT realm_id, after, kind, consecutive, slow_count, slow_since, locked_until, granted
    FROM old ORDER BY realm_id, after
    ON CONFLICT (realm_id, user_id, kind) DO UPDATE SET
      consecutive = b.consecutive + excluded.consecutive,
      slow_count = b.slow_count + excluded.slow_count,
      slow_since = least(b.slow_since, excluded.slow_since),
      locked_until = greatest(b.locked_until, excluded.locked_until)`.execute(executor);
}

function nameOf(hash: Uint8Array): string {
  return `phone:${Buffer.from(hash).toString('base64url')}`;
}
