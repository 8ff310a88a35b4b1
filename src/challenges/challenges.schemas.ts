import { z } from 'zod';
import { factorTypes } from '../factors/factor.js';
import { code } from '../factors/factors.schemas.js';
import { firstFactor, transaction } from '../tokens/tokens.schemas.js';
import { userId } from '../users/user.js';
import { attemptsLeftOf, purposes, statusAt, type Challenge } from './challenge.js';

const factorId = z.string().regex(/^fac_[0-9a-z]{26}$/, 'must be the id of a factor');

export const verifyBody = z
  .strictObject({
    code,
    factor_id: factorId
      .optional()
      .meta({ description: 'Left out: the code may be of any active factor.' }),
    first_factor: firstFactor.optional(),
    transaction: transaction.optional(),
  })
  .meta({ id: 'VerifyRequest' });

export const verifyChallengeBody = z.strictObject({ code }).meta({ id: 'VerifyChallengeRequest' });

export const challengeBody = z
  .strictObject({
    user_id: userId,
    type: z.enum(factorTypes),
    factor_id: factorId.optional(),
    purpose: z.enum(purposes).default('login'),
    first_factor: firstFactor.optional(),
    transaction: transaction.optional(),
  })
  .meta({ id: 'ChallengeRequest' });

export const challenge = z
  .object({
    id: z.string(),
    type: z.enum(factorTypes),
    status: z.enum(['pending', 'approved', 'failed', 'expired', 'canceled']),
    purpose: z.enum(purposes),
    user_id: z.string(),
    factor_id: z.string().optional(),
    transaction: z.record(z.string(), z.json()).optional(),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    attempts_left: z.int(),
  })
  .meta({ id: 'Challenge' });

/** A challenge as the API shows it, at a moment. */
export function challengeView(shown: Challenge, now: Date): z.output<typeof challenge> {
  const status = statusAt(shown, now);
  return {
    id: shown.id,
    type: shown.type,
    status,
    purpose: shown.purpose,
    user_id: shown.userId,
    ...(shown.factorId !== null && { factor_id: shown.factorId }),
    ...(shown.transaction !== null && {
      transaction: shown.transaction as z.output<typeof transaction>,
    }),
    created_at: shown.createdAt.toISOString(),
    expires_at: shown.expiresAt.toISOString(),
    attempts_left: status === 'pending' ? attemptsLeftOf(shown) : 0,
  };
}
