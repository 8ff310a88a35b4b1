import { z } from 'zod';
import {
  serial,
  tokenStatuses,
  tokenTypes,
  type HardwareToken,
} from '../hardware-tokens/hardware-token.js';
import { algorithms } from '../otp/algorithm.js';

export const listQuery = z.strictObject({
  status: z.enum(tokenStatuses).optional(),
  serial: serial.optional(),
  after: serial.optional().meta({ description: 'The last serial that was read.' }),
});

const time = z.iso.datetime();

export const hardwareToken = z
  .object({
    id: z.string(),
    serial: z.string(),
    type: z.enum(tokenTypes),
    status: z.enum(tokenStatuses),
    manufacturer: z.string().optional(),
    model: z.string().optional(),
    algorithm: z.enum(algorithms),
    digits: z.union([z.literal(6), z.literal(7), z.literal(8)]),
    period: z.int().optional().meta({ description: 'Seconds, of one with a clock.' }),
    look_ahead: z.int().optional().meta({ description: 'Of one that counts.' }),
    user_id: z.string().optional().meta({ description: 'Who has it.' }),
    factor_id: z.string().optional(),
    created_at: time,
    changed_at: time.meta({ description: 'When its status became what it is.' }),
  })
  .meta({ id: 'HardwareToken' });

export const hardwareTokenPage = z
  .object({
    data: z.array(hardwareToken),
    next: z.string().nullable().meta({ description: 'Pass as `after`; null at the end.' }),
  })
  .meta({ id: 'HardwareTokenPage' });

/** A token as it is shown: all but its secret. */
export function tokenView(token: HardwareToken): z.output<typeof hardwareToken> {
  const { id, serial: shown, type, status, manufacturer, model, parameters, holder } = token;
  return {
    ...{ id, serial: shown, type, status },
    ...(manufacturer !== null && { manufacturer }),
    ...(model !== null && { model }),
    ...parameters,
    ...(holder !== null && { user_id: holder.userId, factor_id: holder.factorId }),
    created_at: token.createdAt.toISOString(),
    changed_at: token.changedAt.toISOString(),
  };
}
