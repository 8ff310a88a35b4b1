import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { rotationStanding, type PresentedToken } from '../crypto/rotating-token.js';
import { WatchwordError } from '../errors.js';
import { Database, type Executor } from '../storage/database.js';
import type { Device, DeviceAnswer, DeviceOwner } from './device.js';
import { DeviceTokens } from './device-token.js';
import { DevicesMetrics } from './devices.metrics.js';
import { DevicesRepository } from './devices.repository.js';
import { DevicesService, type DeviceProof } from './devices.service.js';

/** A device whose token was good, with the token that is good from now on. */
export interface Recognised {
  readonly device: Device;
  readonly token: string;
}

/**
 * Tells by its token whether a device is known, and rotates the token at each use, so that a copy of it is
 * noticed. The device's row is held meanwhile, as a session's is while it is refreshed.
 */
@Injectable()
export class Recognising {
  constructor(
    private readonly repository: DevicesRepository,
    private readonly devices: DevicesService,
    private readonly tokens: DeviceTokens,
    private readonly metrics: DevicesMetrics,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** @returns undefined for a text that this service never made: it is not worth a query */
  read(text: string): PresentedToken | undefined {
    const presented = this.tokens.read(text);
    return presented?.isGenuine === true ? presented : undefined;
  }

  /**
   * What an application asks: has this browser been there at a proof of this user's? It is no proof itself
   * (S78), and earns no token.
   *
   * @throws WatchwordError `device_unknown` for whatever is not good now: unknown, another user's or
   *   application's, ended, or a token that was used up before; the last ends the device
   */
  async check(caller: Caller, userId: string, text: string): Promise<Recognised> {
    const presented = this.read(text);
    const recognised = presented && (await this.recognise(caller, userId, presented));
    this.metrics.countPresented(recognised !== undefined);
    if (recognised === undefined) throw new WatchwordError('device_unknown');
    return recognised;
  }

  /**
   * Rotates the token of a device that lives; one that was used up before ends the device.
   *
   * @param charged whether the device was charged for an attempt, which was right and is given back now
   */
  async recognise(
    caller: Caller,
    userId: string,
    presented: PresentedToken,
    charged = false,
  ): Promise<Recognised | undefined> {
    const now = this.clock.now();
    return this.database.transaction(async (executor) => {
      const held = await this.held(executor, caller, userId, presented, charged);
      if (held === undefined) return undefined;
      const { device, isNewest } = held;
      if (charged) await this.repository.giveBack(executor, device.id);
      if (!isNewest) {
        const token = this.tokens.madeSuccessor(presented, device.rotation.newest);
        return token === undefined ? undefined : { device, token };
      }
      const { token, rotation } = this.tokens.rotated(presented, now);
      await this.repository.rotate(executor, device.id, rotation, now);
      await this.audit.record(executor, auditContext(caller), {
        type: 'device.recognised',
        ...{ userId, factorId: device.factor.id, deviceId: device.id },
      });
      return { device, token };
    });
  }

  /** Remembers a device anew that may have been known before, by a token that is good no longer then. */
  remember(
    caller: Caller,
    proof: DeviceProof,
    presented: PresentedToken | undefined,
  ): Promise<DeviceAnswer | undefined> {
    return this.devices.remember(caller, proof, async (executor) => {
      if (presented === undefined) return;
      const held = await this.held(executor, caller, proof.userId, presented, true);
      if (held === undefined) return;
      const { device } = held;
      const owner = ownerOf(caller, proof.userId);
      await this.devices.end(executor, auditContext(caller), owner, 'replaced', device.id);
    });
  }

  /** Ends a device whose token was presented although it was used up before. */
  async noticeTheft(caller: Caller, userId: string, presented: PresentedToken): Promise<void> {
    await this.database.transaction((executor) => this.held(executor, caller, userId, presented));
  }

  /** Forgets a device whose budget of wrong codes is spent. */
  async endSpent(caller: Caller, userId: string, deviceId: string): Promise<void> {
    const owner = ownerOf(caller, userId);
    await this.database.transaction((executor) =>
      this.devices.end(executor, auditContext(caller), owner, 'attempts_spent', deviceId),
    );
  }

  private async held(
    executor: Executor,
    caller: Caller,
    userId: string,
    presented: PresentedToken,
    charged = false,
  ): Promise<{ readonly device: Device; readonly isNewest: boolean } | undefined> {
    const now = this.clock.now();
    const owner = ownerOf(caller, userId);
    const device = await this.repository.hold(executor, owner, presented.id, now, charged);
    if (device === undefined) return undefined;
    const standing = rotationStanding(device.rotation, presented, now);
    if (standing === 'reused')
      await this.devices.end(executor, auditContext(caller), owner, 'token_reused', device.id);
    const isGood = standing === 'newest' || standing === 'predecessor';
    return isGood ? { device, isNewest: standing === 'newest' } : undefined;
  }
}

/** A device is good for its user, in its application, alone (S77). */
function ownerOf({ application }: Caller, userId: string): DeviceOwner {
  return { realmId: application.realmId, applicationId: application.id, userId };
}
