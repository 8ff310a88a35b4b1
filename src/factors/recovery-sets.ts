import { Inject, Injectable } from '@nestjs/common';
import { requireAccepted } from '../applications/accepted-types.js';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { DevicesService } from '../devices/devices.service.js';
import { WatchwordError } from '../errors.js';
import { Database, type Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { FreshProof } from '../tokens/fresh-proof.js';
import { UsersRepository } from '../users/users.repository.js';
import { requireChangeProof } from './change-proof.js';
import { named, type Factor } from './factor.js';
import { FactorsMetrics } from './factors.metrics.js';
import { FactorsRepository } from './factors.repository.js';
import { FactorsService } from './factors.service.js';
import { RecoveryCodeMethod } from './recovery-code.method.js';
import { TurnsOfUsers } from './turns-of-users.js';

export interface RecoverySetRequest {
  readonly name: string | undefined;
  /** An access token of this user, where the application wants a fresh one. */
  readonly proof: string | undefined;
}

export interface NewRecoverySet {
  readonly factor: Factor;
  /** As they are shown, this once. */
  readonly codes: readonly string[];
}

/** Sets of recovery codes: a user has one at most, and a new one voids it (S68). */
@Injectable()
export class RecoverySets {
  private readonly turns = new TurnsOfUsers();

  constructor(
    private readonly repository: FactorsRepository,
    private readonly factors: FactorsService,
    private readonly users: UsersRepository,
    private readonly method: RecoveryCodeMethod,
    private readonly freshProof: FreshProof,
    private readonly devices: DevicesService,
    private readonly metrics: FactorsMetrics,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'factorsPerUser'>,
  ) {}

  /**
   * Makes a set, active at once, and ends the one before in the same transaction. Users are held one after the
   * other, so that of two new sets made at once the later one lives.
   *
   * @throws WatchwordError `factor_type_not_allowed`, `proof_required`, `recovery_codes_need_factor`,
   *   `factor_limit_reached`, `overloaded`
   */
  async make(
    caller: Caller,
    userId: string,
    { name, proof }: RecoverySetRequest,
  ): Promise<NewRecoverySet> {
    const { application } = caller;
    const { realmId, enrolProofSeconds } = application;
    requireAccepted(application, [this.method.type]);
    const proved =
      enrolProofSeconds === null
        ? undefined
        : await this.freshProof.typeOf(application, userId, proof, enrolProofSeconds);
    const refuse = (live: readonly Factor[]) => {
      this.refuseUnfit(live);
      requireChangeProof(application, proved, live);
    };
    // Asked before the costly part, and again where nobody can change it any more.
    refuse(await this.factors.list(realmId, userId));
    return this.turns.take(realmId, userId, async () => {
      const { codes, hashed } = await this.method.generate();
      const now = this.clock.now();
      const factor = await this.database.transaction(async (executor) => {
        await this.users.findOrAddLocked(executor, realmId, { userId, createdAt: now });
        const live = await this.repository.listLive(realmId, userId, now, executor);
        refuse(live);
        for (const old of live.filter(isSet))
          await this.factors.revokeIn(executor, auditContext(caller), old.id);
        return this.add(executor, caller, userId, { name, hashed }, now);
      });
      this.metrics.countEnrolment(factor.type, 'activated');
      return { factor, codes };
    });
  }

  private async add(
    executor: Executor,
    caller: Caller,
    userId: string,
    { name, hashed }: { readonly name: string | undefined; readonly hashed: Buffer },
    now: Date,
  ): Promise<Factor> {
    const { id: applicationId, realmId } = caller.application;
    const place = { id: newId('fac'), realmId, userId };
    const { defaultName, ...stored } = this.method.enrol(place, hashed);
    const type = 'recovery_code' as const;
    const set = { ...place, applicationId, type, name: name ?? defaultName, ...stored };
    await this.repository.addActive(executor, [set], now);
    const factor = await this.repository.find(realmId, place.id, executor);
    if (factor === undefined) throw new Error('a set that was added is not there');
    const context = auditContext(caller);
    await this.devices.endWithFactors(executor, context, [userId]);
    await this.audit.recordAll(executor, [
      this.audit.row(context, { type: 'factor.enrolled', name: factor.name, ...named(factor) }),
      this.audit.row(context, { type: 'factor.activated', firstOfUser: false, ...named(factor) }),
    ]);
    return factor;
  }

  /** A set takes no room from another, and is nobody's only factor. */
  private refuseUnfit(live: readonly Factor[]): void {
    const others = live.filter((factor) => !isSet(factor));
    if (!others.some(({ status }) => status === 'active'))
      throw new WatchwordError('recovery_codes_need_factor');
    const hasSet = others.length < live.length;
    if (!hasSet && live.length >= this.config.factorsPerUser)
      throw new WatchwordError('factor_limit_reached');
  }
}

function isSet({ type }: Factor): boolean {
  return type === 'recovery_code';
}
