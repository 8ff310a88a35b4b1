import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit, type AuditContext } from '../audit/audit.js';
import type { DeviceEnd } from '../audit/event.js';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import { Database, type Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import type { Device, DeviceAnswer, DeviceOwner } from './device.js';
import { DeviceTokens } from './device-token.js';
import { DevicesMetrics } from './devices.metrics.js';
import { DevicesRepository, type EndedDevice } from './devices.repository.js';

/** What was proved when a device is remembered. */
export interface DeviceProof {
  readonly userId: string;
  readonly factor: { readonly id: string; readonly type: string };
  readonly provedAt: Date;
}

/** The life of a remembered device: begun by a proof, ended by its time, its owner or a factor's change. */
@Injectable()
export class DevicesService {
  constructor(
    private readonly repository: DevicesRepository,
    private readonly tokens: DeviceTokens,
    private readonly metrics: DevicesMetrics,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Remembers the device that a proof was made on.
   *
   * @param before what else the transaction does, as ending the device that this one takes the place of
   * @returns its token, this once; undefined where the application remembers none, or the factor was revoked
   *   in the meantime
   */
  async remember(
    caller: Caller,
    { userId, factor, provedAt }: DeviceProof,
    before: (executor: Executor) => Promise<void> = () => Promise.resolve(),
  ): Promise<DeviceAnswer | undefined> {
    const { id: applicationId, realmId, rememberDeviceSeconds } = caller.application;
    if (rememberDeviceSeconds === null) return undefined;
    const now = this.clock.now();
    const id = newId('dev');
    const token = this.tokens.first(id);
    const endsAt = new Date(provedAt.getTime() + rememberDeviceSeconds * 1000);
    const device: Device = {
      ...{ id, realmId, userId, applicationId, factor, provedAt, endsAt },
      lastUsedAt: now,
      rotation: { newest: this.tokens.hashOf(token), previous: null, previousUntil: null },
    };
    const isAdded = await this.database.transaction(async (executor) => {
      await before(executor);
      if (!(await this.repository.add(executor, device))) return false;
      const context = auditContext(caller);
      await this.audit.record(executor, context, {
        type: 'device.remembered',
        userId,
        factorId: factor.id,
        deviceId: id,
        endsAt,
      });
      const owner = { realmId, userId, applicationId };
      const surplus = await this.repository.endSurplus(executor, owner, now);
      await this.noteEnds(executor, context, surplus, 'too_many');
      return true;
    });
    if (!isAdded) return undefined;
    this.metrics.countRemembered();
    return { id, token, expires_at: endsAt.toISOString() };
  }

  /** The user's devices that live: an administrator's key sees the realm's, any other its application's. */
  list(caller: Caller, userId: string): Promise<Device[]> {
    return this.repository.listLive({ ...ownerOf(caller), userId }, this.clock.now());
  }

  /** @throws WatchwordError `not_found`, for another's device as for a missing one (S105) */
  async forget(caller: Caller, id: string): Promise<void> {
    const ended = await this.database.transaction((executor) =>
      this.end(executor, auditContext(caller), ownerOf(caller), 'forgotten', id),
    );
    if (!ended) throw new WatchwordError('not_found');
  }

  /** Forgets every device of a user's. */
  async forgetAll(caller: Caller, userId: string): Promise<void> {
    await this.database.transaction((executor) =>
      this.end(executor, auditContext(caller), { ...ownerOf(caller), userId }, 'forgotten'),
    );
  }

  /**
   * Ends every device of users whose factors change, in all applications, in the transaction that changes them
   * (S79): what they were remembered by is not what guards the account from now on.
   */
  async endWithFactors(
    executor: Executor,
    context: AuditContext,
    userIds: readonly string[],
  ): Promise<void> {
    const now = this.clock.now();
    const ended = await this.repository.endOfUsers(executor, context.realmId, userIds, now);
    await this.noteEnds(executor, context, ended, 'factors_changed');
  }

  /** Ends an owner's devices, or one of them, in the caller's transaction. @returns whether there was any */
  async end(
    executor: Executor,
    context: AuditContext,
    owner: DeviceOwner,
    reason: DeviceEnd,
    id?: string,
  ): Promise<boolean> {
    const ended = await this.repository.end(executor, owner, this.clock.now(), id);
    await this.noteEnds(executor, context, ended, reason);
    return ended.length > 0;
  }

  private async noteEnds(
    executor: Executor,
    context: AuditContext,
    ended: readonly EndedDevice[],
    reason: DeviceEnd,
  ): Promise<void> {
    const rows = ended.map(({ id: deviceId, userId, factor }) =>
      this.audit.row(context, {
        type: 'device.ended',
        ...{ userId, factorId: factor.id, deviceId, reason },
      }),
    );
    await this.audit.recordAll(executor, rows);
    this.metrics.countEnds(reason, ended.length);
  }
}

function ownerOf({ application, scopes }: Caller): DeviceOwner {
  const { realmId, id: applicationId } = application;
  return scopes.includes('admin') ? { realmId } : { realmId, applicationId };
}
