import { Injectable } from '@nestjs/common';
import { expressionBuilder, sql } from 'kysely';
import type { Rotation } from '../crypto/rotating-token.js';
import { Database, type Executor } from '../storage/database.js';
import type { Schema } from '../storage/schema.js';
import {
  DEVICE_ATTEMPTS,
  DEVICE_FAILURES,
  DEVICES_OF_USER,
  type Device,
  type DeviceOwner,
  type NamedDevice,
} from './device.js';

/** A device that has just been ended. */
export type EndedDevice = Pick<Device, 'id' | 'userId' | 'factor'>;

/** When a device ends: by the time it was given, or by what its application allows now. Null: now. */
const endsAt = sql<Date | null>`CASE WHEN applications.remember_device_seconds IS NOT NULL
  THEN least(devices.ends_at,
    devices.proved_at + applications.remember_device_seconds * interval '1 second') END`;

@Injectable()
export class DevicesRepository {
  constructor(private readonly database: Database) {}

  /**
   * Adds a device, and keeps every factor of its user's as it is to the end of the transaction: one that is
   * revoked meanwhile finds the device, or is found by it (S79).
   *
   * @returns false where the factor that was proved has been revoked since
   */
  async add(executor: Executor, device: Device): Promise<boolean> {
    const factors = await executor
      .selectFrom('factors')
      .select('id')
      .where('realm_id', '=', device.realmId)
      .where('user_id', '=', device.userId)
      .where('status', '=', 'active')
      .orderBy('id')
      .forShare()
      .execute();
    if (!factors.some(({ id }) => id === device.factor.id)) return false;
    await executor
      .insertInto('devices')
      .values({
        id: device.id,
        realm_id: device.realmId,
        user_id: device.userId,
        application_id: device.applicationId,
        factor_id: device.factor.id,
        factor_type: device.factor.type,
        token_hash: device.rotation.newest,
        previous_hash: null,
        previous_until: null,
        proved_at: device.provedAt,
        last_used_at: device.lastUsedAt,
        ends_at: device.endsAt,
        revoked_at: null,
      })
      .execute();
    return true;
  }

  /**
   * A device that lives, its row held to the end of the transaction.
   *
   * @param charged whether an attempt of the caller's is counted already, which may be its last
   */
  async hold(
    executor: Executor,
    owner: DeviceOwner,
    id: string,
    now: Date,
    charged = false,
  ): Promise<Device | undefined> {
    const row = await this.live(executor, owner, now, charged ? 1 : 0)
      .where('devices.id', '=', id)
      .forUpdate('devices')
      .executeTakeFirst();
    return row && toDevice(row);
  }

  /** Devices that live, the one that was used last first. */
  async listLive(owner: DeviceOwner, now: Date): Promise<Device[]> {
    const rows = await this.live(this.database.kysely, owner, now, 0)
      .orderBy('devices.last_used_at', 'desc')
      .orderBy('devices.id', 'desc')
      .execute();
    return rows.map(toDevice);
  }

  /** The same with the names of their applications. */
  async listNamed(owner: DeviceOwner, now: Date): Promise<NamedDevice[]> {
    const rows = await this.live(this.database.kysely, owner, now, 0)
      .select('applications.name as application_name')
      .orderBy('devices.last_used_at', 'desc')
      .orderBy('devices.id', 'desc')
      .execute();
    return rows.map((row) => ({ ...toDevice(row), applicationName: row.application_name }));
  }

  /** Puts a successor in the place of the newest token. */
  async rotate(executor: Executor, id: string, rotation: Rotation, now: Date): Promise<void> {
    await executor
      .updateTable('devices')
      .set({
        token_hash: rotation.newest,
        previous_hash: rotation.previous,
        previous_until: rotation.previousUntil,
        last_used_at: now,
      })
      .where('id', '=', id)
      .execute();
  }

  /** Gives an attempt back that was right. */
  async giveBack(executor: Executor, id: string): Promise<void> {
    await executor
      .updateTable('devices')
      .set({ consecutive: 0, failures: sql<number>`greatest(failures - 1, 0)` })
      .where('id', '=', id)
      .execute();
  }

  /** Ends an owner's devices, also those whose application remembers none just now. @returns them */
  async end(
    executor: Executor,
    owner: DeviceOwner,
    now: Date,
    id?: string,
  ): Promise<EndedDevice[]> {
    let ending = executor
      .updateTable('devices')
      .set({ revoked_at: now })
      .where(ownedBy(owner))
      .where('revoked_at', 'is', null)
      .where('ends_at', '>', now);
    if (id !== undefined) ending = ending.where('id', '=', id);
    return toEnded(await ending.returning(endedColumns).execute());
  }

  /** Ends every device of these users, in all applications. @returns them */
  async endOfUsers(
    executor: Executor,
    realmId: string,
    userIds: readonly string[],
    now: Date,
  ): Promise<EndedDevice[]> {
    if (userIds.length === 0) return [];
    const rows = await executor
      .updateTable('devices')
      .set({ revoked_at: now })
      .where('realm_id', '=', realmId)
      .where('user_id', 'in', userIds)
      .where('revoked_at', 'is', null)
      .where('ends_at', '>', now)
      .returning(endedColumns)
      .execute();
    return toEnded(rows);
  }

  /** Ends those that a user has too many of in an application, the oldest. @returns them */
  async endSurplus(
    executor: Executor,
    owner: Required<Pick<DeviceOwner, 'realmId' | 'userId' | 'applicationId'>>,
    now: Date,
  ): Promise<EndedDevice[]> {
    const rows = await executor
      .updateTable('devices')
      .set({ revoked_at: now })
      .where('id', 'in', (where) =>
        where
          .selectFrom('devices')
          .select('id')
          .where(ownedBy(owner))
          .where('revoked_at', 'is', null)
          .where('ends_at', '>', now)
          .orderBy('id', 'desc')
          .offset(DEVICES_OF_USER),
      )
      .returning(endedColumns)
      .execute();
    return toEnded(rows);
  }

  private live(executor: Executor, owner: DeviceOwner, now: Date, attemptsUnderWay: number) {
    return (
      executor
        .selectFrom('devices')
        .innerJoin('applications', 'applications.id', 'devices.application_id')
        .select([...columns, endsAt.as('ends_at')])
        .where(ownedBy(owner))
        .where('devices.revoked_at', 'is', null)
        .where(endsAt, '>', now)
        // Remembered by what the application accepts no more, it is not known.
        .where(sql<boolean>`devices.factor_type = ANY(applications.factor_types)`)
        .where('devices.consecutive', '<', DEVICE_ATTEMPTS + attemptsUnderWay)
        .where('devices.failures', '<', DEVICE_FAILURES + attemptsUnderWay)
    );
  }
}

const columns = [
  'devices.id',
  'devices.realm_id',
  'devices.user_id',
  'devices.application_id',
  'devices.factor_id',
  'devices.factor_type',
  'devices.token_hash',
  'devices.previous_hash',
  'devices.previous_until',
  'devices.proved_at',
  'devices.last_used_at',
] as const;
const endedColumns = ['id', 'user_id', 'factor_id', 'factor_type'] as const;

interface LiveRow {
  id: string;
  realm_id: string;
  user_id: string;
  application_id: string;
  factor_id: string;
  factor_type: string;
  token_hash: Uint8Array;
  previous_hash: Uint8Array | null;
  previous_until: Date | null;
  proved_at: Date;
  last_used_at: Date;
  ends_at: Date | null;
}

function ownedBy({ realmId, userId, applicationId, provedAt }: DeviceOwner) {
  const on = expressionBuilder<Schema, 'devices'>();
  return on.and([
    on('devices.realm_id', '=', realmId),
    ...(userId === undefined ? [] : [on('devices.user_id', '=', userId)]),
    ...(applicationId === undefined ? [] : [on('devices.application_id', '=', applicationId)]),
    ...(provedAt === undefined ? [] : [on('devices.proved_at', '=', provedAt)]),
  ]);
}

function toEnded(
  rows: readonly { id: string; user_id: string; factor_id: string; factor_type: string }[],
): EndedDevice[] {
  return rows.map(({ id, user_id: userId, factor_id, factor_type: type }) => ({
    ...{ id, userId },
    factor: { id: factor_id, type },
  }));
}

function toDevice(row: LiveRow): Device {
  return {
    id: row.id,
    realmId: row.realm_id,
    userId: row.user_id,
    applicationId: row.application_id,
    factor: { id: row.factor_id, type: row.factor_type },
    provedAt: row.proved_at,
    lastUsedAt: row.last_used_at,
    endsAt: row.ends_at ?? row.proved_at,
    rotation: {
      newest: row.token_hash,
      previous: row.previous_hash,
      previousUntil: row.previous_until,
    },
  };
}
