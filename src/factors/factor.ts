/** An enrolled authenticator, and the rules of its life that need no database. */

/** The kinds there are; a kind's file is `<kind>.method.ts`. */
export const factorTypes = ['totp', 'phone', 'hotp', 'webauthn', 'recovery_code'] as const;
export type FactorType = (typeof factorTypes)[number];

/** How long an unfinished enrolment stays open. */
export const PENDING_SECONDS = 600;
/** Wrong codes that an unfinished enrolment survives. */
export const ACTIVATION_ATTEMPTS = 10;

export type FactorStatus = 'pending' | 'active' | 'revoked';

export interface Factor {
  readonly id: string;
  readonly realmId: string;
  readonly userId: string;
  readonly type: FactorType;
  readonly status: FactorStatus;
  readonly name: string;
  /** Sealed; null once revoked. */
  readonly secret: Uint8Array | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** A phone's number as it may be shown; null for other kinds and once it is destroyed. */
  readonly masked: string | null;
  readonly lastStep: number | null;
  readonly driftSteps: number;
  readonly activationAttempts: number;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly activatedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

/** The status as it is now: an enrolment that was never finished ends by itself (S12). */
export function statusAt(factor: Pick<Factor, 'status' | 'expiresAt'>, now: Date): FactorStatus {
  const over = factor.status === 'pending' && factor.expiresAt !== null && factor.expiresAt <= now;
  return over ? 'revoked' : factor.status;
}

/** Whether it is an item of its own rather than an app: what counts is one, what has a clock may be. */
export function isHardware({ type, parameters }: Pick<Factor, 'type' | 'parameters'>): boolean {
  return type === 'hotp' || parameters['hardware'] === true;
}

/** The serial of a token that the realm's inventory holds; undefined for every other factor. */
export function serialOf({ parameters }: Pick<Factor, 'parameters'>): string | undefined {
  const { serial } = parameters;
  return typeof serial === 'string' ? serial : undefined;
}

/**
 * Whether a user has nothing but this to log in with from day to day: recovery codes, which run out, are no second one.
 *
 * @param active all that the user has, this one among them
 */
export function isLastOf(
  { id }: Pick<Factor, 'id'>,
  active: readonly Pick<Factor, 'id' | 'type'>[],
): boolean {
  return !active.some((other) => other.id !== id && other.type !== 'recovery_code');
}

/** A factor as the audit names it. */
export function named({ id, userId, type }: Pick<Factor, 'id' | 'userId' | 'type'>) {
  return { userId, factorId: id, factorType: type };
}

/** Whether an enrolment began while its user, who has active factors now, had none to prove. */
export function cameBefore({ createdAt }: Factor, active: readonly Factor[]): boolean {
  const since = active.filter(
    ({ activatedAt }) => activatedAt !== null && activatedAt >= createdAt,
  );
  return active.length > 0 && since.length === active.length;
}
