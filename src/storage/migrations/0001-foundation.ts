import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Realms, applications, users, factors, budgets, challenges, keys, audit, stored answers. */
export const foundation: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(kysely);
  },
};

// Rows that a login rewrites keep free space on their page, so that the new version stays there and
// no index has to be touched (heap-only tuples).
const statements = [
  `CREATE TABLE realms (
    id text PRIMARY KEY,
    name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
  )`,
  `CREATE TABLE applications (
    id text PRIMARY KEY,
    realm_id text NOT NULL REFERENCES realms,
    name text NOT NULL,
    audience text NOT NULL,
    -- Keys are published for as long after their last signature (tokens/key-life.ts).
    access_token_seconds integer NOT NULL CHECK (access_token_seconds BETWEEN 1 AND 86400),
    factor_types text[] NOT NULL,
    enrol_proof_seconds integer,
    created_at timestamptz NOT NULL,
    UNIQUE (realm_id, name)
  )`,
  `CREATE TABLE api_keys (
    id text PRIMARY KEY,
    application_id text NOT NULL REFERENCES applications,
    hash bytea NOT NULL UNIQUE,
    hint text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
  )`,
  `CREATE INDEX api_keys_of_application ON api_keys (application_id)`,
  `CREATE TABLE users (
    realm_id text NOT NULL REFERENCES realms,
    user_id text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (realm_id, user_id)
  )`,
  `CREATE TABLE factors (
    id text PRIMARY KEY,
    realm_id text NOT NULL,
    user_id text NOT NULL,
    application_id text NOT NULL,
    type text NOT NULL,
    status text NOT NULL,
    name text NOT NULL,
    secret bytea,
    parameters jsonb NOT NULL,
    last_step bigint,
    drift_steps smallint NOT NULL DEFAULT 0,
    activation_attempts smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    activated_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    FOREIGN KEY (realm_id, user_id) REFERENCES users ON DELETE CASCADE
  ) WITH (fillfactor = 80)`,
  `CREATE INDEX factors_of_user ON factors (realm_id, user_id) WHERE status <> 'revoked'`,
  `CREATE INDEX factors_pending ON factors (expires_at) WHERE status = 'pending'`,
  // No foreign key to users: a name that does not exist is charged like one that does (S42).
  `CREATE TABLE attempt_budgets (
    realm_id text NOT NULL,
    user_id text NOT NULL,
    kind text NOT NULL,
    consecutive integer NOT NULL,
    slow_count integer NOT NULL,
    slow_since timestamptz NOT NULL,
    locked_until timestamptz,
    granted boolean NOT NULL,
    PRIMARY KEY (realm_id, user_id, kind)
  ) WITH (fillfactor = 70)`,
  `CREATE TABLE challenges (
    id text PRIMARY KEY,
    realm_id text NOT NULL,
    application_id text NOT NULL,
    user_id text NOT NULL,
    type text NOT NULL,
    factor_id text,
    purpose text NOT NULL,
    status text NOT NULL,
    attempts_used smallint NOT NULL DEFAULT 0,
    first_factor text[] NOT NULL,
    transaction jsonb,
    transaction_hash text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
  ) WITH (fillfactor = 80)`,
  `CREATE INDEX challenges_by_end ON challenges (expires_at)`,
  // What a key is at a moment follows from its times (tokens/key-life.ts).
  `CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    private_key bytea NOT NULL,
    published_at timestamptz NOT NULL,
    signs_at timestamptz NOT NULL,
    retires_at timestamptz,
    revoked_at timestamptz
  )`,
  // Replicas that make a key at the same time agree on one: for a second without a successor there is no room.
  `CREATE UNIQUE INDEX signing_keys_one_newest ON signing_keys ((true))
    WHERE retires_at IS NULL AND revoked_at IS NULL`,
  `CREATE TABLE audit_events (
    id text NOT NULL,
    at timestamptz NOT NULL,
    realm_id text NOT NULL,
    type text NOT NULL,
    application_id text,
    actor text,
    user_id text,
    factor_id text,
    challenge_id text,
    request_id text,
    detail jsonb NOT NULL,
    PRIMARY KEY (realm_id, id)
  )`,
  // Of the user alone, so that equal keys are stored once: a third of what the whole key costs a login.
  `CREATE INDEX audit_events_of_user ON audit_events (user_id)`,
  `CREATE TABLE idempotency_answers (
    application_id text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    answer bytea,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (application_id, key)
  )`,
  `CREATE INDEX idempotency_answers_by_end ON idempotency_answers (expires_at)`,
];
