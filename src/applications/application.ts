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
  /** Those of them whose proof may earn `aal2`; null: all. */
  readonly aal2Types: readonly string[] | null;
  /** Age of the proof that binding a further factor needs; null: none is asked for (S15). */
  readonly enrolProofSeconds: number | null;
  /** How long a session may lie unused, and how long it may last at all (S93). */
  readonly sessionIdleSeconds: number;
  readonly sessionSeconds: number;
  /** Whether revoking a factor ends the sessions that it began. */
  readonly sessionsEndWithFactor: boolean;
  /** For how long a browser is remembered after a proof; null: never. */
  readonly rememberDeviceSeconds: number | null;
  /** Other services that it may get client tokens for, beside this one. */
  readonly tokenAudiences: readonly string[];
  /** Where the hosted pages may send a browser back to. */
  readonly redirectUris: readonly string[];
  /** Origins that may frame the hosted pages. */
  readonly frameOrigins: readonly string[];
}

export type CredentialKind = 'api_key' | 'client_token' | 'certificate' | 'link';

/** Whose a credential is: the realm follows from the credential alone (S106). */
export interface Holder {
  readonly application: Application;
  readonly kind: CredentialKind;
  /** `key_…` of an API key, `crt_…` of a certificate, `jti_…` of a client token, `lnk_…` of a link. */
  readonly credentialId: string;
  readonly scopes: readonly Scope[];
  /** Thumbprint of the certificate that it is good with alone; null: it is good by itself. */
  readonly certificate: string | null;
  /** When it ends by itself, where it does. */
  readonly endsAt: Date | null;
}

/** Who a request comes from. */
export interface Caller extends Holder {
  readonly requestId: string;
}

/** Who an audit event of this request is by. */
export function auditContext({ application, credentialId, requestId }: Caller): AuditContext {
  const { realmId, id: applicationId } = application;
  return { realmId, applicationId, actor: credentialId, requestId };
}
