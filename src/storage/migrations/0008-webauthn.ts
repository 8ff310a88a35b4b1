import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Security keys and passkeys: what a realm asks of them, whose a credential is, what a challenge waits for. */
export const webauthn: Migration = {
  async up(kysely: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(kysely);
  },
};

const statements = [
  `ALTER TABLE realms
    ADD COLUMN webauthn_rp_id text,
    ADD COLUMN webauthn_rp_name text,
    ADD COLUMN webauthn_origins text[] NOT NULL DEFAULT '{}',
    ADD COLUMN webauthn_user_verification text NOT NULL DEFAULT 'preferred',
    ADD COLUMN webauthn_aaguids text[] NOT NULL DEFAULT '{}'`,
  `ALTER TABLE factors ADD COLUMN credential_id bytea`,
  // One credential is one user's: a second user with the same id could not be told from the first.
  `CREATE UNIQUE INDEX factors_by_credential ON factors (realm_id, credential_id)
    WHERE credential_id IS NOT NULL AND status = 'active'`,
  `ALTER TABLE challenges ADD COLUMN nonce bytea`,
];
