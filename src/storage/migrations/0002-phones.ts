import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Phones: where a factor is found by its number, challenges with a code of their own, the outbox. */
export const phones: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(kysely);
  },
};

const statements = [
  `ALTER TABLE factors ADD COLUMN lookup bytea`,
  `CREATE INDEX factors_by_lookup ON factors (realm_id, lookup)
    WHERE lookup IS NOT NULL AND status = 'active'`,
  `ALTER TABLE challenges
    ALTER COLUMN user_id DROP NOT NULL,
    ADD COLUMN channel text,
    ADD COLUMN locale text,
    ADD COLUMN phone bytea,
    ADD COLUMN phone_hash bytea,
    ADD COLUMN country text,
    ADD COLUMN address text,
    ADD COLUMN code_hash bytea,
    ADD COLUMN message_id text,
    ADD COLUMN sends smallint NOT NULL DEFAULT 0,
    ADD COLUMN resend_at timestamptz`,
  `CREATE INDEX challenges_of_enrolment ON challenges (factor_id) WHERE purpose = 'enrol'`,
  `CREATE TABLE messages (
    id text PRIMARY KEY,
    realm_id text NOT NULL,
    challenge_id text,
    channel text NOT NULL,
    country text NOT NULL,
    content bytea,
    status text NOT NULL,
    failure text,
    tried text[] NOT NULL DEFAULT '{}',
    in_hand boolean NOT NULL DEFAULT false,
    provider text,
    provider_message_id text,
    claim text,
    claimed_until timestamptz,
    budget_keys text[] NOT NULL,
    cost_micros bigint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  ) WITH (fillfactor = 70)`,
  `CREATE INDEX messages_waiting ON messages (claimed_until) WHERE status = 'queued'`,
  `CREATE INDEX messages_by_age ON messages (created_at)`,
  `CREATE TABLE send_counters (
    key text PRIMARY KEY,
    since timestamptz NOT NULL,
    used bigint NOT NULL,
    spent_micros bigint NOT NULL,
    verified bigint NOT NULL,
    recent timestamptz[] NOT NULL,
    paused_until timestamptz
  ) WITH (fillfactor = 70)`,
  `CREATE TABLE inbox (
    id text PRIMARY KEY,
    content bytea NOT NULL,
    sent_at timestamptz NOT NULL
  )`,
];
