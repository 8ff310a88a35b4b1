/** The statements of the outbox; the first two take a whole batch as arrays. */
import type { Statement } from '../storage/database.js';

/** Messages that are looked for at a time. */
const SWEEP = 50;

export const begin: Statement = {
  name: 'message-begin',
  text: `
    UPDATE messages m SET tried = m.tried || i.provider, in_hand = true, claimed_until = $5, updated_at = $4
    FROM unnest($1::text[], $2::text[]) AS i (id, provider)
    WHERE m.id = i.id AND m.claim = $3 AND m.status = 'queued' AND NOT m.in_hand
      AND m.expires_at > $4 AND NOT i.provider = ANY(m.tried)
    RETURNING m.id`,
};

export const accept: Statement = {
  name: 'message-accept',
  text: `
    UPDATE messages m SET status = CASE m.status WHEN 'queued' THEN 'sent' ELSE m.status END,
      provider = i.provider, provider_message_id = i.provider_message_id,
      in_hand = false, content = NULL, claim = NULL, claimed_until = NULL, updated_at = $4
    FROM unnest($1::text[], $2::text[], $3::text[]) AS i (id, provider, provider_message_id)
    WHERE m.id = i.id`,
};

export const claimAbandoned: Statement = {
  name: 'message-claim',
  text: `
    WITH due AS (
      SELECT id FROM messages WHERE status = 'queued' AND claimed_until <= $1
      ORDER BY claimed_until LIMIT ${SWEEP} FOR UPDATE SKIP LOCKED
    )
    UPDATE messages m SET claim = $2, claimed_until = $3 FROM due WHERE m.id = due.id
    RETURNING m.id, m.realm_id, m.content, m.tried, m.in_hand, m.expires_at`,
};

/** Ends a message that is not going to be sent, and gives back what it had reserved, once. */
export const fail: Statement = {
  name: 'message-fail',
  text: `
    WITH failed AS (
      UPDATE messages SET status = 'failed', failure = $2, in_hand = false, content = NULL,
        claim = NULL, claimed_until = NULL, updated_at = $3
      WHERE id = ANY($1::text[]) AND status = 'queued' AND ($4 OR NOT in_hand)
      RETURNING budget_keys, cost_micros
    ), back AS (
      SELECT key, count(*) AS messages, sum(cost_micros) AS micros
      FROM failed, unnest(failed.budget_keys) AS key GROUP BY key ORDER BY key
    )
    UPDATE send_counters c SET used = greatest(0, c.used - back.messages),
      spent_micros = greatest(0, c.spent_micros - back.micros)
    FROM back WHERE c.key = back.key`,
};
