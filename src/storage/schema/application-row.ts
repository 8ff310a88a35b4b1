import type { Generated } from 'kysely';

export interface ApplicationRow {
  id: string;
  realm_id: string;
  name: string;
  audience: string;
  access_token_seconds: number;
  factor_types: string[];
  /** Those of them that may earn `aal2`; null: all. */
  aal2_types: Generated<string[] | null>;
  /** Age in seconds up to which a proof lets a further factor be enrolled; null: no proof needed. */
  enrol_proof_seconds: number | null;
  /** How long a session may lie unused, and how long it may last at all. */
  session_idle_seconds: Generated<number>;
  session_seconds: Generated<number>;
  sessions_end_with_factor: Generated<boolean>;
  /** How long a browser is remembered; null: none is. */
  remember_device_seconds: Generated<number | null>;
  /** `aud` of the client tokens that it may get beside this service's own. */
  token_audiences: Generated<string[]>;
  /** Where browsers may be sent back to, and which origins may frame the pages. */
  redirect_uris: Generated<string[]>;
  frame_origins: Generated<string[]>;
  created_at: Date;
}
