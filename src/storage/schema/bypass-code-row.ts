/** A code that an operator made for a user; the row stays for a while after its end. */
export interface BypassCodeRow {
  id: string;
  realm_id: string;
  user_id: string;
  /** Sealed hash; null once it was used or revoked. */
  code: Uint8Array | null;
  reason: string;
  created_by: string;
  created_at: Date;
  /** Who let it be used; null while it waits for a second operator. */
  approved_by: string | null;
  expires_at: Date;
  used_at: Date | null;
  revoked_at: Date | null;
}
