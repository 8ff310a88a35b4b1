import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Links to the hosted pages, where they lead back to, and how a realm looks on them. */
export const links: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(kysely);
  },
};

const statements = [
  `ALTER TABLE applications
    ADD COLUMN redirect_uris text[] NOT NULL DEFAULT '{}',
    ADD COLUMN frame_origins text[] NOT NULL DEFAULT '{}'`,
  `ALTER TABLE realms
    ADD COLUMN color text,
    ADD COLUMN locale text,
    ADD COLUMN logo bytea,
    ADD COLUMN logo_type text`,
  // `json` keeps the order in which a transaction's members were given, and shows them in that.
  `CREATE TABLE links (
    id text PRIMARY KEY,
    realm_id text NOT NULL,
    application_id text NOT NULL REFERENCES applications,
    user_id text NOT NULL,
    purpose text NOT NULL,
    status text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    redirect_uri text NOT NULL,
    state text,
    types text[],
    locale text,
    first_factor text[] NOT NULL,
    transaction json,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    page_hash bytea,
    page_ends_at timestamptz,
    way text,
    challenges jsonb NOT NULL DEFAULT '{}',
    notice jsonb,
    deeds jsonb NOT NULL DEFAULT '[]',
    proof jsonb,
    factor_id text,
    code_hash bytea UNIQUE,
    code_ends_at timestamptz,
    exchanged_at timestamptz
  ) WITH (fillfactor = 70)`,
  `CREATE INDEX links_of_user ON links (realm_id, user_id)`,
  `CREATE INDEX links_by_end ON links (expires_at)`,
];
