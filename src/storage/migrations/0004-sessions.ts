import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Long logins: sessions by refresh token or cookie, and access tokens that were revoked before their end. */
export const sessions: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(kysely);
  },
};

const statements = [
  `ALTER TABLE applications
    ADD COLUMN session_idle_seconds integer NOT NULL DEFAULT 604800,
    ADD COLUMN session_seconds integer NOT NULL DEFAULT 2592000,
    ADD COLUMN sessions_end_with_factor boolean NOT NULL DEFAULT true`,
  `CREATE TABLE sessions (
    id text PRIMARY KEY,
    realm_id text NOT NULL,
    user_id text NOT NULL,
    application_id text NOT NULL REFERENCES applications,
    kind text NOT NULL,
    factor_id text NOT NULL,
    factor_type text NOT NULL,
    amr text[] NOT NULL,
    acr text NOT NULL,
    auth_time timestamptz NOT NULL,
    certificate text,
    cookie_hash bytea UNIQUE,
    refresh_hash bytea,
    previous_hash bytea,
    previous_until timestamptz,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    idle_ends_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    revoked_at timestamptz,
    FOREIGN KEY (realm_id, user_id) REFERENCES users ON DELETE CASCADE
  ) WITH (fillfactor = 80)`,
  `CREATE INDEX sessions_of_user ON sessions (realm_id, user_id)`,
  `CREATE INDEX sessions_of_factor ON sessions (factor_id) WHERE revoked_at IS NULL`,
  `CREATE INDEX sessions_by_end ON sessions (ends_at)`,
  `CREATE TABLE revoked_tokens (
    jti text PRIMARY KEY,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX revoked_tokens_by_end ON revoked_tokens (expires_at)`,
];
