import type { FactorType } from '../factors/factor.js';
import type { FirstFactor } from '../tokens/claims.js';
import { CHALLENGE_ATTEMPTS } from './lockout.js';

/** How long a challenge for an authenticator app may be answered. */
export const CHALLENGE_SECONDS = 300;

export const purposes = ['login', 'step_up', 'confirm'] as const;
export type Purpose = (typeof purposes)[number];

export type ChallengeStatus = 'pending' | 'approved' | 'failed' | 'expired' | 'canceled';

/** One attempt to prove a factor: bound to application, user, factor and purpose (S27). */
export interface Challenge {
  readonly id: string;
  readonly realmId: string;
  readonly applicationId: string;
  readonly userId: string;
  readonly type: FactorType;
  readonly factorId: string | null;
  readonly purpose: Purpose;
  readonly status: ChallengeStatus;
  readonly attemptsUsed: number;
  readonly firstFactor: readonly FirstFactor[];
  readonly transaction: Readonly<Record<string, unknown>> | null;
  readonly transactionHash: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
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
