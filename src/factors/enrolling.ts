import { Inject, Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { WatchwordError } from '../errors.js';
import { Database } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { FreshProof } from '../tokens/fresh-proof.js';
import { UsersRepository } from '../users/users.repository.js';
import { CodeMethods } from './code-methods.js';
import { isReplacement, type EnrolRequest } from './enrol-request.js';
import { named, PENDING_SECONDS, type Factor } from './factor.js';
import { FactorsRepository } from './factors.repository.js';
import { HotpMethod } from './hotp.method.js';
import type { Enrolment, FactorPlace } from './method.js';
import { PhoneMethod } from './phone.method.js';
import { TotpMethod } from './totp.method.js';

/** The beginning of a factor: pending. */
@Injectable()
export class Enrolling {
  constructor(
    private readonly repository: FactorsRepository,
    private readonly users: UsersRepository,
    private readonly totp: TotpMethod,
    private readonly hotp: HotpMethod,
    private readonly phone: PhoneMethod,
    private readonly methods: CodeMethods,
    private readonly freshProof: FreshProof,
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

  private enrolment(place: FactorPlace, request: EnrolRequest): Enrolment {
    switch (request.type) {
      case 'totp':
        return this.totp.enrol(place, request.totp);
      case 'hotp':
        return this.hotp.enrol(place, request.hotp);
      case 'phone':
        return this.phone.enrol(place, request.phone);
    }
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
    const { secret } = request.type === 'totp' ? request.totp : request.hotp;
    if (secret !== undefined && this.methods.isAmong(live, secret))
      throw new WatchwordError('factor_secret_in_use');
  }
}
