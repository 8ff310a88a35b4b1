import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit, type AuditContext } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { DevicesService } from '../devices/devices.service.js';
import { WatchwordError } from '../errors.js';
import { Stock } from '../hardware-tokens/stock.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { Database, type Executor } from '../storage/database.js';
import { isLastOf, named, serialOf, statusAt, type Factor } from './factor.js';
import { FactorsRepository } from './factors.repository.js';
import { TotpMethod } from './totp.method.js';

/** The life of a factor after its enrolment: shown, renamed, revoked. */
@Injectable()
export class FactorsService {
  constructor(
    private readonly repository: FactorsRepository,
    private readonly totp: TotpMethod,
    private readonly stock: Stock,
    private readonly sessions: SessionsService,
    private readonly devices: DevicesService,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

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
    // The secret of a token that somebody hands out was never its user's to see (S19).
    if (factor.type !== 'totp' || serialOf(factor) !== undefined)
      throw new WatchwordError('not_found');
    const pending = statusAt(factor, this.clock.now()) === 'pending';
    const material = pending ? this.totp.reveal(factor) : undefined;
    if (material === undefined) throw new WatchwordError('factor_not_pending');
    return material;
  }

  /**
   * How far the clock of an authenticator app's phone seems to be ahead, by a code that its enrolment has just
   * refused.
   *
   * No oracle: it answers while the enrolment is pending alone, and then the same asker is shown the secret
   * (`reveal`) and could work this out without us. The refusal has been charged before, the codes that are
   * accepted stay the same, and of an active factor it says nothing.
   *
   * @returns seconds, less than nought where it is behind; null where no clock explains the code
   */
  clockAhead(factor: Factor, code: string): number | null {
    const now = this.clock.now();
    const isPending = factor.type === 'totp' && statusAt(factor, now) === 'pending';
    return isPending ? this.totp.clockAhead(factor, code, now) : null;
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

  /** The user's active phones, in the caller's transaction. */
  async activePhones(executor: Executor, realmId: string, userId: string): Promise<Factor[]> {
    const live = await this.repository.listLive(realmId, userId, this.clock.now(), executor);
    return live.filter(({ type, status }) => type === 'phone' && status === 'active');
  }

  /** Ends a factor: dead at once on every replica, its secret destroyed (S18). */
  async revoke(context: AuditContext, id: string): Promise<void> {
    await this.database.transaction(async (executor) => {
      if (!(await this.revokeIn(executor, context, id))) throw new WatchwordError('not_found');
    });
  }

  /**
   * The same for a factor that is not the user's last active one. Of two at once, that would end both of the last
   * two, the second one waits and then is the last.
   */
  async revokeUnlessLast(context: AuditContext, factor: Factor): Promise<'revoked' | 'last'> {
    return this.database.transaction(async (executor) => {
      const active = await this.repository.lockActive(executor, context.realmId, factor.userId);
      if (!active.some(({ id }) => id === factor.id)) throw new WatchwordError('not_found');
      if (isLastOf(factor, active)) return 'last';
      await this.revokeIn(executor, context, factor.id);
      return 'revoked';
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
    if (serialOf(factor) !== undefined) await this.stock.release(executor, context, factor, now);
    await this.sessions.endWithFactor(executor, context, id);
    // One that was never active guarded nothing.
    if (factor.activatedAt !== null)
      await this.devices.endWithFactors(executor, context, [factor.userId]);
    return true;
  }
}
