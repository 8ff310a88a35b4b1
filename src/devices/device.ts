import type { Rotation } from '../crypto/rotating-token.js';

/** A browser or phone that an application remembers for a user: it was there when a factor was proved. */
export interface Device {
  readonly id: string;
  readonly realmId: string;
  readonly userId: string;
  readonly applicationId: string;
  /** What was proved, and when: that never changes (S78). */
  readonly factor: { readonly id: string; readonly type: string };
  readonly provedAt: Date;
  readonly lastUsedAt: Date;
  /** Ends by then, whatever happens (S80); sooner where the application has shortened the time since. */
  readonly endsAt: Date;
  readonly rotation: Rotation;
}

/** Its token as it is given, this once. */
export interface DeviceAnswer {
  readonly id: string;
  readonly token: string;
  readonly expires_at: string;
}

/** Whose devices are meant; without an application those of the whole realm. */
export interface DeviceOwner {
  readonly realmId: string;
  readonly userId?: string | undefined;
  readonly applicationId?: string | undefined;
  /** Those alone that were remembered by the proof of that moment. */
  readonly provedAt?: Date | undefined;
}

/** A device with the name of its application. */
export interface NamedDevice extends Device {
  readonly applicationName: string;
}

/**
 * Wrong codes in a row that a device bears, and wrong codes in its life: the second is not cleared by success,
 * or a thief with a copy of its token would guess anew after each login of its owner. At either it is forgotten.
 */
export const DEVICE_ATTEMPTS = 5;
export const DEVICE_FAILURES = 20;

/** Devices of a user's in an application; one more ends the oldest. */
export const DEVICES_OF_USER = 10;

/** What was counted of a device, the attempt under way included. */
export interface DeviceAttempts {
  readonly consecutive: number;
  readonly failures: number;
}

/** Wrong codes that a device still bears. */
export function deviceAttemptsLeft({ consecutive, failures }: DeviceAttempts): number {
  return Math.max(0, Math.min(DEVICE_ATTEMPTS - consecutive, DEVICE_FAILURES - failures));
}
