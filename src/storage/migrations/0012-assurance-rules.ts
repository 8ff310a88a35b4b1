import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Which of the factor types that an application accepts may earn `aal2`; null: all of them. */
export const assuranceRules: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    await sql`ALTER TABLE applications ADD COLUMN aal2_types text[]
      CHECK (cardinality(aal2_types) > 0 AND aal2_types <@ factor_types)`.execute(kysely);
  },
};
