import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Recovery codes: one live set for each user. */
export const recovery: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(kysely);
  },
};

const statements = [
  `CREATE UNIQUE INDEX recovery_codes_of_user ON factors (realm_id, user_id)
    WHERE type = 'recovery_code' AND status = 'active'`,
];
