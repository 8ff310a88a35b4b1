import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { requireAccepted } from '../applications/accepted-types.js';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import type { Channel } from '../delivery/channel.js';
import { addressBucket } from '../applications/client-address.js';
import { Delivery } from '../delivery/delivery.js';
import type { MessageState } from '../delivery/message.js';
import { readPhoneNumber } from '../delivery/phone-number.js';
import { statusAt as factorStatusAt, type Factor } from '../factors/factor.js';
import type { RequestOptions } from '../factors/key-response.js';
import { PhoneMethod, phoneOf } from '../factors/phone.method.js';
import { FactorsService } from '../factors/factors.service.js';
import { Database } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { BYPASS_TYPE, hashTransaction, type FirstFactor } from '../tokens/claims.js';
import {
  CHALLENGE_SECONDS,
  isTold,
  maySee,
  statusAt,
  type Challenge,
  type ChallengeType,
  type Purpose,
} from './challenge.js';
import { ChallengesRepository } from './challenges.repository.js';
import { KeyChallenges } from './key-challenges.js';
import { PhoneChallenges, type PhoneChallengeRequest } from './phone-challenges.js';

export interface ChallengeRequest {
  readonly user_id?: string | undefined;
  /** Instead of a user: a login by number. Without either: by whoever's passkey it is. */
  readonly phone?: string | undefined;
  readonly type: ChallengeType;
  readonly factor_id?: string | undefined;
  readonly channel?: Channel | undefined;
  readonly locale?: string | undefined;
  readonly client_ip?: string | undefined;
  readonly purpose: Purpose;
  readonly first_factor?: readonly FirstFactor[] | undefined;
  readonly transaction?: Record<string, unknown> | undefined;
}

export interface ResendRequest {
  readonly channel?: Channel | undefined;
  readonly client_ip?: string | undefined;
}

/** Challenges before and after their code: create, show, cancel. The code is verification.ts's. */
@Injectable()
export class ChallengesService {
  constructor(
    private readonly repository: ChallengesRepository,
    private readonly factors: FactorsService,
    private readonly phones: PhoneChallenges,
    private readonly keys: KeyChallenges,
    private readonly phoneMethod: PhoneMethod,
    private readonly delivery: Delivery,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Opens a challenge. One for an authenticator app is opened for a user without a factor too, so that
   * asking tells nothing about the user (S42); one by number tells a key for logins alone nothing.
   *
   * @throws WatchwordError `factor_type_not_allowed`, `scope_missing`; `not_found` for a factor that is not
   *   an active one of the user's; `phone_invalid`, `phone_missing`, and why nothing is sent; `security_key_missing`
   */
  async create(caller: Caller, request: ChallengeRequest): Promise<Challenge> {
    if (request.type !== BYPASS_TYPE) requireAccepted(caller.application, [request.type]);
    if (request.user_id !== undefined && !caller.scopes.includes('verify'))
      throw new WatchwordError('scope_missing', { scopes: ['verify'] });
    return request.type === 'phone'
      ? this.phones.open(caller, await this.phoneRequest(caller, request))
      : this.createForApp(caller, request);
  }

  /** @throws WatchwordError `not_found`, for another application's as for a missing one (S105) */
  async get(caller: Caller, id: string): Promise<Challenge> {
    const challenge = await this.repository.find(caller.application.id, id);
    if (challenge === undefined || !maySee(caller, challenge))
      throw new WatchwordError('not_found');
    return challenge;
  }

  /** The challenge by which an enrolment is finished; undefined where it has none. */
  findEnrolment(caller: Caller, factorId: string): Promise<Challenge | undefined> {
    return this.repository.findEnrolment(caller.application.id, factorId);
  }

  /** @returns what became of the latest message, for callers that may know; undefined for the others */
  async deliveryOf(caller: Caller, challenge: Challenge): Promise<MessageState | undefined> {
    if (challenge.phone === null || !isTold(caller, challenge)) return undefined;
    return this.delivery.stateOf(challenge.phone.messageId);
  }

  /** What a security key is to be asked; undefined for another challenge. */
  optionsOf(challenge: Challenge): Promise<RequestOptions | undefined> {
    return this.keys.optionsOf(challenge);
  }

  /** @throws WatchwordError `not_found`, `factor_type_not_allowed`, `challenge_ended`, and why nothing is sent */
  async resend(caller: Caller, id: string, request: ResendRequest): Promise<Challenge> {
    const challenge = await this.get(caller, id);
    if (challenge.phone !== null) requireAccepted(caller.application, [challenge.type]);
    if (challenge.factorId !== null) await this.requireUsable(caller, challenge);
    return this.phones.resend(caller, challenge, {
      channel: request.channel,
      address: request.client_ip === undefined ? undefined : addressBucket(request.client_ip),
    });
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
      if (challenge.phone !== null)
        await this.delivery.withdraw(executor, [challenge.phone.messageId], now);
      await this.audit.record(executor, auditContext(caller), {
        type: 'challenge.canceled',
        userId: challenge.userId,
        challengeId: id,
      });
    });
  }

  /** The factor may have gone since. */
  private async requireUsable(caller: Caller, { factorId, purpose }: Challenge): Promise<void> {
    const factor = await this.factors.get(caller, factorId ?? '');
    const wanted = purpose === 'enrol' ? 'pending' : 'active';
    if (factorStatusAt(factor, this.clock.now()) !== wanted)
      throw new WatchwordError(purpose === 'enrol' ? 'factor_not_pending' : 'phone_missing');
  }

  private async createForApp(caller: Caller, request: ChallengeRequest): Promise<Challenge> {
    const { id: applicationId, realmId } = caller.application;
    if (request.factor_id !== undefined) await this.factorOf(caller, request);
    const userId = request.user_id ?? null;
    const isKey = request.type === 'webauthn';
    if (isKey) await this.keys.requireKey(caller, userId);
    const createdAt = this.clock.now();
    const { transaction = null } = request;
    const challenge: Challenge = {
      id: newId('chl'),
      realmId,
      applicationId,
      userId,
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
      phone: null,
      nonce: isKey ? randomBytes(32) : null,
    };
    await this.database.transaction(async (executor) => {
      await this.repository.add(executor, [challenge]);
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

  private async phoneRequest(
    caller: Caller,
    request: ChallengeRequest,
  ): Promise<PhoneChallengeRequest> {
    const common = {
      locale: request.locale,
      purpose: request.purpose,
      address: request.client_ip === undefined ? null : addressBucket(request.client_ip),
      firstFactor: request.first_factor ?? [],
      transaction: request.transaction ?? null,
    };
    if (request.phone !== undefined) {
      const number = readPhoneNumber(request.phone);
      if (number === undefined) throw new WatchwordError('phone_invalid');
      const channel = request.channel ?? 'sms';
      return { ...common, userId: null, factorId: null, number, channel };
    }
    const factor = await this.factorOf(caller, request);
    const number = this.phoneMethod.numberOf(factor);
    if (number === undefined) throw new WatchwordError('phone_missing');
    const channel = request.channel ?? phoneOf(factor)?.channel ?? 'sms';
    return { ...common, userId: factor.userId, factorId: factor.id, number, channel };
  }

  /** The active factor that is named, or of several phones the one that was used last. */
  private async factorOf(caller: Caller, request: ChallengeRequest): Promise<Factor> {
    const { realmId } = caller.application;
    const factors = await this.factors.list(realmId, request.user_id ?? '');
    const active = factors.filter(
      ({ status, type }) => status === 'active' && type === request.type,
    );
    const named = active.find(({ id }) => id === request.factor_id);
    if (request.factor_id !== undefined && named === undefined)
      throw new WatchwordError('not_found');
    const usedAt = ({ lastUsedAt, createdAt }: Factor) => (lastUsedAt ?? createdAt).getTime();
    const factor = named ?? active.toSorted((one, other) => usedAt(other) - usedAt(one))[0];
    if (factor === undefined) throw new WatchwordError('phone_missing');
    return factor;
  }
}
