import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Which master key wrote until when, so that it can be said when one may go. */
export const masterKeys: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    await sql`CREATE TABLE master_keys (
      id text PRIMARY KEY,
      wrote_at timestamptz NOT NULL
    )`.execute(kysely);
  },
};
