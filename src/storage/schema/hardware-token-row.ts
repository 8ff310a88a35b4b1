import type { ColumnType, Generated } from 'kysely';

/** A hardware token that the realm has, whoever has it in hand. */
export interface HardwareTokenRow {
  id: string;
  realm_id: string;
  /** As it is printed on its back, in capitals. */
  serial: string;
  /** `hotp` or `totp`. */
  type: string;
  status: string;
  manufacturer: string | null;
  model: string | null;
  /** Sealed. */
  secret: Uint8Array;
  parameters: ColumnType<Record<string, unknown>, string, string>;
  /** The newest counter or step that was accepted of it, by whoever had it. */
  last_step: number | null;
  drift_steps: Generated<number>;
  /** The factor that it is now. */
  factor_id: Generated<string | null>;
  created_at: Date;
  /** When its status became what it is. */
  changed_at: Date;
}
