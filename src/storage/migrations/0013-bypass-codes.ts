import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Operators' one-time codes: one open code for each user. */
export const bypassCodes: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(kysely);
  },
};

const statements = [
  `ALTER TABLE realms ADD COLUMN bypass_needs_second boolean NOT NULL DEFAULT false`,
  `CREATE TABLE bypass_codes (
    id text PRIMARY KEY,
    realm_id text NOT NULL,
    user_id text NOT NULL,
    code bytea,
    reason text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    approved_by text,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz,
    FOREIGN KEY (realm_id, user_id) REFERENCES users ON DELETE CASCADE
  )`,
  `CREATE UNIQUE INDEX bypass_code_of_user ON bypass_codes (realm_id, user_id)
    WHERE used_at IS NULL AND revoked_at IS NULL`,
  `CREATE INDEX bypass_codes_by_end ON bypass_codes (expires_at)`,
];
