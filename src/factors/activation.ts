import { Injectable } from '@nestjs/common';
import { auditContext, type Application, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { DevicesService } from '../devices/devices.service.js';
import { WatchwordError, type ErrorCode } from '../errors.js';
import { Stock } from '../hardware-tokens/stock.js';
import { Database, type Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { UsersRepository } from '../users/users.repository.js';
import { requireChangeProof } from './change-proof.js';
import { CodeMethods } from './code-methods.js';
import {
  ACTIVATION_ATTEMPTS,
  cameBefore,
  named,
  PENDING_SECONDS,
  serialOf,
  statusAt,
  type Factor,
} from './factor.js';
import { FactorsMetrics } from './factors.metrics.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService } from './factors.service.js';
import type { CodeMethod, CodePair, Spent } from './method.js';
import { PhoneMethod, type PhoneRequest } from './phone.method.js';

/** From pending to active: by a factor's own first code, or by a proof that was made elsewhere. */
@Injectable()
export class Activation {
  constructor(
    private readonly repository: FactorsRepository,
    private readonly factors: FactorsService,
    private readonly users: UsersRepository,
    private readonly methods: CodeMethods,
    private readonly phone: PhoneMethod,
    private readonly stock: Stock,
    private readonly devices: DevicesService,
    private readonly metrics: FactorsMetrics,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Finishes an enrolment by its first code, which is used up by that (S13).
   *
   * @throws WatchwordError `not_found`, `factor_not_pending`, `code_incorrect`; `proof_required` where
   *   the enrolment began without a proof and the user has got a factor since (S15)
   */
  activate(caller: Caller, id: string, code: string): Promise<Factor> {
    return this.finish(caller, id, (method, pending, now) => method.match(pending, code, now));
  }

  /**
   * The same for a token that went astray before it was ever used, by two codes in a row; both are used up.
   *
   * @throws WatchwordError as `activate`
   */
  activateAstray(caller: Caller, id: string, codes: CodePair): Promise<Factor> {
    return this.finish(caller, id, (method, pending, now) => method.resync(pending, codes, now));
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
    if (serialOf(factor) !== undefined && !(await this.stock.activate(executor, factor, now)))
      throw new WatchwordError('factor_not_pending');
    if (active.length > 0)
      await this.devices.endWithFactors(executor, auditContext(caller), [userId]);
    await this.audit.record(executor, auditContext(caller), {
      type: 'factor.activated',
      firstOfUser: active.length === 0,
      ...named(factor),
    });
    return factor;
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
    const live = await this.factors.list(pending.realmId, pending.userId);
    const active = live.filter(({ status }) => status === 'active');
    refuseUnproven(caller.application, pending, active);
  }

  /**
   * Charges one attempt, before what was sent is looked at.
   *
   * @throws WatchwordError `not_found`, `factor_not_pending`
   */
  async charge(caller: Caller, id: string, now: Date): Promise<Factor> {
    const { realmId } = caller.application;
    const pending = await this.repository.chargeActivation(realmId, id, now);
    if (pending !== undefined) return pending;
    await this.factors.get(caller, id);
    throw new WatchwordError('factor_not_pending');
  }

  /** Writes a refusal down, and ends the enrolment where it was the last attempt. */
  async refuse(
    caller: Caller,
    factor: Factor,
    now: Date,
    code: ErrorCode = 'code_incorrect',
    reason?: string,
  ): Promise<never> {
    this.metrics.countEnrolment(factor.type, 'refused');
    const attemptsLeft = ACTIVATION_ATTEMPTS - factor.activationAttempts;
    await this.database.transaction(async (executor) => {
      if (attemptsLeft === 0) {
        const { realmId, id } = factor;
        // A right code that was charged before may have made it active by now.
        const ended = await this.repository.revoke(executor, realmId, id, now, ['pending']);
        if (ended !== undefined)
          await this.stock.release(executor, auditContext(caller), ended, now);
      }
      await this.audit.record(executor, auditContext(caller), {
        type: 'factor.activation_refused',
        ...named(factor),
      });
    });
    throw new WatchwordError(code, {
      attempts_left: attemptsLeft,
      ...(reason !== undefined && { reason }),
    });
  }

  private async finish(
    caller: Caller,
    id: string,
    prove: (method: CodeMethod, pending: Factor, now: Date) => Spent | null,
  ): Promise<Factor> {
    const now = this.clock.now();
    const pending = await this.charge(caller, id, now);
    const method = this.methods.of(pending);
    const spent = method === undefined ? null : prove(method, pending, now);
    if (spent === null) return this.refuse(caller, pending, now);
    const active = await this.database.transaction(async (executor) => {
      const factor = await this.activateProven(executor, caller, pending, spent, now);
      if (factor === undefined) throw new WatchwordError('factor_not_pending');
      return factor;
    });
    this.metrics.countEnrolment(active.type, 'activated');
    return active;
  }
}

/** Whether the proof that a further factor needs is missing, and can only come by beginning again (S15). */
function refuseUnproven(
  application: Application,
  pending: Factor,
  active: readonly Factor[],
): void {
  if (cameBefore(pending, active)) requireChangeProof(application, undefined, active);
}
