import { Inject, Injectable } from '@nestjs/common';
import { Audit, type AuditContext } from '../audit/audit.js';
import { CONFIG, type Config } from '../config.js';
import { sameBytes } from '../crypto/digest.js';
import { DevicesService } from '../devices/devices.service.js';
import type { HotpParameters } from '../otp/algorithm.js';
import { stepAt } from '../otp/totp.js';
import type { Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { UsersRepository } from '../users/users.repository.js';
import { CodeMethods } from './code-methods.js';
import { named, type Factor } from './factor.js';
import { FactorsRepository } from './factors.repository.js';
import { HotpMethod } from './hotp.method.js';
import type { FactorPlace } from './method.js';
import { TotpMethod } from './totp.method.js';

/** Something that a user used elsewhere until now. */
export interface Brought extends HotpParameters {
  readonly userId: string;
  /** Of a token of the inventory's; null for anything else. */
  readonly serial: string | null;
  readonly type: 'hotp' | 'totp';
  readonly secret: Uint8Array;
  readonly period: number;
  readonly counter: number;
  readonly driftSteps: number;
  readonly lookAhead: number;
  readonly name: string | null;
}

export interface Planned {
  /** The factor's id, made already so that its token can be told. */
  readonly id: string;
  readonly brought: Brought;
  readonly verdict: 'new' | 'present' | 'no_room';
  readonly isFirst: boolean;
}

/** Factors that come from another service, active at once: whoever runs it has checked them there. */
@Injectable()
export class FactorImport {
  constructor(
    private readonly repository: FactorsRepository,
    private readonly users: UsersRepository,
    private readonly totp: TotpMethod,
    private readonly hotp: HotpMethod,
    private readonly methods: CodeMethods,
    private readonly devices: DevicesService,
    private readonly audit: Audit,
    @Inject(CONFIG) private readonly config: Pick<Config, 'factorsPerUser'>,
  ) {}

  /** Looks what can be added, and keeps everybody else from the users to the end of the transaction. */
  async plan(
    executor: Executor,
    realmId: string,
    all: readonly Brought[],
    now: Date,
  ): Promise<Planned[]> {
    const userIds = [...new Set(all.map(({ userId }) => userId))].sort();
    await this.users.findOrAddAllLocked(executor, realmId, userIds, now);
    const live = await this.repository.listLiveOf(executor, realmId, userIds, now);
    const byUser = new Map<string, Factor[]>();
    for (const factor of live)
      byUser.set(factor.userId, [...(byUser.get(factor.userId) ?? []), factor]);
    const added = new Map<string, Uint8Array[]>();
    return all.map((brought) => {
      const own = byUser.get(brought.userId) ?? [];
      const more = added.get(brought.userId) ?? [];
      const isFirst = more.length === 0 && !own.some(({ status }) => status === 'active');
      const verdict = this.verdictOn(brought, own, more);
      if (verdict === 'new') added.set(brought.userId, [...more, brought.secret]);
      return { id: newId('fac'), brought, verdict, isFirst };
    });
  }

  /** Adds what `plan` found to be new. */
  async add(
    executor: Executor,
    context: AuditContext,
    all: readonly Planned[],
    now: Date,
  ): Promise<void> {
    const { realmId, applicationId } = context;
    const factors = all.map(({ id, brought }) => {
      const place = { id, realmId, userId: brought.userId };
      const { defaultName, ...stored } = this.stored(place, brought, now);
      return { ...place, applicationId, ...stored, name: brought.name ?? defaultName };
    });
    await this.repository.addActive(executor, factors, now);
    const further = all.filter(({ isFirst }) => !isFirst).map(({ brought }) => brought.userId);
    await this.devices.endWithFactors(executor, context, [...new Set(further)].sort());
    const rows = factors.map((factor, index) =>
      this.audit.row(context, {
        type: 'factor.imported',
        name: factor.name,
        firstOfUser: all[index]?.isFirst ?? false,
        ...named(factor),
      }),
    );
    await this.audit.recordAll(executor, rows);
  }

  /** @param more secrets of what the same rows bring the user beside it */
  private verdictOn(
    { secret }: Brought,
    own: readonly Factor[],
    more: readonly Uint8Array[],
  ): Planned['verdict'] {
    const isTwin = more.some((other) => sameBytes(other, secret));
    if (isTwin || this.methods.isAmong(own, secret)) return 'present';
    return own.length + more.length < this.config.factorsPerUser ? 'new' : 'no_room';
  }

  private stored(place: FactorPlace, brought: Brought, now: Date) {
    const { type, secret, algorithm, digits, period, counter, driftSteps, lookAhead } = brought;
    const hardware = brought.serial !== null;
    if (type === 'hotp') {
      const made = this.hotp.enrol(place, { secret, algorithm, digits, counter, lookAhead });
      return { type, ...made, parameters: withSerial(made.parameters, brought), driftSteps: 0 };
    }
    const names = { issuer: '', accountName: '' };
    const made = this.totp.enrol(place, {
      ...{ secret, algorithm, digits, periodSeconds: period, hardware },
      ...names,
    });
    // A code that was good elsewhere a moment ago is good for nothing here (S23).
    const lastStep = stepAt(now, period) + driftSteps;
    return {
      type,
      ...made,
      parameters: withSerial(made.parameters, brought),
      lastStep,
      driftSteps,
    };
  }
}

function withSerial(parameters: Readonly<Record<string, unknown>>, { serial }: Brought) {
  return serial === null ? parameters : { ...parameters, serial };
}
