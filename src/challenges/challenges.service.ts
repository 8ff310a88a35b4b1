import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import type { FactorType } from '../factors/factor.js';
import { FactorsService } from '../factors/factors.service.js';
import { Database } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { hashTransaction, type FirstFactor } from '../tokens/claims.js';
import { CHALLENGE_SECONDS, statusAt, type Challenge, type Purpose } from './challenge.js';
import { ChallengesRepository } from './challenges.repository.js';

export interface ChallengeRequest {
  readonly user_id: string;
  readonly type: FactorType;
  readonly factor_id?: string | undefined;
  readonly purpose: Purpose;
  readonly first_factor?: readonly FirstFactor[] | undefined;
  readonly transaction?: Record<string, unknown> | undefined;
}

/** Challenges before and after their code: create, show, cancel. The code is verification.ts's. */
@Injectable()
export class ChallengesService {
  constructor(
    private readonly repository: ChallengesRepository,
    private readonly factors: FactorsService,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Opens a challenge. It is opened for a user without a factor too, so that asking tells nothing
   * about the user (S42).
   *
   * @throws WatchwordError `factor_type_not_allowed`; `not_found` for a factor that is not an active
   *   one of the user's
   */
  async create(caller: Caller, request: ChallengeRequest): Promise<Challenge> {
    const { id: applicationId, realmId, factorTypes } = caller.application;
    if (!factorTypes.includes(request.type))
      throw new WatchwordError('factor_type_not_allowed', { allowed: factorTypes });
    if (request.factor_id !== undefined) await this.requireFactor(caller, request);
    const createdAt = this.clock.now();
    const { transaction = null } = request;
    const challenge: Challenge = {
      id: newId('chl'),
      realmId,
      applicationId,
      userId: request.user_id,
      type: request.type,
      factorId: request.factor_id ?? null,
      purpose: request.purpose,
      status: 'pending',
      attemptsUsed: 0,
      firstFactor: request.first_factor ?? [],
      transaction,
      transactionHash: transaction && hashTransaction(transaction),
      createdAt,
      expiresAt: new Date(createdAt.getTime() + CHALLENGE_SECONDS * 1000),
    };
    await this.database.transaction(async (executor) => {
      await this.repository.add(executor, challenge);
      await this.audit.record(executor, auditContext(caller), {
        type: 'challenge.created',
        userId: challenge.userId,
        challengeId: challenge.id,
        factorId: challenge.factorId,
        factorType: challenge.type,
        purpose: challenge.purpose,
      });
    });
    return challenge;
  }

  /** @throws WatchwordError `not_found`, for another application's as for a missing one (S105) */
  async get(caller: Caller, id: string): Promise<Challenge> {
    const challenge = await this.repository.find(caller.application.id, id);
    if (challenge === undefined) throw new WatchwordError('not_found');
    return challenge;
  }

  /** @throws WatchwordError `not_found`, `challenge_ended` */
  async cancel(caller: Caller, id: string): Promise<void> {
    const challenge = await this.get(caller, id);
    const now = this.clock.now();
    await this.database.transaction(async (executor) => {
      if (!(await this.repository.cancel(executor, id, now)))
        throw new WatchwordError('challenge_ended', {
          challenge_status: statusAt(challenge, now),
        });
      await this.audit.record(executor, auditContext(caller), {
        type: 'challenge.canceled',
        userId: challenge.userId,
        challengeId: id,
      });
    });
  }

  private async requireFactor(caller: Caller, request: ChallengeRequest): Promise<void> {
    const factors = await this.factors.list(caller.application.realmId, request.user_id);
    const named = factors.find(({ id }) => id === request.factor_id);
    if (named?.status !== 'active') throw new WatchwordError('not_found');
  }
}
