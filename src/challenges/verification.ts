import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import type { AuditEvent, RefusalReason } from '../audit/event.js';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import type { Checkable, Spent } from '../factors/method.js';
import { TotpMethod } from '../factors/totp.method.js';
import { AccessTokens, type TokenAnswer } from '../tokens/access-tokens.js';
import { hashTransaction, type FirstFactor } from '../tokens/claims.js';
import { AttemptsRepository, type Charge } from './attempts.repository.js';
import { attemptsLeftOf, statusAt, type Challenge } from './challenge.js';
import { ChallengesRepository } from './challenges.repository.js';
import { attemptsLeft, CHALLENGE_ATTEMPTS, retryAfter } from './lockout.js';

/** What somebody says they can prove. */
interface Claim {
  readonly caller: Caller;
  readonly userId: string;
  readonly code: string;
  readonly factorId: string | null;
  readonly challenge: Challenge | null;
  readonly firstFactor: readonly FirstFactor[];
  readonly transactionHash: string | null;
  readonly now: Date;
}

export interface VerifyRequest {
  readonly code: string;
  readonly factor_id?: string | undefined;
  readonly first_factor?: readonly FirstFactor[] | undefined;
  readonly transaction?: Record<string, unknown> | undefined;
}

interface Match {
  readonly factor: Checkable;
  readonly spent: Spent;
}

/**
 * THE FLOW: a typed code becomes a token. Each step is committed before the next begins, in the order
 * that is safe when the process dies between any two of them: the attempt is charged before the code
 * is looked at, and the code is used up before a token exists.
 */
@Injectable()
export class Verification {
  constructor(
    private readonly attempts: AttemptsRepository,
    private readonly challenges: ChallengesRepository,
    private readonly method: TotpMethod,
    private readonly tokens: AccessTokens,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Verifies a code of the user's in one call.
   *
   * @throws WatchwordError `code_incorrect` for a wrong code, a used one, a user without a factor and
   *   a user who does not exist alike (S42); `locked`; `not_found` for a factor that is not the user's
   */
  byUser(caller: Caller, userId: string, request: VerifyRequest): Promise<TokenAnswer> {
    return this.prove({
      caller,
      userId,
      code: request.code,
      factorId: request.factor_id ?? null,
      challenge: null,
      firstFactor: request.first_factor ?? [],
      transactionHash: request.transaction ? hashTransaction(request.transaction) : null,
      now: this.clock.now(),
    });
  }

  /**
   * Verifies a code for a challenge; user, factor and transaction are those it was created with (S27).
   *
   * @throws WatchwordError `not_found`, `challenge_ended`, `code_incorrect`, `locked`
   */
  async byChallenge(caller: Caller, challengeId: string, code: string): Promise<TokenAnswer> {
    const challenge = await this.challenges.find(caller.application.id, challengeId);
    if (challenge === undefined) throw new WatchwordError('not_found');
    const { userId, factorId, firstFactor, transactionHash } = challenge;
    const now = this.clock.now();
    return this.prove({
      caller,
      userId,
      code,
      factorId,
      challenge,
      firstFactor,
      transactionHash,
      now,
    });
  }

  private async prove(claim: Claim): Promise<TokenAnswer> {
    this.refuseOtherTypes(claim);
    const charge = await this.charge(claim);
    await this.refuseWhileLocked(claim, charge);
    const match = this.compare(claim, charge);
    if (match === undefined) return this.refuseCode(claim, charge);
    if (!(await this.consume(claim, charge, match))) return this.refuseSpent(claim, charge);
    return this.issue(claim, match);
  }

  private refuseOtherTypes({ caller }: Claim): void {
    const { factorTypes } = caller.application;
    if (!factorTypes.includes(this.method.type))
      throw new WatchwordError('factor_type_not_allowed', { allowed: factorTypes });
  }

  private async charge(claim: Claim): Promise<Charge> {
    const { challenge, now } = claim;
    if (challenge !== null) refuseEnded(challenge, now);
    const charge = await this.attempts.charge({
      realmId: claim.caller.application.realmId,
      userId: claim.userId,
      kind: this.method.type,
      factorId: claim.factorId,
      challengeId: challenge?.id ?? null,
      now,
    });
    if (charge !== undefined) return charge;
    if (challenge === null) throw new WatchwordError('not_found');
    return this.refuseChallenge(claim.caller, challenge, now);
  }

  private async refuseWhileLocked(claim: Claim, charge: Charge): Promise<void> {
    if (charge.granted) return;
    await this.refuse(claim, charge, 'locked', true);
    throw new WatchwordError('locked', {
      attempts_left: 0,
      retry_after: retryAfter(charge, claim.now) ?? 1,
    });
  }

  /** Tries every factor it may be, whichever matched: the time taken tells nothing (S43). */
  private compare({ code, now }: Claim, { factors }: Charge): Match | undefined {
    const matches = factors.flatMap((factor) => {
      const spent = this.method.match(factor, code, now);
      return spent === null ? [] : [{ factor, spent }];
    });
    return matches[0];
  }

  private consume(claim: Claim, charge: Charge, { factor, spent }: Match): Promise<boolean> {
    return this.attempts.consume({
      factorId: factor.id,
      spent,
      challengeId: claim.challenge?.id ?? null,
      now: claim.now,
      event: this.row(claim, {
        type: 'verification.approved',
        userId: claim.userId,
        factorId: factor.id,
        factorType: this.method.type,
        challengeId: claim.challenge?.id ?? null,
        transactionHash: claim.transactionHash,
        failuresBefore: charge.consecutive - 1,
      }),
    });
  }

  private issue({ caller, userId, firstFactor, transactionHash, now }: Claim, { factor }: Match) {
    return this.tokens.issue(caller.application, {
      userId,
      factor: { id: factor.id, type: this.method.type },
      method: this.method.proves,
      firstFactor,
      transactionHash,
      provenAt: now,
    });
  }

  private refuseCode(claim: Claim, charge: Charge): Promise<never> {
    return this.refuseAttempt(claim, charge, charge.factors.length > 0 ? 'incorrect' : 'no_factor');
  }

  /** A code that was right, and was used up by another request in the meantime. */
  private refuseSpent(claim: Claim, charge: Charge): Promise<never> {
    return this.refuseAttempt(claim, charge, 'used_before');
  }

  private async refuseAttempt(claim: Claim, charge: Charge, reason: RefusalReason): Promise<never> {
    const ofChallenge = CHALLENGE_ATTEMPTS - (charge.challengeAttempts ?? 0);
    const left = Math.min(attemptsLeft(charge), ofChallenge);
    const locked = retryAfter(charge, claim.now);
    await this.refuse(claim, charge, reason, ofChallenge <= 0 || locked !== undefined);
    throw new WatchwordError('code_incorrect', {
      attempts_left: left,
      ...(locked !== undefined && { retry_after: locked }),
    });
  }

  private refuse(claim: Claim, charge: Charge, reason: RefusalReason, endsChallenge: boolean) {
    return this.attempts.refuse({
      challengeId: claim.challenge?.id ?? null,
      endsChallenge,
      now: claim.now,
      event: this.row(claim, {
        type: 'verification.refused',
        userId: claim.userId,
        challengeId: claim.challenge?.id ?? null,
        factorId: claim.factorId,
        factorType: this.method.type,
        reason,
        consecutiveFailures: charge.consecutive,
      }),
    });
  }

  /** The challenge ended between being read and being charged: by another replica, or by time. */
  private async refuseChallenge(caller: Caller, stale: Challenge, now: Date): Promise<never> {
    const challenge = await this.challenges.find(caller.application.id, stale.id);
    if (challenge !== undefined) refuseEnded(challenge, now);
    // Still open, so it is the factor it names that is gone.
    throw new WatchwordError('not_found');
  }

  private row({ caller }: Claim, event: AuditEvent) {
    return this.audit.row(auditContext(caller), event);
  }
}

function refuseEnded(challenge: Challenge, now: Date): void {
  const status = statusAt(challenge, now);
  if (status === 'pending' && attemptsLeftOf(challenge) > 0) return;
  throw new WatchwordError('challenge_ended', {
    challenge_status: status === 'pending' ? 'failed' : status,
  });
}
