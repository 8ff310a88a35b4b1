import { Injectable } from '@nestjs/common';
import { CompiledQuery, type Selectable } from 'kysely';
import type { Executor } from '../storage/database.js';
import type { AuditEventRow } from '../storage/schema.js';
import { BYPASS_TYPE } from '../tokens/claims.js';
import { audited, CLEARED } from './attempts.sql.js';

export interface BypassConsumption {
  readonly bypassId: string;
  readonly challengeId: string | null;
  readonly event: Selectable<AuditEventRow>;
  readonly now: Date;
}

/**
 * Uses an operator's code up with its challenge, gives the attempt back and writes the audit. Whoever comes second
 * waits for the code's row, reads it again, and finds it used or revoked (S23).
 *
 * $1 the code's id, $2 challenge id or null, $3 audit rows, $4 now
 */
const consume = `
  WITH open_challenge AS (
    SELECT id FROM challenges WHERE id = $2::text AND status = 'pending' FOR UPDATE
  ), consumed AS (
    UPDATE bypass_codes b SET used_at = $4, code = NULL
    WHERE b.id = $1::text AND b.used_at IS NULL AND b.revoked_at IS NULL AND b.approved_by IS NOT NULL
      AND b.expires_at > $4 AND ($2::text IS NULL OR $2::text IN (SELECT id FROM open_challenge))
    RETURNING 1 AS n, b.realm_id, b.user_id
  ), approved AS (
    UPDATE challenges c SET status = 'approved', ended_at = $4, code_hash = NULL
    FROM consumed WHERE c.id = $2::text
  ), cleared AS (
    UPDATE attempt_budgets b
    SET ${CLEARED}
    FROM consumed s
    WHERE b.realm_id = s.realm_id AND b.user_id = s.user_id AND b.kind = '${BYPASS_TYPE}'
  ), logged AS (${audited('$3', 'consumed')}
  )
  SELECT n FROM consumed`;

/** A right code of an operator's; so seldom that each has a statement of its own. */
@Injectable()
export class BypassAttemptsRepository {
  /** In the caller's transaction. @returns whether this login is the one that used the code up */
  async consume(
    executor: Executor,
    { bypassId, challengeId, event, now }: BypassConsumption,
  ): Promise<boolean> {
    const values = [bypassId, challengeId, JSON.stringify([event]), now];
    const { rows } = await executor.executeQuery(CompiledQuery.raw(consume, values));
    return rows.length === 1;
  }
}
