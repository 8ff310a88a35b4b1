import { Injectable } from '@nestjs/common';
import { requireAccepted } from '../applications/accepted-types.js';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import type { RefusalReason } from '../audit/event.js';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import { Activation } from '../factors/activation.js';
import { CodeMethods } from '../factors/code-methods.js';
import { named, statusAt, type Factor } from '../factors/factor.js';
import { FactorsService } from '../factors/factors.service.js';
import type { CodePair } from '../factors/method.js';
import { HardwareTokensMetrics } from '../hardware-tokens/hardware-tokens.metrics.js';
import { AttemptsRepository, type Charge } from './attempts.repository.js';
import { attemptsLeft, DEVICE_BUDGET, retryAfter } from './lockout.js';
import { ProofsMetrics } from './proofs.metrics.js';

/**
 * Finding a hardware token again whose counter or clock went astray, by two codes in a row. It looks further
 * than a login does, so it is counted like one: charged before the codes are looked at, both codes used up
 * in the statement that gives the attempt back (S10, S30).
 */
@Injectable()
export class Resync {
  constructor(
    private readonly factors: FactorsService,
    private readonly activation: Activation,
    private readonly methods: CodeMethods,
    private readonly attempts: AttemptsRepository,
    private readonly metrics: HardwareTokensMetrics,
    private readonly proofMetrics: ProofsMetrics,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * @param codes as the token showed them, the older one first
   * @returns the factor; one that was pending is active then
   * @throws WatchwordError `not_found`, `factor_not_resyncable`, `factor_type_not_allowed`,
   *   `code_incorrect`, `locked`; for a pending one as `Activation.activate`
   */
  async resync(caller: Caller, factorId: string, codes: CodePair): Promise<Factor> {
    try {
      const factor = await this.find(caller, factorId, codes);
      this.metrics.countResync('found');
      return factor;
    } catch (error) {
      if (error instanceof WatchwordError && error.code === 'code_incorrect')
        this.metrics.countResync('incorrect');
      if (error instanceof WatchwordError && error.code === 'locked')
        this.metrics.countResync('locked');
      throw error;
    }
  }

  private async find(caller: Caller, factorId: string, codes: CodePair): Promise<Factor> {
    const factor = await this.factors.get(caller, factorId);
    const now = this.clock.now();
    const status = statusAt(factor, now);
    if (status === 'revoked') throw new WatchwordError('not_found');
    const method = this.methods.of(factor);
    if (method?.canResync(factor) !== true) throw new WatchwordError('factor_not_resyncable');
    requireAccepted(caller.application, [factor.type]);
    if (status === 'pending') return this.activation.activateAstray(caller, factorId, codes);

    const charge = await this.charge(factor, now);
    if (!charge.granted) return this.refuse(caller, factor, charge, 'locked', now);
    const [held] = charge.factors;
    const spent = held === undefined ? null : method.resync(held, codes, now);
    if (spent === null) return this.refuse(caller, factor, charge, 'incorrect', now);
    const consumed = await this.attempts.consume({
      factorId,
      spent,
      challengeId: null,
      event: this.audit.row(auditContext(caller), {
        type: 'factor.resynchronised',
        ...named(factor),
      }),
      now,
    });
    if (!consumed) return this.refuse(caller, factor, charge, 'used_before', now);
    return this.factors.get(caller, factorId);
  }

  private async charge({ id, realmId, userId, type }: Factor, now: Date): Promise<Charge> {
    const charge = await this.attempts.charge({
      ...{ realmId, userId, budget: DEVICE_BUDGET, types: [type] },
      ...{ factorId: id, challengeId: null, now },
    });
    // Revoked since it was read.
    if (charge === undefined) throw new WatchwordError('not_found');
    return charge;
  }

  private async refuse(
    caller: Caller,
    factor: Factor,
    charge: Charge,
    reason: RefusalReason,
    now: Date,
  ): Promise<never> {
    await this.attempts.refuse({
      challengeId: null,
      endsChallenge: false,
      now,
      event: this.audit.row(auditContext(caller), {
        type: 'factor.resync_refused',
        reason,
        consecutiveFailures: charge.consecutive,
        ...named(factor),
      }),
    });
    const locked = retryAfter(charge, now);
    if (reason === 'locked')
      throw new WatchwordError('locked', { attempts_left: 0, retry_after: locked ?? 1 });
    if (locked !== undefined) this.proofMetrics.countLock(factor.type, charge);
    throw new WatchwordError('code_incorrect', {
      attempts_left: attemptsLeft(charge),
      ...(locked !== undefined && { retry_after: locked }),
    });
  }
}
