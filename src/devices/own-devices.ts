import { Injectable } from '@nestjs/common';
import type { AuditContext } from '../audit/audit.js';
import { Clock } from '../clock.js';
import type { PresentedToken } from '../crypto/rotating-token.js';
import { Database } from '../storage/database.js';
import type { DeviceOwner } from './device.js';
import { DevicesRepository } from './devices.repository.js';
import { DevicesService } from './devices.service.js';

/** The user whose devices they are. */
interface Owner {
  readonly realmId: string;
  readonly userId: string;
}

/**
 * A browser as its user knows it: what one proof has had remembered, which may be a token of the application's and
 * one of the hosted pages'.
 */
export interface OwnDevice {
  /** Of one of them. */
  readonly id: string;
  readonly applicationName: string;
  readonly provedAt: Date;
  readonly lastUsedAt: Date;
}

/** Devices as their user sees them: those of all applications of the realm. */
@Injectable()
export class OwnDevices {
  constructor(
    private readonly repository: DevicesRepository,
    private readonly devices: DevicesService,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Those that live, the one that was used last first. */
  async list({ realmId, userId }: Owner): Promise<OwnDevice[]> {
    const all = await this.repository.listNamed({ realmId, userId }, this.clock.now());
    const byProof = new Map<string, OwnDevice>();
    for (const { id, applicationId, applicationName, provedAt, lastUsedAt } of all) {
      const proof = `${applicationId} ${provedAt.getTime()}`;
      if (!byProof.has(proof)) byProof.set(proof, { id, applicationName, provedAt, lastUsedAt });
    }
    return [...byProof.values()];
  }

  /**
   * Forgets a browser: whatever was remembered by the same proof.
   *
   * @returns false where no device of this user's that lives has that id (S105)
   */
  async forget(context: AuditContext, { realmId, userId }: Owner, id: string): Promise<boolean> {
    const owner = { realmId, userId };
    return this.database.transaction(async (executor) => {
      const device = await this.repository.hold(executor, owner, id, this.clock.now());
      if (device === undefined) return false;
      const { applicationId, provedAt } = device;
      const own = { ...owner, applicationId, provedAt };
      return this.devices.end(executor, context, own, 'forgotten');
    });
  }

  /** Which of these tokens is of a device of this owner's that lives; undefined where none is. */
  async pick(
    owner: Required<Pick<DeviceOwner, 'realmId' | 'userId' | 'applicationId'>>,
    tokens: readonly PresentedToken[],
  ): Promise<PresentedToken | undefined> {
    if (tokens.length === 0) return undefined;
    const live = await this.repository.listLive(owner, this.clock.now());
    return tokens.find(({ id }) => live.some((device) => device.id === id));
  }
}
