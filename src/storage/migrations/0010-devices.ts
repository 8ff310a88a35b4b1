import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Browsers and phones that an application remembers for a user. */
export const devices: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(kysely);
  },
};

const statements = [
  `ALTER TABLE applications ADD COLUMN remember_device_seconds integer`,
  `CREATE TABLE devices (
    id text PRIMARY KEY,
    realm_id text NOT NULL,
    user_id text NOT NULL,
    application_id text NOT NULL REFERENCES applications,
    factor_id text NOT NULL,
    factor_type text NOT NULL,
    token_hash bytea NOT NULL,
    previous_hash bytea,
    previous_until timestamptz,
    consecutive smallint NOT NULL DEFAULT 0,
    failures smallint NOT NULL DEFAULT 0,
    proved_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    revoked_at timestamptz,
    FOREIGN KEY (realm_id, user_id) REFERENCES users ON DELETE CASCADE
  ) WITH (fillfactor = 80)`,
  `CREATE INDEX devices_of_user ON devices (realm_id, user_id)`,
  `CREATE INDEX devices_by_end ON devices (ends_at)`,
];
