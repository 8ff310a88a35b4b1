import { Inject, Injectable } from '@nestjs/common';
import { requireAccepted } from '../applications/accepted-types.js';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { WatchwordError } from '../errors.js';
import { Stock, type TakenToken } from '../hardware-tokens/stock.js';
import { Database } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { FreshProof } from '../tokens/fresh-proof.js';
import { UsersRepository } from '../users/users.repository.js';
import { requireChangeProof } from './change-proof.js';
import { CodeMethods, deviceTypes } from './code-methods.js';
import { isReplacement, type EnrolRequest } from './enrol-request.js';
import { named, PENDING_SECONDS, type Factor, type FactorType } from './factor.js';
import { FactorsMetrics } from './factors.metrics.js';
import { FactorsRepository } from './factors.repository.js';
import { HotpMethod } from './hotp.method.js';
import type { Enrolment, FactorPlace } from './method.js';
import { PhoneMethod } from './phone.method.js';
import { TotpMethod } from './totp.method.js';
import { WebauthnMethod } from './webauthn.method.js';

/** What has to be activated; recovery codes are active at once (recovery-sets.ts). */
export type PendingRequest = Exclude<EnrolRequest, { readonly type: 'recovery_code' }>;

/** The beginning of a factor: pending. */
@Injectable()
export class Enrolling {
  constructor(
    private readonly repository: FactorsRepository,
    private readonly users: UsersRepository,
    private readonly totp: TotpMethod,
    private readonly hotp: HotpMethod,
    private readonly phone: PhoneMethod,
    private readonly webauthn: WebauthnMethod,
    private readonly methods: CodeMethods,
    private readonly stock: Stock,
    private readonly freshProof: FreshProof,
    private readonly metrics: FactorsMetrics,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'factorsPerUser'>,
  ) {}

  /**
   * Begins an enrolment. The factor proves nothing until it is activated (S12).
   *
   * @throws WatchwordError `factor_type_not_allowed`, `proof_required`, `factor_limit_reached`,
   *   `factor_secret_in_use`, `phone_in_use`, `hardware_token_unavailable`; `not_found` for the factor that it
   *   should replace
   */
  async enrol(caller: Caller, userId: string, request: PendingRequest): Promise<Factor> {
    const { application } = caller;
    const { realmId, enrolProofSeconds } = application;
    requireAccepted(application, request.type === 'serial' ? deviceTypes : [request.type]);
    const proved =
      enrolProofSeconds === null
        ? undefined
        : await this.freshProof.typeOf(application, userId, request.proof, enrolProofSeconds);
    const now = this.clock.now();
    const id = newId('fac');
    const factor = await this.database.transaction(async (executor) => {
      await this.users.findOrAddLocked(executor, realmId, { userId, createdAt: now });
      const live = await this.repository.listLive(realmId, userId, now, executor);
      requireChangeProof(application, proved, live);
      // What takes another's place needs no room of its own; one such at a time.
      const room = this.config.factorsPerUser + (isReplacement(request) ? 1 : 0);
      if (live.length >= room) throw new WatchwordError('factor_limit_reached');
      const token =
        request.type === 'serial'
          ? await this.stock.take(executor, realmId, request.serial, now)
          : undefined;
      this.refuseTwins(live, request, token);
      const place = { id, realmId, userId };
      const { type, defaultName, ...stored } = this.enrolment(caller, place, request, token, live);
      const added = await this.repository.add(executor, {
        ...place,
        applicationId: application.id,
        type,
        name: request.name ?? defaultName,
        ...stored,
        createdAt: now,
        expiresAt: new Date(now.getTime() + PENDING_SECONDS * 1000),
      });
      await this.audit.record(executor, auditContext(caller), {
        type: 'factor.enrolled',
        name: added.name,
        ...named(added),
      });
      if (token !== undefined)
        await this.stock.assign(executor, auditContext(caller), token, added, now);
      return added;
    });
    this.metrics.countEnrolment(factor.type, 'begun');
    return factor;
  }

  private enrolment(
    caller: Caller,
    place: FactorPlace,
    request: PendingRequest,
    token: TakenToken | undefined,
    live: readonly Factor[],
  ): Enrolment & { readonly type: FactorType } {
    switch (request.type) {
      case 'totp':
        return { type: 'totp', ...this.totp.enrol(place, request.totp) };
      case 'hotp':
        return { type: 'hotp', ...this.hotp.enrol(place, request.hotp) };
      case 'phone':
        return { type: 'phone', ...this.phone.enrol(place, request.phone) };
      case 'webauthn':
        return { type: 'webauthn', ...this.webauthn.enrol(place, request.webauthn, live) };
      case 'serial':
        if (token === undefined) throw new WatchwordError('hardware_token_unavailable');
        requireAccepted(caller.application, [token.type]);
        return this.ofToken(place, token);
    }
  }

  /** A token goes on where it stopped, with its counter or the drift of its clock. */
  private ofToken(place: FactorPlace, token: TakenToken) {
    const { type, serial, secret, lastStep, driftSteps, parameters } = token;
    const made =
      'period' in parameters
        ? this.totp.enrol(place, {
            ...{ algorithm: parameters.algorithm, digits: parameters.digits, secret },
            ...{ periodSeconds: parameters.period, hardware: true, issuer: '', accountName: '' },
          })
        : this.hotp.enrol(place, {
            ...{ algorithm: parameters.algorithm, digits: parameters.digits, secret },
            ...{ lookAhead: parameters.look_ahead, counter: (lastStep ?? -1) + 1 },
          });
    return {
      ...made,
      type,
      parameters: { ...made.parameters, serial },
      ...(lastStep !== null && { lastStep }),
      driftSteps,
    };
  }

  private refuseTwins(
    live: readonly Factor[],
    request: PendingRequest,
    token: TakenToken | undefined,
  ): void {
    if (request.type === 'phone') {
      const { number, replaces } = request.phone;
      const active = live.filter(({ status, type }) => status === 'active' && type === 'phone');
      if (this.phone.isAmong(active, number)) throw new WatchwordError('phone_in_use');
      if (replaces !== undefined && !active.some(({ id }) => id === replaces))
        throw new WatchwordError('not_found');
      return;
    }
    const { secret } = secretOf(request) ?? token ?? {};
    if (secret !== undefined && this.methods.isAmong(live, secret))
      throw new WatchwordError('factor_secret_in_use');
  }
}

function secretOf(request: PendingRequest) {
  if (request.type === 'totp') return request.totp;
  return request.type === 'hotp' ? request.hotp : undefined;
}
