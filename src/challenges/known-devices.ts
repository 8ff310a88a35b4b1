import { Injectable } from '@nestjs/common';
import type { Caller } from '../applications/application.js';
import { deviceAttemptsLeft, type DeviceAnswer } from '../devices/device.js';
import { Recognising } from '../devices/recognising.js';
import type { Charge, PresentedDevice } from './attempts.repository.js';
import { ABSOLUTE_LIMIT, attemptsLeft, retryAfter } from './lockout.js';
import type { Claim, Proven } from './proof-kind.js';

/** What the application wants of the device that a proof is made on. */
export interface DeviceRequest {
  readonly remember_device?: boolean | undefined;
  readonly device_token?: string | undefined;
}

/**
 * A proof and the device that it is made on. A device that is known has a small budget of wrong codes of its own,
 * and so gets in while everybody else's guesses keep the account locked (S38); what it guesses counts for the
 * account too, whose absolute limit holds for it as for all (S32).
 */
@Injectable()
export class KnownDevices {
  constructor(private readonly recognising: Recognising) {}

  /** Of a claim: the device token that came with it, where this service has made it. */
  claimed({ device_token: text }: DeviceRequest): Pick<Claim, 'device'> {
    const device = text === undefined ? undefined : this.recognising.read(text);
    return device === undefined ? {} : { device };
  }

  /** What the charge is told. */
  presented({ device, caller }: Claim): PresentedDevice | undefined {
    if (device === undefined) return undefined;
    return { id: device.id, hash: device.hash, applicationId: caller.application.id };
  }

  /** After a wrong code: a device that has spent its budget is forgotten, and a copied token is noticed. */
  async afterRefusal({ caller, userId, device }: Claim, charge: Charge): Promise<void> {
    if (device === undefined || userId === null) return;
    if (charge.device === undefined) await this.recognising.noticeTheft(caller, userId, device);
    else if (deviceAttemptsLeft(charge.device) === 0)
      await this.recognising.endSpent(caller, userId, device.id);
  }

  /**
   * After a right code: the attempt is given back to the device, whose token rotates; or the device is remembered
   * anew, which alone makes its end later.
   *
   * @param charged whether the attempt was charged to the device as well
   * @returns what the answer says of the device; undefined where none is known
   */
  async afterProof(
    { caller, device, now }: Pick<Claim, 'caller' | 'device' | 'now'>,
    charged: boolean,
    { userId, factorId: id, type }: Omit<Proven, 'method'>,
    { remember_device: isWanted }: DeviceRequest,
  ): Promise<DeviceAnswer | undefined> {
    const proof = { userId, factor: { id, type }, provedAt: now };
    if (isWanted === true) return this.recognising.remember(caller, proof, device);
    return device && this.renew(caller, userId, device, charged);
  }

  private async renew(
    caller: Caller,
    userId: string,
    presented: NonNullable<Claim['device']>,
    charged: boolean,
  ): Promise<DeviceAnswer | undefined> {
    const recognised = await this.recognising.recognise(caller, userId, presented, charged);
    if (recognised === undefined) return undefined;
    const { device, token } = recognised;
    return { id: device.id, token, expires_at: device.endsAt.toISOString() };
  }
}

/**
 * What is left after a wrong code, and how many seconds it has to wait: by the device's own budget while there is
 * any of it, by the account's otherwise.
 */
export function leftAfter(
  charge: Charge,
  now: Date,
): { readonly left: number; readonly locked: number | undefined } {
  const { device, consecutive } = charge;
  const ofDevice =
    device === undefined ? 0 : Math.min(deviceAttemptsLeft(device), ABSOLUTE_LIMIT - consecutive);
  if (ofDevice > 0) return { left: ofDevice, locked: undefined };
  return { left: attemptsLeft(charge), locked: retryAfter(charge, now) };
}
