/**
 * The statements of a login. Each takes a whole batch as arrays, one element a login, and each
 * is committed by itself.
 *
 * Rows are locked in the order challenges, factors, budgets, and within a table by key, so that two
 * replicas seldom wait for each other in a circle; where they do, the statement is run again.
 *
 * The audit's rows come as one JSON array: as elements of an array they would be escaped once more, and
 * their inner quotes are most of what is sent.
 */
import type { Statement } from '../storage/database.js';
import { withDevice, withoutDevice, type ChargeParts } from './known-device.sql.js';
import { DEVICE_BUDGET, SLOW_LIMIT, SLOW_WINDOW_SECONDS } from './lockout.js';

/** Writes the audit's rows of those items that a CTE holds, by their place `n` in the batch. */
export const audited = (rows: string, done: string) => `
      INSERT INTO audit_events (id, at, realm_id, type, application_id, actor, user_id, factor_id,
        challenge_id, request_id, detail)
      SELECT e.id, e.at, e.realm_id, e.type, e.application_id, e.actor, e.user_id, e.factor_id,
        e.challenge_id, e.request_id, e.detail
      FROM jsonb_populate_recordset(NULL::audit_events, ${rows}::jsonb) WITH ORDINALITY e
      JOIN ${done} d ON d.n = e.ordinality`;

/**
 * Charges an attempt as a failure, before anything is compared (S30), and reads the factors it may
 * prove. `granted` is false where the account is locked: then nothing is charged, and the answer is
 * the same for right and wrong codes (S40).
 *
 * $1 realms, $2 users, $3 budgets, $4 factor ids or null, $5 challenge ids or null, $6 now,
 * $7 seconds to wait after 1, 2, … failures, $8 "until unlocked", $9 slow limit, $10 slow window in
 * seconds, $11 attempts of a challenge, $12 types of factor that the code may be of, with commas
 */
const chargeWith = (parts: ChargeParts) => `
    WITH input AS (
      SELECT realm_id, user_id, kind, factor_id, challenge_id, string_to_array(types, ',') AS types${parts.names}, n
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $12::text[]${parts.arrays})
        WITH ORDINALITY AS t (realm_id, user_id, kind, factor_id, challenge_id, types${parts.names}, n)
    )${parts.known}, open_challenge AS (
      SELECT c.id FROM challenges c JOIN input i ON c.id = i.challenge_id
      WHERE c.status = 'pending' AND c.expires_at > $6 AND c.attempts_used < $11
      ORDER BY c.id FOR UPDATE OF c
    ), attempted AS (
      UPDATE challenges c SET attempts_used = c.attempts_used + 1
      FROM open_challenge o WHERE c.id = o.id
      RETURNING c.id, c.attempts_used
    ), charged AS (
      INSERT INTO attempt_budgets AS b
        (realm_id, user_id, kind, consecutive, slow_count, slow_since, locked_until, granted)
      SELECT realm_id, user_id, kind, 1, 1, $6, NULL, true FROM input i
      WHERE (i.challenge_id IS NULL OR i.challenge_id IN (SELECT id FROM attempted))
        AND (i.factor_id IS NULL OR EXISTS (
          SELECT FROM factors f WHERE f.id = i.factor_id AND f.realm_id = i.realm_id
            AND f.user_id = i.user_id AND f.type = ANY (i.types) AND f.status = 'active'))
      ORDER BY realm_id, user_id, kind
      ON CONFLICT (realm_id, user_id, kind) DO UPDATE
      SET (granted, consecutive, slow_count, slow_since, locked_until) = (
        SELECT is_open,
          CASE WHEN is_open THEN failures ELSE b.consecutive END,
          CASE WHEN is_open THEN slow_failures ELSE b.slow_count END,
          CASE WHEN is_open THEN since ELSE b.slow_since END,
          CASE
            WHEN NOT is_open THEN b.locked_until
            WHEN failures > cardinality($7::int[]) THEN $8::timestamptz
            WHEN slow_failures >= $9::int THEN since + $10::int * interval '1 second'
            WHEN ($7::int[])[failures] > 0
              THEN $6::timestamptz + ($7::int[])[failures] * interval '1 second'
          END
        FROM (
          SELECT b.locked_until IS NULL OR b.locked_until <= $6 OR ${parts.opens} AS is_open,
            b.consecutive + 1 AS failures,
            CASE WHEN is_over THEN 1 ELSE b.slow_count + 1 END AS slow_failures,
            CASE WHEN is_over THEN $6::timestamptz ELSE b.slow_since END AS since
          FROM (SELECT b.slow_since <= $6::timestamptz - $10::int * interval '1 second' AS is_over) w
        ) s)
      RETURNING b.realm_id, b.user_id, b.kind, b.granted, b.consecutive, b.slow_count, b.locked_until
    )${parts.charged}
    SELECT i.n, c.granted, c.consecutive, c.slow_count, c.locked_until, a.attempts_used,
      f.id AS factor_id, f.type, f.secret, f.parameters, f.last_step, f.drift_steps${parts.columns}
    FROM input i
    JOIN charged c USING (realm_id, user_id, kind)
    LEFT JOIN attempted a ON a.id = i.challenge_id
    ${parts.join}
    LEFT JOIN factors f ON c.granted AND f.realm_id = i.realm_id AND f.user_id = i.user_id
      AND f.status = 'active' AND f.type = ANY (i.types)
      AND (i.factor_id IS NULL OR f.id = i.factor_id)
    ORDER BY i.n, f.id`;

export const charge: Statement = { name: 'attempt-charge', text: chargeWith(withoutDevice) };
/** The same for attempts that device tokens came with; further parameters: known-device.sql.ts. */
export const chargeKnown: Statement = {
  name: 'attempt-charge-known',
  text: chargeWith(withDevice),
};

/**
 * Gives an attempt back. A known device gets in where others' guesses have spent the account's slow limit: then
 * they stay locked out, or each of its logins would be one guess more for them.
 */
export const CLEARED = `consecutive = 0, slow_count = greatest(b.slow_count - 1, 0),
        locked_until = CASE WHEN b.slow_count > ${SLOW_LIMIT}
          THEN b.slow_since + interval '${SLOW_WINDOW_SECONDS} seconds' END`;

/**
 * Uses up the time step or the counter, completes the challenge, gives the attempt back and writes the audit: all of
 * it or nothing. A login whose step is spent, whose factor was revoked or whose challenge has ended in
 * the meantime is not among the answers (S23 to S25).
 * Two factors' codes for one challenge may arrive in one batch: the first has its turn (S28).
 *
 * $1 factor ids, $2 steps, $3 drifts, $4 challenge ids or null, $5 audit rows, $6 now
 */
export const consume: Statement = {
  name: 'attempt-consume',
  text: `
    WITH input AS (
      SELECT *, row_number() OVER (PARTITION BY challenge_id ORDER BY n) AS turn
      FROM unnest($1::text[], $2::bigint[], $3::int[], $4::text[])
        WITH ORDINALITY AS t (factor_id, step, drift, challenge_id, n)
    ), open_challenge AS (
      SELECT c.id FROM challenges c JOIN input i ON c.id = i.challenge_id AND i.turn = 1
      WHERE c.status = 'pending' ORDER BY c.id FOR UPDATE OF c
    ), consumed AS (
      UPDATE factors f SET last_step = i.step, drift_steps = i.drift, last_used_at = $6
      FROM (SELECT * FROM input ORDER BY factor_id) i
      WHERE f.id = i.factor_id AND f.status = 'active' AND f.last_step < i.step
        AND (i.challenge_id IS NULL
          OR i.turn = 1 AND i.challenge_id IN (SELECT id FROM open_challenge))
      RETURNING i.n, f.realm_id, f.user_id, f.type, i.challenge_id
    ), approved AS (
      UPDATE challenges c SET status = 'approved', ended_at = $6
      FROM consumed s WHERE c.id = s.challenge_id
    ), cleared AS (
      UPDATE attempt_budgets b
      SET ${CLEARED}
      FROM consumed s
      WHERE b.realm_id = s.realm_id AND b.user_id = s.user_id AND b.kind = CASE s.type WHEN 'hotp' THEN '${DEVICE_BUDGET}' ELSE s.type END
    ), logged AS (${audited('$5', 'consumed')}
    )
    SELECT n FROM consumed`,
};

/**
 * The same for a code that was sent: uses it up with its challenge, gives the attempt back, counts the code
 * as typed in for the shield, and writes the audit. A challenge that has ended, or has got another code by
 * then, is not among the answers (S50, S51), nor one whose factor was revoked.
 *
 * $1 challenge ids, $2 code hashes, $3 factor ids, $4 budgets' users, $5 audit rows, $6 now,
 * $7 prefixes', $8 countries', $9 numbers' counters
 */
export const consumeCode: Statement = {
  name: 'code-consume',
  text: `
    WITH input AS (
      SELECT *, row_number() OVER (PARTITION BY challenge_id ORDER BY n) AS turn
      FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $7::text[], $8::text[], $9::text[])
        WITH ORDINALITY AS t (challenge_id, code_hash, factor_id, subject, prefix, country, number, n)
    ), open_challenge AS (
      SELECT c.id FROM challenges c JOIN input i ON c.id = i.challenge_id AND i.turn = 1
      WHERE c.status = 'pending' AND c.code_hash = i.code_hash ORDER BY c.id FOR UPDATE OF c
    ), active AS (
      SELECT f.id FROM factors f JOIN input i ON f.id = i.factor_id
      WHERE f.status = 'active' ORDER BY f.id FOR UPDATE OF f
    ), proven AS (
      SELECT i.*, c.realm_id FROM input i JOIN challenges c ON c.id = i.challenge_id
      WHERE i.turn = 1 AND i.challenge_id IN (SELECT id FROM open_challenge)
        AND i.factor_id IN (SELECT id FROM active)
    ), used AS (
      UPDATE factors f SET last_used_at = $6 FROM proven p WHERE f.id = p.factor_id
    ), approved AS (
      UPDATE challenges c SET status = 'approved', ended_at = $6, code_hash = NULL
      FROM proven p WHERE c.id = p.challenge_id
    ), cleared AS (
      UPDATE attempt_budgets b
      SET ${CLEARED}
      FROM proven p WHERE b.realm_id = p.realm_id AND b.user_id = p.subject AND b.kind = 'phone'
    ), typed_in AS (
      SELECT key, count(*) AS codes
      FROM (
        SELECT prefix AS key FROM proven UNION ALL SELECT country FROM proven
        UNION ALL SELECT number FROM proven
      ) k GROUP BY key
    ), held AS (
      SELECT s.key FROM send_counters s JOIN typed_in t USING (key) ORDER BY s.key FOR UPDATE OF s
    ), counted AS (
      UPDATE send_counters s SET verified = least(s.used, s.verified + t.codes)
      FROM typed_in t JOIN held USING (key) WHERE s.key = t.key
    ), logged AS (${audited('$5', 'proven')}
    )
    SELECT n FROM proven`,
};

/**
 * Writes a refusal to the audit and ends the challenge where it was the last attempt or the account
 * is locked now (S39).
 *
 * $1 challenge ids or null, $2 whether the challenge ends, $3 audit rows, $4 now
 */
export const refuse: Statement = {
  name: 'attempt-refuse',
  text: `
    WITH input AS (
      SELECT * FROM unnest($1::text[], $2::boolean[]) AS t (challenge_id, ends)
    ), failed AS (
      UPDATE challenges c SET status = 'failed', ended_at = $4
      FROM input i WHERE i.ends AND c.id = i.challenge_id AND c.status = 'pending'
    )
    INSERT INTO audit_events SELECT * FROM jsonb_populate_recordset(NULL::audit_events, $3::jsonb)`,
};
