/** The tables as TypeScript sees them; migrations/ is what the database sees. */
import type { ColumnType, Generated } from 'kysely';

/** jsonb: written as text, read as a value. */
type Json<Value> = ColumnType<Value, string, string>;

export interface RealmRow {
  id: string;
  name: string;
  created_at: Date;
}

export interface ApplicationRow {
  id: string;
  realm_id: string;
  name: string;
  audience: string;
  access_token_seconds: number;
  factor_types: string[];
  /** Age in seconds up to which a proof lets a further factor be enrolled; null: no proof needed. */
  enrol_proof_seconds: number | null;
  created_at: Date;
}

export interface ApiKeyRow {
  id: string;
  application_id: string;
  /** SHA-256 of the key: 256 random bits need no slow hash. */
  hash: Uint8Array;
  /** First characters of the key, to recognise it by. */
  hint: string;
  scopes: string[];
  created_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

export interface UserRow {
  realm_id: string;
  user_id: string;
  created_at: Date;
}

export interface FactorRow {
  id: string;
  realm_id: string;
  user_id: string;
  application_id: string;
  type: string;
  status: string;
  name: string;
  /** Sealed; null once the factor is revoked. */
  secret: Uint8Array | null;
  /** What its kind needs beside the secret. */
  parameters: Json<Record<string, unknown>>;
  /** The newest time step that was accepted; a code of it or of an older one is spent. */
  last_step: number | null;
  drift_steps: Generated<number>;
  activation_attempts: Generated<number>;
  created_at: Date;
  expires_at: Date | null;
  activated_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

export interface AttemptBudgetRow {
  realm_id: string;
  user_id: string;
  kind: string;
  /** Failures since the last success, the attempt under way included. */
  consecutive: number;
  /** Failures since `slow_since`, whatever succeeded in between. */
  slow_count: number;
  slow_since: Date;
  locked_until: Date | null;
  /** Whether the latest charge was granted: the answer of the charging statement. */
  granted: boolean;
}

export interface ChallengeRow {
  id: string;
  realm_id: string;
  application_id: string;
  user_id: string;
  type: string;
  factor_id: string | null;
  purpose: string;
  status: string;
  attempts_used: Generated<number>;
  first_factor: string[];
  transaction: Json<Record<string, unknown> | null> | null;
  transaction_hash: string | null;
  created_at: Date;
  expires_at: Date;
  ended_at: Date | null;
}

export interface SigningKeyRow {
  kid: string;
  algorithm: string;
  status: string;
  public_jwk: Json<Record<string, string>>;
  private_key: Uint8Array;
  created_at: Date;
}

export interface AuditEventRow {
  id: string;
  at: Date;
  realm_id: string;
  type: string;
  application_id: string | null;
  actor: string | null;
  user_id: string | null;
  factor_id: string | null;
  challenge_id: string | null;
  request_id: string | null;
  detail: Json<Record<string, unknown>>;
}

export interface IdempotencyAnswerRow {
  application_id: string;
  key: string;
  /** Keyed hash over method, path and body. */
  fingerprint: Uint8Array;
  /** Sealed: an answer may hold a secret or a token. */
  answer: Uint8Array | null;
  started_at: Date;
  expires_at: Date;
}

export interface Schema {
  realms: RealmRow;
  applications: ApplicationRow;
  api_keys: ApiKeyRow;
  users: UserRow;
  factors: FactorRow;
  attempt_budgets: AttemptBudgetRow;
  challenges: ChallengeRow;
  signing_keys: SigningKeyRow;
  audit_events: AuditEventRow;
  idempotency_answers: IdempotencyAnswerRow;
}
