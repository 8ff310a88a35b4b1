import type { Generated } from 'kysely';

/** What a realm asks of security keys (applications/relying-parties.ts). */
export interface RelyingPartyColumns {
  webauthn_rp_id: Generated<string | null>;
  webauthn_rp_name: Generated<string | null>;
  webauthn_origins: Generated<string[]>;
  webauthn_user_verification: Generated<string>;
  webauthn_aaguids: Generated<string[]>;
}
