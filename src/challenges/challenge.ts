import type { Caller } from '../applications/application.js';
import type { Channel } from '../delivery/channel.js';
import type { PhoneNumber } from '../delivery/phone-number.js';
import { factorTypes } from '../factors/factor.js';
import { BYPASS_TYPE, type FirstFactor } from '../tokens/claims.js';
import { CHALLENGE_ATTEMPTS } from './lockout.js';

/** How long a challenge for an authenticator app may be answered. */
export const CHALLENGE_SECONDS = 300;

/** What can be proved: a factor of some type, or that an operator let somebody in. */
export const challengeTypes = [...factorTypes, BYPASS_TYPE] as const;
export type ChallengeType = (typeof challengeTypes)[number];

/** What a challenge may be asked for; an enrolment's is opened by the enrolment alone. */
export const purposes = ['login', 'step_up', 'confirm'] as const;
export type Purpose = (typeof purposes)[number] | 'enrol';

export type ChallengeStatus = 'pending' | 'approved' | 'failed' | 'expired' | 'canceled';

/** One attempt to prove a factor: bound to application, user, factor and purpose (S27). */
export interface Challenge {
  readonly id: string;
  readonly realmId: string;
  readonly applicationId: string;
  /** Null where it was opened by number or for any passkey: whose it is, the proof decides. */
  readonly userId: string | null;
  readonly type: ChallengeType;
  readonly factorId: string | null;
  readonly purpose: Purpose;
  readonly status: ChallengeStatus;
  readonly attemptsUsed: number;
  readonly firstFactor: readonly FirstFactor[];
  readonly transaction: Readonly<Record<string, unknown>> | null;
  readonly transactionHash: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** Null for what is proved without a message. */
  readonly phone: PhonePart | null;
  /** What a security key has to sign; null once it has, and for what is proved by a code. */
  readonly nonce: Uint8Array | null;
}

/** What a challenge has whose code was sent to a phone. */
export interface PhonePart {
  readonly channel: Channel;
  readonly locale: string;
  readonly number: PhoneNumber;
  /** The same at rest. */
  readonly sealed: Uint8Array;
  /** Keyed hash of it. */
  readonly hash: Uint8Array;
  /** Bucket of the address of whoever asked for it. */
  readonly address: string | null;
  /** Keyed hash over challenge and code; null once it is used up. */
  readonly codeHash: Uint8Array | null;
  readonly messageId: string;
  /** Codes sent for it so far. */
  readonly sends: number;
  readonly resendAt: Date;
}

export function statusAt(
  { status, expiresAt }: Pick<Challenge, 'status' | 'expiresAt'>,
  now: Date,
): ChallengeStatus {
  return status === 'pending' && expiresAt <= now ? 'expired' : status;
}

export function attemptsLeftOf({ attemptsUsed }: Pick<Challenge, 'attemptsUsed'>): number {
  return Math.max(0, CHALLENGE_ATTEMPTS - attemptsUsed);
}

/**
 * Whether a key may have to do with a challenge at all: an enrolment's needs the scope that enrols; one
 * opened by number for a login the scope for just that; any other the scope that verifies (S108).
 */
export function maySee(
  { scopes }: Pick<Caller, 'scopes'>,
  { purpose, userId }: Pick<Challenge, 'purpose' | 'userId'>,
): boolean {
  if (purpose === 'enrol') return scopes.includes('enrol');
  return scopes.includes('verify') || (userId === null && scopes.includes('login'));
}

/** Whether it is told what became of a message: a key for logins alone never learns about a number (S42). */
export function isTold(
  { scopes }: Pick<Caller, 'scopes'>,
  { purpose }: Pick<Challenge, 'purpose'>,
) {
  return purpose === 'enrol' || scopes.includes('verify');
}

/** Where a challenge's number stands: what its seal is bound to. */
export function sealedAt({ id, realmId }: Pick<Challenge, 'id' | 'realmId'>) {
  return { table: 'challenges', column: 'phone', realmId, rowId: id };
}
