import { Inject, Injectable } from '@nestjs/common';
import { auditContext, type Application, type Caller } from '../applications/application.js';
import { Audit, type AuditContext } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { WatchwordError } from '../errors.js';
import { Database, type Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { FreshProof } from '../tokens/fresh-proof.js';
import { UsersRepository } from '../users/users.repository.js';
import {
  ACTIVATION_ATTEMPTS,
  cameBefore,
  PENDING_SECONDS,
  statusAt,
  type Factor,
} from './factor.js';
import { isReplacement, type EnrolRequest } from './enrol-request.js';
import { FactorsRepository } from './factors.repository.js';
import type { Enrolment, FactorPlace, Spent } from './method.js';
import { PhoneMethod, type PhoneRequest } from './phone.method.js';
import { TotpMethod } from './totp.method.js';

/** The life of a factor: pending → active → revoked. */
@Injectable()
export class FactorsService {
  constructor(
    private readonly repository: FactorsRepository,
    private readonly users: UsersRepository,
    private readonly totp: TotpMethod,
    private readonly phone: PhoneMethod,
    private readonly freshProof: FreshProof,
    private readonly sessions: SessionsService,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'factorsPerUser'>,
  ) {}

  /**
   * Begins an enrolment. The factor proves nothing until it is activated (S12).
   *
   * @throws WatchwordError `factor_type_not_allowed`, `proof_required`, `factor_limit_reached`,
   *   `factor_secret_in_use`, `phone_in_use`; `not_found` for the factor that it should replace
   */
  async enrol(caller: Caller, userId: string, request: EnrolRequest): Promise<Factor> {
    const { application } = caller;
    const { realmId, factorTypes, enrolProofSeconds } = application;
    if (!factorTypes.includes(request.type))
      throw new WatchwordError('factor_type_not_allowed', { allowed: factorTypes });
    const proven =
      enrolProofSeconds === null ||
      (await this.freshProof.holds(application, userId, request.proof, enrolProofSeconds));
    const now = this.clock.now();
    const id = newId('fac');
    const { defaultName, ...stored } = this.enrolment({ id, realmId, userId }, request);
    return this.database.transaction(async (executor) => {
      await this.users.findOrAddLocked(executor, realmId, { userId, createdAt: now });
      const live = await this.repository.listLive(realmId, userId, now, executor);
      if (!proven && live.some(({ status }) => status === 'active'))
        throw new WatchwordError('proof_required', { max_age: enrolProofSeconds });
      // What takes another's place needs no room of its own; one such at a time.
      const room = this.config.factorsPerUser + (isReplacement(request) ? 1 : 0);
      if (live.length >= room) throw new WatchwordError('factor_limit_reached');
      this.refuseTwins(live, request);
      const factor = await this.repository.add(executor, {
        id,
        realmId,
        userId,
        applicationId: application.id,
        type: request.type,
        name: request.name ?? defaultName,
        ...stored,
        createdAt: now,
        expiresAt: new Date(now.getTime() + PENDING_SECONDS * 1000),
      });
      await this.audit.record(executor, auditContext(caller), {
        type: 'factor.enrolled',
        name: factor.name,
        ...named(factor),
      });
      return factor;
    });
  }

  /**
   * Finishes an enrolment by its first code, which is used up by that (S13).
   *
   * @throws WatchwordError `not_found`, `factor_not_pending`, `code_incorrect`; `proof_required` where
   *   the enrolment began without a proof and the user has got a factor since (S15)
   */
  async activate(caller: Caller, id: string, code: string): Promise<Factor> {
    const { realmId } = caller.application;
    const now = this.clock.now();
    const pending = await this.repository.chargeActivation(realmId, id, now);
    if (pending === undefined) {
      await this.get(caller, id);
      throw new WatchwordError('factor_not_pending');
    }
    const spent = this.totp.match(pending, code, now);
    if (spent === null) return this.refuseActivation(caller, pending, now);
    return this.database.transaction(async (executor) => {
      const factor = await this.activateProven(executor, caller, pending, spent, now);
      if (factor === undefined) throw new WatchwordError('factor_not_pending');
      return factor;
    });
  }

  /**
   * Makes an enrolment active whose proof is there, in the caller's transaction.
   *
   * @param spent what the proof used up of the factor, where it was the factor's own code
   * @returns the factor, or undefined where it is not pending any more (S17)
   * @throws WatchwordError `proof_required`, as `activate`
   */
  async activateProven(
    executor: Executor,
    caller: Caller,
    pending: Factor,
    spent: Spent | null,
    now: Date,
  ): Promise<Factor | undefined> {
    const { realmId, userId } = pending;
    await this.users.findOrAddLocked(executor, realmId, { userId, createdAt: now });
    const live = await this.repository.listLive(realmId, userId, now, executor);
    const active = live.filter(({ status }) => status === 'active');
    refuseUnproven(caller.application, pending, active);
    const number = pending.type === 'phone' ? this.phone.numberOf(pending) : undefined;
    if (number !== undefined && this.phone.isAmong(active, number))
      throw new WatchwordError('phone_in_use');
    const factor = await this.repository.activate(executor, pending.id, spent, now);
    if (factor === undefined) return undefined;
    await this.audit.record(executor, auditContext(caller), {
      type: 'factor.activated',
      firstOfUser: active.length === 0,
      ...named(factor),
    });
    return factor;
  }

  /** @throws WatchwordError `not_found`, for another realm's factor as for a missing one (S105) */
  async get(caller: Caller, id: string, executor?: Executor): Promise<Factor> {
    const factor = await this.repository.find(caller.application.realmId, id, executor);
    if (factor === undefined) throw new WatchwordError('not_found');
    return factor;
  }

  /** The user's factors that live, pending ones included. */
  list(realmId: string, userId: string): Promise<Factor[]> {
    return this.repository.listLive(realmId, userId, this.clock.now());
  }

  /**
   * The secret and key URI of an authenticator app's enrolment that is not finished.
   *
   * @throws WatchwordError `not_found` where it is no app, and `factor_not_pending` once it is active:
   *   shown once (S14)
   */
  reveal(factor: Factor): { secret: Uint8Array; uri: string } {
    if (factor.type !== 'totp') throw new WatchwordError('not_found');
    const pending = statusAt(factor, this.clock.now()) === 'pending';
    const material = pending ? this.totp.reveal(factor) : undefined;
    if (material === undefined) throw new WatchwordError('factor_not_pending');
    return material;
  }

  async rename(caller: Caller, id: string, name: string): Promise<Factor> {
    return this.database.transaction(async (executor) => {
      const { realmId } = caller.application;
      const factor = await this.repository.rename(executor, realmId, id, name, this.clock.now());
      if (factor === undefined) throw new WatchwordError('not_found');
      await this.audit.record(executor, auditContext(caller), {
        type: 'factor.renamed',
        name,
        ...named(factor),
      });
      return factor;
    });
  }

  /** The active phone factor of a number in a realm: that of the user who proved it last. */
  findByNumber(
    realmId: string,
    lookups: readonly Uint8Array[],
    executor?: Executor,
  ): Promise<Factor | undefined> {
    return this.repository.findByLookup(realmId, lookups, executor);
  }

  /**
   * Makes a user whose first proof was a code sent to a number, with that phone as an active factor; in
   * the caller's transaction.
   */
  async addProvenPhone(
    executor: Executor,
    caller: Caller,
    userId: string,
    request: PhoneRequest,
  ): Promise<Factor> {
    const { id: applicationId, realmId } = caller.application;
    const now = this.clock.now();
    const id = newId('fac');
    await this.users.findOrAddLocked(executor, realmId, { userId, createdAt: now });
    const { defaultName: name, ...stored } = this.phone.enrol({ id, realmId, userId }, request);
    const factor = await this.repository.add(executor, {
      ...{ id, realmId, userId, applicationId, type: 'phone', name, ...stored },
      createdAt: now,
      expiresAt: new Date(now.getTime() + PENDING_SECONDS * 1000),
    });
    const active = await this.activateProven(executor, caller, factor, null, now);
    if (active === undefined) throw new Error('a new factor was not pending');
    return active;
  }

  /**
   * Looks whether an enrolment can be finished at all, before an attempt is charged for it.
   *
   * @throws WatchwordError `factor_not_pending`, `proof_required`
   */
  async refuseUnfinishable(caller: Caller, pending: Factor): Promise<void> {
    if (statusAt(pending, this.clock.now()) !== 'pending')
      throw new WatchwordError('factor_not_pending');
    const live = await this.list(pending.realmId, pending.userId);
    const active = live.filter(({ status }) => status === 'active');
    refuseUnproven(caller.application, pending, active);
  }

  /** Ends a factor: dead at once on every replica, its secret destroyed (S18). */
  async revoke(context: AuditContext, id: string): Promise<void> {
    await this.database.transaction(async (executor) => {
      if (!(await this.revokeIn(executor, context, id))) throw new WatchwordError('not_found');
    });
  }

  /** The same in the caller's transaction. @returns false where no live factor has that id */
  async revokeIn(executor: Executor, context: AuditContext, id: string): Promise<boolean> {
    const now = this.clock.now();
    const factor = await this.repository.revoke(executor, context.realmId, id, now);
    if (factor === undefined) return false;
    const live = await this.repository.listLive(context.realmId, factor.userId, now, executor);
    await this.audit.record(executor, context, {
      type: 'factor.revoked',
      lastOfUser: !live.some(({ status }) => status === 'active'),
      ...named(factor),
    });
    await this.sessions.endWithFactor(executor, context, id);
    return true;
  }

  private enrolment(place: FactorPlace, request: EnrolRequest): Enrolment {
    return request.type === 'totp'
      ? this.totp.enrol(place, request.totp)
      : this.phone.enrol(place, request.phone);
  }

  private refuseTwins(live: readonly Factor[], request: EnrolRequest): void {
    if (request.type === 'phone') {
      const { number, replaces } = request.phone;
      const active = live.filter(({ status, type }) => status === 'active' && type === 'phone');
      if (this.phone.isAmong(active, number)) throw new WatchwordError('phone_in_use');
      if (replaces !== undefined && !active.some(({ id }) => id === replaces))
        throw new WatchwordError('not_found');
      return;
    }
    const { secret } = request.totp;
    const apps = live.filter(({ type }) => type === 'totp');
    // Two factors with one secret would each take a code of it once (S23).
    if (secret !== undefined && apps.some((factor) => this.totp.hasSecret(factor, secret)))
      throw new WatchwordError('factor_secret_in_use');
  }

  private async refuseActivation(caller: Caller, factor: Factor, now: Date): Promise<never> {
    const attemptsLeft = ACTIVATION_ATTEMPTS - factor.activationAttempts;
    await this.database.transaction(async (executor) => {
      if (attemptsLeft === 0)
        await this.repository.revoke(executor, factor.realmId, factor.id, now);
      await this.audit.record(executor, auditContext(caller), {
        type: 'factor.activation_refused',
        ...named(factor),
      });
    });
    throw new WatchwordError('code_incorrect', { attempts_left: attemptsLeft });
  }
}

/** Whether the proof that a further factor needs is missing, and can only come by beginning again (S15). */
function refuseUnproven(
  { enrolProofSeconds }: Application,
  pending: Factor,
  active: readonly Factor[],
): void {
  if (enrolProofSeconds !== null && cameBefore(pending, active))
    throw new WatchwordError('proof_required', { max_age: enrolProofSeconds });
}

function named({ id, userId, type }: Factor) {
  return { userId, factorId: id, factorType: type };
}
