import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import type { RefusalReason } from '../audit/event.js';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import type { DeviceAnswer } from '../devices/device.js';
import type { SessionKind } from '../sessions/session.js';
import { SessionsService, type Issued } from '../sessions/sessions.service.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { grantOf, hashTransaction, type FirstFactor } from '../tokens/claims.js';
import { AttemptsRepository, type Charge } from './attempts.repository.js';
import type { Challenge, ChallengeType } from './challenge.js';
import { ChallengesRepository } from './challenges.repository.js';
import {
  acceptedTypes,
  claimOf,
  mayVerify,
  refuseConfirming,
  refuseEnded,
  refuseMismatch,
} from './claiming.js';
import { CHALLENGE_ATTEMPTS, retryAfter } from './lockout.js';
import { FactorsMetrics } from '../factors/factors.metrics.js';
import { KnownDevices, leftAfter, type DeviceRequest } from './known-devices.js';
import type { Answer, Claim, ProofKind, Proven, ProvenFactor, Refusal } from './proof-kind.js';
import { ProofKinds } from './proof-kinds.js';
import { ProofsMetrics } from './proofs.metrics.js';

/** What the application wants of the proof. */
export interface TokenRequest extends DeviceRequest {
  readonly session?: SessionKind | undefined;
  readonly replaces_session?: string | undefined;
  /** Thumbprint of the certificate that the token is to be bound to. */
  readonly certificate_thumbprint?: string | undefined;
}

export interface VerifyChallengeRequest extends TokenRequest, Answer {}

export interface VerifyRequest extends TokenRequest {
  readonly code: string;
  readonly factor_id?: string | undefined;
  readonly first_factor?: readonly FirstFactor[] | undefined;
  readonly transaction?: Record<string, unknown> | undefined;
}

/** What was proved, and what the attempt was charged to. */
interface Proved {
  readonly proven: Proven;
  readonly charge: Charge;
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
    private readonly kinds: ProofKinds,
    private readonly known: KnownDevices,
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionsService,
    private readonly metrics: ProofsMetrics,
    private readonly factorMetrics: FactorsMetrics,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Verifies a code of an authenticator app, a hardware token or a recovery code of the user's in one call.
   *
   * @throws WatchwordError `code_incorrect` for a wrong code, a used one, a user without a factor and
   *   a user who does not exist alike (S42); `locked`; `not_found` for a factor that is not the user's
   */
  async byUser(caller: Caller, userId: string, request: VerifyRequest): Promise<Issued> {
    await this.refuseForeignSession(caller, request);
    const claim: Claim = {
      caller,
      userId,
      code: request.code,
      response: null,
      factorId: request.factor_id ?? null,
      challenge: null,
      firstFactor: request.first_factor ?? [],
      transactionHash: request.transaction ? hashTransaction(request.transaction) : null,
      ...this.known.claimed(request),
      now: this.clock.now(),
    };
    return this.issue(claim, await this.prove(claim, this.kinds.ofCode(request.code)), request);
  }

  /**
   * Verifies a code for a challenge; user, factor and transaction are those it was created with (S27).
   *
   * @throws WatchwordError `not_found`, `answer_mismatched`, `challenge_ended`, `locked`; `code_incorrect`, or
   *   `security_key_refused`
   */
  async byChallenge(
    caller: Caller,
    challengeId: string,
    request: VerifyChallengeRequest,
  ): Promise<Issued> {
    await this.refuseForeignSession(caller, request);
    const challenge = await this.challenges.find(caller.application.id, challengeId);
    if (challenge === undefined || !mayVerify(caller, challenge))
      throw new WatchwordError('not_found');
    const kind = this.kinds.ofChallenge(challenge, request);
    refuseMismatch(kind, request);
    const claim = {
      ...claimOf(caller, challenge, request, this.clock.now()),
      ...this.known.claimed(request),
    };
    return this.issue(claim, await this.prove(claim, kind), request);
  }

  /**
   * Proves the answer to a challenge and issues nothing: what an enrolment ends with.
   *
   * @throws WatchwordError as `byChallenge`
   */
  async proveOnly(
    caller: Caller,
    challenge: Challenge,
    answer: Answer,
    request: DeviceRequest = {},
  ): Promise<Proven & { readonly device: DeviceAnswer | undefined; readonly provedAt: Date }> {
    const kind = this.kinds.ofChallenge(challenge, answer);
    refuseMismatch(kind, answer);
    const claim = {
      ...claimOf(caller, challenge, answer, this.clock.now()),
      ...this.known.claimed(request),
    };
    const { proven, charge } = await this.prove(claim, kind);
    const device = await this.known.afterProof(claim, charge.device !== undefined, proven, request);
    return { ...proven, device, provedAt: claim.now };
  }

  private async prove(claim: Claim, kind: ProofKind): Promise<Proved> {
    refuseConfirming(claim, kind);
    const charge = await this.charge(claim, kind, acceptedTypes(claim, kind));
    await this.refuseWhileLocked(claim, kind, charge);
    const compared = await kind.compare(claim, charge);
    if (typeof compared !== 'function') return this.refuseAttempt(claim, kind, charge, compared);
    const proven = await compared((what) => this.approval(claim, charge, what));
    if (proven === undefined) return this.refuseSpent(claim, kind, charge);
    this.metrics.count(proven.type, 'approved');
    return { proven, charge };
  }

  private async charge(
    claim: Claim,
    kind: ProofKind,
    types: readonly ChallengeType[],
  ): Promise<Charge> {
    const { challenge, now } = claim;
    if (challenge !== null) refuseEnded(challenge, now);
    const charge = await this.attempts.charge({
      realmId: claim.caller.application.realmId,
      userId: kind.subjectOf(claim),
      budget: kind.budget,
      types,
      factorId: kind.isOfFactor ? claim.factorId : null,
      challengeId: challenge?.id ?? null,
      device: this.known.presented(claim),
      now,
    });
    if (charge !== undefined) return charge;
    if (challenge === null) throw new WatchwordError('not_found');
    return this.refuseChallenge(claim.caller, challenge, now);
  }

  private async refuseWhileLocked(claim: Claim, kind: ProofKind, charge: Charge): Promise<void> {
    if (charge.granted) return;
    await this.refuse(claim, kind, charge, 'locked', true);
    throw new WatchwordError('locked', {
      attempts_left: 0,
      retry_after: retryAfter(charge, claim.now) ?? 1,
    });
  }

  private approval(claim: Claim, charge: Charge, what: ProvenFactor) {
    return this.audit.row(auditContext(claim.caller), {
      type: 'verification.approved',
      userId: what.userId,
      factorId: what.factorId,
      factorType: what.type,
      challengeId: claim.challenge?.id ?? null,
      transactionHash: claim.transactionHash,
      failuresBefore: charge.consecutive - 1,
    });
  }

  /** Said before the code is looked at, so that a slip of the pen costs nobody a code. */
  private async refuseForeignSession(caller: Caller, request: TokenRequest): Promise<void> {
    if (request.replaces_session !== undefined)
      await this.sessions.requireOwn(caller, request.replaces_session);
  }

  private async issue(
    claim: Claim,
    { proven, charge }: Proved,
    request: TokenRequest,
  ): Promise<Issued> {
    const { userId, factorId, type, method, userCheck } = proven;
    const { session, replaces_session: replaces, certificate_thumbprint: certificate } = request;
    const proof = {
      userId,
      factor: { id: factorId, type },
      method,
      userCheck,
      firstFactor: claim.firstFactor,
      transactionHash: claim.transactionHash,
      certificate: certificate ?? null,
      provenAt: claim.now,
    };
    const grant = grantOf(proof, claim.caller.application);
    const device = await this.known.afterProof(claim, charge.device !== undefined, proven, request);
    const issued =
      session === undefined
        ? { token: this.tokens.issue(claim.caller.application, grant) }
        : await this.sessions.begin(claim.caller, { kind: session, replaces }, grant);
    return device === undefined ? issued : { ...issued, token: { ...issued.token, device } };
  }

  /** A code that was right, and was used up by another request in the meantime. */
  private refuseSpent(claim: Claim, kind: ProofKind, charge: Charge): Promise<never> {
    return this.refuseAttempt(claim, kind, charge, { reason: 'used_before' });
  }

  private async refuseAttempt(
    claim: Claim,
    kind: ProofKind,
    charge: Charge,
    { reason, why }: Refusal,
  ): Promise<never> {
    const ofChallenge = CHALLENGE_ATTEMPTS - (charge.challengeAttempts ?? 0);
    const { left, locked } = leftAfter(charge, claim.now);
    if (why !== undefined) this.factorMetrics.countKeyRefusal(why);
    if (locked !== undefined) this.metrics.countLock(typeOf(charge, kind), charge);
    await this.refuse(claim, kind, charge, reason, ofChallenge <= 0 || locked !== undefined);
    throw new WatchwordError(kind.refusedAs, {
      attempts_left: Math.min(left, ofChallenge),
      ...(why !== undefined && { reason: why }),
      ...(locked !== undefined && { retry_after: locked }),
    });
  }

  private async refuse(
    claim: Claim,
    kind: ProofKind,
    charge: Charge,
    reason: RefusalReason,
    endsChallenge: boolean,
  ): Promise<void> {
    const factorType = typeOf(charge, kind);
    this.metrics.count(factorType, reason);
    await this.attempts.refuse({
      challengeId: claim.challenge?.id ?? null,
      endsChallenge,
      now: claim.now,
      event: this.audit.row(auditContext(claim.caller), {
        type: 'verification.refused',
        userId: claim.userId,
        challengeId: claim.challenge?.id ?? null,
        factorId: claim.factorId,
        factorType,
        reason,
        consecutiveFailures: charge.consecutive,
        ...(charge.device !== undefined && { deviceId: charge.device.id }),
      }),
    });
    await this.known.afterRefusal(claim, charge);
  }

  /** The challenge ended between being read and being charged: by another replica, or by time. */
  private async refuseChallenge(caller: Caller, stale: Challenge, now: Date): Promise<never> {
    const challenge = await this.challenges.find(caller.application.id, stale.id);
    if (challenge !== undefined) refuseEnded(challenge, now);
    // Still open, so it is the factor it names that is gone.
    throw new WatchwordError('not_found');
  }
}

/** Where the user has none, the type that was looked for first. */
function typeOf({ factors }: Charge, { types }: ProofKind): ChallengeType {
  return factors[0]?.type ?? types[0];
}
