/**
 * Everything the audit can say: a closed union, so that a reader's switch can be complete. Members
 * never hold a secret, a code or a token (S114).
 */

/** Why a verification was refused. The answer to the outside is the same for the first two. */
export type RefusalReason =
  | 'incorrect'
  | 'used_before'
  | 'no_factor'
  | 'locked'
  /** A security key's signature is right and its counter is not: there may be two of that key. */
  | 'counter_regressed';

/** Why a session has ended before its time. */
export type SessionEnd = 'revoked' | 'replaced' | 'factor_revoked' | 'token_reused';

/** Why a remembered device has ended before its time. */
export type DeviceEnd =
  'forgotten' | 'replaced' | 'too_many' | 'factors_changed' | 'token_reused' | 'attempts_spent';

interface OfDevice {
  readonly userId: string;
  /** The factor whose proof it was remembered by. */
  readonly factorId: string;
  readonly deviceId: string;
}

interface OfSession {
  readonly userId: string;
  /** The factor whose proof it began with. */
  readonly factorId: string;
  readonly sessionId: string;
}

interface OfLink {
  /** Null where the proof has not said yet whose it is. */
  readonly userId: string | null;
  readonly linkId: string;
}

interface OfFactor {
  readonly userId: string;
  readonly factorId: string;
  readonly factorType: string;
}

export type AuditEvent =
  | { readonly type: 'application.created'; readonly name: string }
  /** Of the hosted pages: which of colour, language and logo. */
  | { readonly type: 'realm.look_changed'; readonly members: readonly string[] }
  /** Which of the members that security keys are asked by. */
  | { readonly type: 'realm.webauthn_changed'; readonly members: readonly string[] }
  /** Whether operators' codes wait for a second operator. */
  | { readonly type: 'realm.bypass_policy_set'; readonly needsSecond: boolean }
  | { readonly type: 'application.audiences_allowed'; readonly audiences: readonly string[] }
  | {
      readonly type: 'application.addresses_set';
      readonly redirectUris: readonly string[];
      readonly frameOrigins: readonly string[];
    }
  | {
      /** Which factor types are accepted, and which of them may earn `aal2`; null: all. */
      readonly type: 'application.assurance_set';
      readonly factorTypes: readonly string[];
      readonly aal2Types: readonly string[] | null;
      readonly enrolProofSeconds: number | null;
    }
  /** How long browsers are remembered; null: not at all. */
  | { readonly type: 'application.device_memory_set'; readonly seconds: number | null }
  | { readonly type: 'api_key.created'; readonly keyId: string; readonly scopes: readonly string[] }
  | { readonly type: 'api_key.revoked'; readonly keyId: string }
  | {
      /** An application is told by a certificate, or by a name in certificates. */
      readonly type: 'certificate.bound';
      readonly certificateId: string;
      readonly kind: string;
      readonly value: string;
      readonly scopes: readonly string[];
    }
  | { readonly type: 'certificate.revoked'; readonly certificateId: string }
  | ({ readonly type: 'factor.enrolled'; readonly name: string } & OfFactor)
  | ({ readonly type: 'factor.activated'; readonly firstOfUser: boolean } & OfFactor)
  | ({ readonly type: 'factor.activation_refused' } & OfFactor)
  | ({
      /** It came from another service, by the file. */
      readonly type: 'factor.imported';
      readonly name: string;
      readonly firstOfUser: boolean;
    } & OfFactor)
  | ({
      /** Its secret left the service, sealed for whoever has the key of the file. */
      readonly type: 'factor.exported';
      readonly format: string;
    } & OfFactor)
  | ({ readonly type: 'factor.resynchronised' } & OfFactor)
  | ({
      readonly type: 'factor.resync_refused';
      readonly reason: RefusalReason;
      readonly consecutiveFailures: number;
    } & OfFactor)
  | ({ readonly type: 'factor.renamed'; readonly name: string } & OfFactor)
  | ({ readonly type: 'factor.revoked'; readonly lastOfUser: boolean } & OfFactor)
  | ({ readonly type: 'recovery_code.used'; readonly remaining: number } & OfFactor)
  | {
      /** An operator made a one-time code for a user; `by` is the name that the operator gave. */
      readonly type: 'bypass_code.created';
      readonly userId: string;
      readonly bypassId: string;
      readonly by: string;
      readonly reason: string;
      readonly expiresAt: Date;
      readonly needsSecond: boolean;
    }
  | {
      readonly type: 'bypass_code.approved' | 'bypass_code.revoked';
      readonly userId: string;
      readonly bypassId: string;
      readonly by: string;
    }
  | ({ readonly type: 'hardware_token.assigned'; readonly serial: string } & OfFactor)
  | ({
      /** Its factor has ended. */
      readonly type: 'hardware_token.released';
      readonly serial: string;
      readonly status: string;
    } & OfFactor)
  | {
      readonly type: 'hardware_tokens.imported';
      readonly count: number;
      readonly format: string;
    }
  | {
      /** Tokens that nobody has; a factor that leaves has an event of its own. */
      readonly type: 'hardware_tokens.exported';
      readonly count: number;
      readonly format: string;
    }
  | { readonly type: 'hardware_token.returned'; readonly serial: string }
  | { readonly type: 'hardware_token.lost'; readonly serial: string }
  | { readonly type: 'hardware_token.deleted'; readonly serial: string }
  | {
      readonly type: 'challenge.created';
      /** Null where it was opened by number. */
      readonly userId: string | null;
      readonly challengeId: string;
      /** Null where the code may be of any of the user's factors. */
      readonly factorId: string | null;
      readonly factorType: string;
      readonly purpose: string;
    }
  | {
      readonly type: 'challenge.canceled';
      readonly userId: string | null;
      readonly challengeId: string;
    }
  | {
      /** A code was asked for again, and the one before is dead. */
      readonly type: 'challenge.resent';
      readonly userId: string | null;
      readonly challengeId: string;
      readonly channel: string;
    }
  | {
      /** A message was not sent: the rule that stopped it. */
      readonly type: 'delivery.blocked';
      readonly userId: string | null;
      readonly challengeId: string;
      readonly reason: string;
      readonly country: string;
      readonly channel: string;
    }
  | { readonly type: 'delivery.paused'; readonly target: string; readonly seconds: number }
  | { readonly type: 'delivery.resumed'; readonly target: string }
  | ({
      readonly type: 'verification.approved';
      readonly challengeId: string | null;
      readonly transactionHash: string | null;
      /** Failures that this success ends (S45). */
      readonly failuresBefore: number;
    } & OfFactor)
  | {
      readonly type: 'verification.refused';
      readonly userId: string | null;
      readonly challengeId: string | null;
      /** The factor that was named; null where the code may be of any. */
      readonly factorId: string | null;
      readonly factorType: string;
      readonly reason: RefusalReason;
      readonly consecutiveFailures: number;
      /** The remembered device that it was charged to as well. */
      readonly deviceId?: string;
    }
  | ({ readonly type: 'session.created'; readonly kind: string } & OfSession)
  | ({ readonly type: 'session.refreshed' } & OfSession)
  | ({ readonly type: 'session.ended'; readonly reason: SessionEnd } & OfSession)
  | ({ readonly type: 'device.remembered'; readonly endsAt: Date } & OfDevice)
  /** Its token was presented, and a new one given. */
  | ({ readonly type: 'device.recognised' } & OfDevice)
  | ({ readonly type: 'device.ended'; readonly reason: DeviceEnd } & OfDevice)
  | {
      readonly type: 'client_token.issued';
      readonly jti: string;
      readonly audience: string;
      readonly scopes: readonly string[];
    }
  | { readonly type: 'token.revoked'; readonly userId: string | null; readonly jti: string }
  | { readonly type: 'signing_key.created'; readonly kid: string; readonly signsAt: Date }
  | { readonly type: 'signing_key.revoked'; readonly kid: string }
  | { readonly type: 'signing_key.deleted'; readonly kid: string }
  | ({ readonly type: 'link.created'; readonly purpose: string } & OfLink)
  | ({ readonly type: 'link.opened' } & OfLink)
  /** Somebody had the link whose browser is not the one that opened it. */
  | ({ readonly type: 'link.open_refused' } & OfLink)
  | ({ readonly type: 'link.finished' } & OfLink)
  /** The user broke it off; `error` is what the application is told. */
  | ({ readonly type: 'link.broken_off'; readonly error: string } & OfLink)
  | ({ readonly type: 'link.exchanged' } & OfLink)
  | {
      /** What older master keys have sealed is being sealed under this one. */
      readonly type: 'secrets.reencryption_begun';
      readonly keyId: string;
      readonly values: number;
    }
  | { readonly type: 'user.unlocked'; readonly userId: string }
  | { readonly type: 'user.erased'; readonly userId: string };

export type AuditEventType = AuditEvent['type'];
