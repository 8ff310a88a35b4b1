/** A hardware token that a realm has, and the way it goes through people's hands. */
import { z } from 'zod';
import type { HotpParameters } from '../otp/algorithm.js';

/**
 * - `stock`: may be assigned.
 * - `assigned`: somebody is enrolling it; back in stock by itself if that is never finished.
 * - `active`: somebody's factor.
 * - `used`: was somebody's factor. Its secret has been in their hands, so it serves nobody else until an
 *   operator, who has the token back, says so.
 * - `lost`: serves nobody until it is found.
 */
export const tokenStatuses = ['stock', 'assigned', 'active', 'used', 'lost'] as const;
export type TokenStatus = (typeof tokenStatuses)[number];

export const tokenTypes = ['hotp', 'totp'] as const;
export type TokenType = (typeof tokenTypes)[number];

/** What it was made to do: a counter with a look-ahead, or a clock with a period in seconds. */
export type TokenParameters = HotpParameters &
  ({ readonly look_ahead: number } | { readonly period: number });

export interface HardwareToken {
  readonly id: string;
  readonly realmId: string;
  readonly serial: string;
  readonly type: TokenType;
  readonly status: TokenStatus;
  readonly manufacturer: string | null;
  readonly model: string | null;
  /** Sealed. */
  readonly secret: Uint8Array;
  readonly parameters: TokenParameters;
  readonly lastStep: number | null;
  readonly driftSteps: number;
  /** The factor that it is, and whose. */
  readonly holder: { readonly factorId: string; readonly userId: string } | null;
  readonly createdAt: Date;
  readonly changedAt: Date;
}

const SERIAL_CHARACTERS = 64;

/** A serial as it is typed or printed: without regard to capitals, visible ASCII alone. */
export const serial = z
  .string()
  .trim()
  .min(1)
  .max(SERIAL_CHARACTERS)
  .regex(/^[\x20-\x7e]*$/, 'must be letters, digits and signs of ASCII')
  .transform((value) => value.toUpperCase())
  .meta({ description: 'What is printed on the token’s back; capitals do not matter.' });

/** Where a token's secret stands: what its seal is bound to. */
export function secretPlace({ id, realmId }: Pick<HardwareToken, 'id' | 'realmId'>) {
  return { table: 'hardware_tokens', column: 'secret', realmId, rowId: id };
}
