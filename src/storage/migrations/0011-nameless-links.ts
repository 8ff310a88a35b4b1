import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Links for whoever's passkey it is: nobody's, until the proof says whose they were. */
export const namelessLinks: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    await sql`ALTER TABLE links ALTER COLUMN user_id DROP NOT NULL`.execute(kysely);
  },
};
