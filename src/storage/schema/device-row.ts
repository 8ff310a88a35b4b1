import type { Generated } from 'kysely';

/** A browser or phone that an application remembers for a user. */
export interface DeviceRow {
  id: string;
  realm_id: string;
  user_id: string;
  application_id: string;
  /** What was proved when it was remembered, and when. */
  factor_id: string;
  factor_type: string;
  proved_at: Date;
  /** SHA-256 of the newest token and of the one before. */
  token_hash: Uint8Array;
  previous_hash: Uint8Array | null;
  /** Until when the one before answers with the newest. */
  previous_until: Date | null;
  /** Wrong codes since the last right one, and all of them; the attempt under way included. */
  consecutive: Generated<number>;
  failures: Generated<number>;
  last_used_at: Date;
  ends_at: Date;
  revoked_at: Date | null;
}
