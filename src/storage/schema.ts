/** The tables as TypeScript sees them; migrations/ is what the database sees. */
import type { ColumnType, Generated } from 'kysely';
import type { ApplicationRow } from './schema/application-row.js';
import type { BypassCodeRow } from './schema/bypass-code-row.js';
import type { DeviceRow } from './schema/device-row.js';
import type { HardwareTokenRow } from './schema/hardware-token-row.js';
import type { LinkRow } from './schema/link-row.js';
import type { RelyingPartyColumns } from './schema/relying-party-columns.js';

/** jsonb: written as text, read as a value. */
type Json<Value> = ColumnType<Value, string, string>;

export interface RealmRow extends RelyingPartyColumns {
  id: string;
  name: string;
  created_at: Date;
  /** How it looks on the hosted pages: `#rrggbb`, language tag, picture and its media type. */
  color: Generated<string | null>;
  locale: Generated<string | null>;
  logo: Generated<Uint8Array | null>;
  logo_type: Generated<string | null>;
  /** Whether an operator's code waits for a second operator. */
  bypass_needs_second: Generated<boolean>;
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

/** A certificate, or a name in certificates, that an application says who it is by. */
export interface ApplicationCertificateRow {
  id: string;
  application_id: string;
  kind: string;
  value: string;
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
  /** Who enrolled it; null where an operator brought it. */
  application_id: string | null;
  type: string;
  status: string;
  name: string;
  /** Sealed; null once the factor is revoked. */
  secret: Uint8Array | null;
  /** Keyed hash by which a phone's factor is found; null for other kinds and once it is revoked. */
  lookup: Uint8Array | null;
  /** Of an active security key or passkey; null for other kinds. */
  credential_id: Generated<Uint8Array | null>;
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
  /** Null where the challenge was opened by number: whose it is, the proof decides. */
  user_id: string | null;
  type: string;
  factor_id: string | null;
  purpose: string;
  status: string;
  attempts_used: Generated<number>;
  /** The members that a phone's challenge has beside. */
  channel: Generated<string | null>;
  locale: Generated<string | null>;
  /** Sealed. */
  phone: Generated<Uint8Array | null>;
  phone_hash: Generated<Uint8Array | null>;
  country: Generated<string | null>;
  /** Bucket of the client's address. */
  address: Generated<string | null>;
  /** Keyed hash over challenge and code (S64). */
  code_hash: Generated<Uint8Array | null>;
  message_id: Generated<string | null>;
  sends: Generated<number>;
  resend_at: Generated<Date | null>;
  /** Random bytes that a security key signs; null once it has, and for what is proved by a code. */
  nonce: Generated<Uint8Array | null>;
  first_factor: string[];
  transaction: Json<Record<string, unknown> | null> | null;
  transaction_hash: string | null;
  created_at: Date;
  expires_at: Date;
  ended_at: Date | null;
}

/** What is on its way to a phone: the outbox, and after it the record of what became of it. */
export interface MessageRow {
  id: string;
  realm_id: string;
  challenge_id: string | null;
  channel: string;
  country: string;
  /** Sealed; null as soon as nobody has to carry it any more. */
  content: Uint8Array | null;
  status: string;
  /** Why it was not sent; null where it was. */
  failure: string | null;
  /** Providers that have been given it, each once. */
  tried: string[];
  /** A hand-over is under way, or its answer was never written down. */
  in_hand: boolean;
  provider: string | null;
  provider_message_id: string | null;
  claim: string | null;
  claimed_until: Date | null;
  /** What it reserved, to be given back if it is never sent. */
  budget_keys: string[];
  cost_micros: number;
  created_at: Date;
  expires_at: Date;
  updated_at: Date;
}

/** Counters of the shield (delivery/shield.ts). */
export interface SendCounterRow {
  key: string;
  /** When the window of `used` began. */
  since: Date;
  used: number;
  spent_micros: number;
  verified: number;
  recent: Date[];
  paused_until: Date | null;
}

/** What the console provider keeps, sealed: never in production. */
export interface InboxRow {
  id: string;
  content: Uint8Array;
  sent_at: Date;
}

export interface SessionRow {
  id: string;
  realm_id: string;
  user_id: string;
  application_id: string;
  kind: string;
  factor_id: string;
  factor_type: string;
  amr: string[];
  acr: string;
  auth_time: Date;
  certificate: string | null;
  /** SHA-256 of the cookie's id; null where it has refresh tokens. */
  cookie_hash: Uint8Array | null;
  /** SHA-256 of the newest refresh token and of the one before. */
  refresh_hash: Uint8Array | null;
  previous_hash: Uint8Array | null;
  /** Until when the one before answers with the newest. */
  previous_until: Date | null;
  created_at: Date;
  last_used_at: Date;
  idle_ends_at: Date;
  ends_at: Date;
  revoked_at: Date | null;
}

/** An access token that was revoked before its end, and until when that matters. */
export interface RevokedTokenRow {
  jti: string;
  expires_at: Date;
}

export interface SigningKeyRow {
  kid: string;
  /** Sealed. */
  private_key: Uint8Array;
  published_at: Date;
  signs_at: Date;
  /** When its successor begins to sign; null while it has none. */
  retires_at: Date | null;
  revoked_at: Date | null;
}

/** Until when a master key is known to have written. */
export interface MasterKeyRow {
  id: string;
  wrote_at: Date;
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
  application_certificates: ApplicationCertificateRow;
  users: UserRow;
  factors: FactorRow;
  attempt_budgets: AttemptBudgetRow;
  challenges: ChallengeRow;
  messages: MessageRow;
  send_counters: SendCounterRow;
  inbox: InboxRow;
  sessions: SessionRow;
  revoked_tokens: RevokedTokenRow;
  links: LinkRow;
  hardware_tokens: HardwareTokenRow;
  bypass_codes: BypassCodeRow;
  devices: DeviceRow;
  signing_keys: SigningKeyRow;
  master_keys: MasterKeyRow;
  audit_events: AuditEventRow;
  idempotency_answers: IdempotencyAnswerRow;
}
