import { Injectable } from '@nestjs/common';
import { CompiledQuery, type Selectable } from 'kysely';
import type { Executor } from '../storage/database.js';
import type { AuditEventRow } from '../storage/schema.js';
import { audited, CLEARED } from './attempts.sql.js';
import { RECOVERY_BUDGET } from './lockout.js';

export interface RecoveryConsumption {
  readonly factorId: string;
  /** The code's place in its set. */
  readonly place: number;
  readonly challengeId: string | null;
  readonly event: Selectable<AuditEventRow>;
  readonly now: Date;
}

/**
 * Uses a code up with its challenge, gives the attempt back and writes the audit. Whoever comes second waits for
 * the factor's row, reads it again, and finds the code among those that were used (S67).
 *
 * $1 factor id, $2 place of the code, $3 challenge id or null, $4 audit rows, $5 now
 */
const consume = `
  WITH open_challenge AS (
    SELECT id FROM challenges WHERE id = $3::text AND status = 'pending' FOR UPDATE
  ), consumed AS (
    UPDATE factors f SET last_used_at = $5,
      parameters = jsonb_set(f.parameters, '{used}', f.parameters->'used' || to_jsonb($2::int))
    WHERE f.id = $1::text AND f.status = 'active' AND NOT f.parameters->'used' @> to_jsonb($2::int)
      AND ($3::text IS NULL OR $3::text IN (SELECT id FROM open_challenge))
    RETURNING 1 AS n, f.realm_id, f.user_id, f.parameters
  ), approved AS (
    UPDATE challenges c SET status = 'approved', ended_at = $5
    FROM consumed WHERE c.id = $3::text
  ), cleared AS (
    UPDATE attempt_budgets b
    SET ${CLEARED}
    FROM consumed s
    WHERE b.realm_id = s.realm_id AND b.user_id = s.user_id AND b.kind = '${RECOVERY_BUDGET}'
  ), logged AS (${audited('$4', 'consumed')}
  )
  SELECT (parameters->>'codes')::int - jsonb_array_length(parameters->'used') AS remaining FROM consumed`;

/** A right recovery code; so seldom that each has a statement of its own. */
@Injectable()
export class RecoveryAttemptsRepository {
  /**
   * In the caller's transaction.
   *
   * @returns how many codes are left; undefined where another login was faster, the challenge has ended, or the
   *   set was voided
   */
  async consume(
    executor: Executor,
    { factorId, place, challengeId, event, now }: RecoveryConsumption,
  ): Promise<number | undefined> {
    const values = [factorId, place, challengeId, JSON.stringify([event]), now];
    const { rows } = await executor.executeQuery<{ remaining: number }>(
      CompiledQuery.raw(consume, values),
    );
    return rows[0]?.remaining;
  }
}
