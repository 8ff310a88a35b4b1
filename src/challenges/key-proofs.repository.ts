import { Injectable } from '@nestjs/common';
import type { Selectable } from 'kysely';
import { Batch, latestOf } from '../storage/batch.js';
import { Database, type Statement } from '../storage/database.js';
import type { AuditEventRow } from '../storage/schema.js';
import { audited, CLEARED } from './attempts.sql.js';

/** A security key's answer that is right. */
export interface KeyConsumption {
  readonly factorId: string;
  readonly challengeId: string;
  readonly counter: number;
  readonly backedUp: boolean;
  /** Whose attempts were charged, and under what. */
  readonly subject: string;
  readonly budget: string;
  readonly event: Selectable<AuditEventRow>;
  readonly now: Date;
}

/**
 * Uses up the challenge that was signed and moves the key's counter, gives the attempt back and writes the
 * audit: all of it or nothing. A key that was revoked, a counter that somebody else has moved as far in the
 * meantime, and a challenge that has ended are not among the answers.
 *
 * $1 factor ids, $2 counters, $3 whether backed up, $4 challenge ids, $5 audit rows, $6 now, $7 budgets' users,
 * $8 budgets
 */
const consumeKey: Statement = {
  name: 'key-consume',
  text: `
    WITH input AS (
      SELECT *, row_number() OVER (PARTITION BY challenge_id ORDER BY n) AS turn
      FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::text[], $7::text[], $8::text[])
        WITH ORDINALITY AS t (factor_id, counter, backed_up, challenge_id, subject, budget, n)
    ), open_challenge AS (
      SELECT c.id FROM challenges c JOIN input i ON c.id = i.challenge_id AND i.turn = 1
      WHERE c.status = 'pending' AND c.nonce IS NOT NULL ORDER BY c.id FOR UPDATE OF c
    ), consumed AS (
      UPDATE factors f SET last_step = i.counter, last_used_at = $6,
        parameters = f.parameters || jsonb_build_object('backed_up', i.backed_up)
      FROM (SELECT * FROM input ORDER BY factor_id) i
      WHERE f.id = i.factor_id AND f.status = 'active'
        AND (f.last_step < i.counter OR f.last_step = 0 AND i.counter = 0)
        AND i.turn = 1 AND i.challenge_id IN (SELECT id FROM open_challenge)
      RETURNING i.n, f.realm_id, i.challenge_id, i.subject, i.budget
    ), approved AS (
      UPDATE challenges c SET status = 'approved', ended_at = $6, nonce = NULL
      FROM consumed s WHERE c.id = s.challenge_id
    ), cleared AS (
      UPDATE attempt_budgets b
      SET ${CLEARED}
      FROM consumed s
      WHERE b.realm_id = s.realm_id AND b.user_id = s.subject AND b.kind = s.budget
    ), logged AS (${audited('$5', 'consumed')}
    )
    SELECT n FROM consumed`,
};

/** The end of a proof by a security key: one statement for what arrived together. */
@Injectable()
export class KeyProofsRepository {
  private readonly consumptions = new Batch<KeyConsumption, boolean>(
    (items) => this.consumeAll(items),
    ({ factorId }) => factorId,
  );

  constructor(private readonly database: Database) {}

  /** @returns whether this login is the one that used the challenge up; committed when it answers */
  consume(consumption: KeyConsumption): Promise<boolean> {
    return this.consumptions.submit(consumption);
  }

  private async consumeAll(items: KeyConsumption[]): Promise<boolean[]> {
    const rows = await this.database.run<{ n: number }>(consumeKey, [
      items.map(({ factorId }) => factorId),
      items.map(({ counter }) => counter),
      items.map(({ backedUp }) => backedUp),
      items.map(({ challengeId }) => challengeId),
      JSON.stringify(items.map(({ event }) => event)),
      latestOf(items),
      items.map(({ subject }) => subject),
      items.map(({ budget }) => budget),
    ]);
    const consumed = new Set(rows.map(({ n }) => n));
    return items.map((_, index) => consumed.has(index + 1));
  }
}
