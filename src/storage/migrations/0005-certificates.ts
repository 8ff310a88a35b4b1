import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Servers that say who they are by certificate, and the services that they may get tokens for. */
export const certificates: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(kysely);
  },
};

const statements = [
  `ALTER TABLE applications ADD COLUMN token_audiences text[] NOT NULL DEFAULT '{}'`,
  `CREATE TABLE application_certificates (
    id text PRIMARY KEY,
    application_id text NOT NULL REFERENCES applications,
    kind text NOT NULL,
    value text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
  )`,
  // A certificate says no more than its name, so a name belongs to one application.
  `CREATE UNIQUE INDEX application_certificates_live ON application_certificates (kind, value)
    WHERE revoked_at IS NULL`,
  `CREATE INDEX application_certificates_of_application ON application_certificates (application_id)`,
];
