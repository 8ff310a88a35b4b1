import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A realm's inventory of hardware tokens. */
export const hardwareTokens: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(kysely);
  },
};

const statements = [
  // A factor that came by the file was enrolled by no application.
  `ALTER TABLE factors ALTER COLUMN application_id DROP NOT NULL`,
  `CREATE TABLE hardware_tokens (
    id text PRIMARY KEY,
    realm_id text NOT NULL REFERENCES realms,
    serial text NOT NULL,
    type text NOT NULL,
    status text NOT NULL,
    manufacturer text,
    model text,
    secret bytea NOT NULL,
    parameters jsonb NOT NULL,
    last_step bigint,
    drift_steps smallint NOT NULL DEFAULT 0,
    factor_id text,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    UNIQUE (realm_id, serial)
  ) WITH (fillfactor = 90)`,
  // One token is one factor. No foreign key: factors that nobody activated are deleted in bulk.
  `CREATE UNIQUE INDEX hardware_tokens_of_factor ON hardware_tokens (factor_id)
    WHERE factor_id IS NOT NULL`,
];
