import type { AuditContext } from '../audit/audit.js';
import type { Scope } from './api-key.js';

/** A service that delegates its second factor. */
export interface Application {
  readonly id: string;
  readonly realmId: string;
  readonly realmName: string;
  readonly name: string;
  /** `aud` of its access tokens. */
  readonly audience: string;
  readonly accessTokenSeconds: number;
  /** Factor types it accepts. */
  readonly factorTypes: readonly string[];
  /** Age of the proof that binding a further factor needs; null: none is asked for (S15). */
  readonly enrolProofSeconds: number | null;
  /** How long a session may lie unused, and how long it may last at all (S93). */
  readonly sessionIdleSeconds: number;
  readonly sessionSeconds: number;
  /** Whether revoking a factor ends the sessions that it began. */
  readonly sessionsEndWithFactor: boolean;
}

/** Whose an API key is: the realm follows from the key alone (S106). */
export interface KeyHolder {
  readonly application: Application;
  readonly keyId: string;
  readonly scopes: readonly Scope[];
}

/** Who a request comes from. */
export interface Caller extends KeyHolder {
  readonly requestId: string;
}

/** Who an audit event of this request is by. */
export function auditContext({ application, keyId, requestId }: Caller): AuditContext {
  return { realmId: application.realmId, applicationId: application.id, actor: keyId, requestId };
}
