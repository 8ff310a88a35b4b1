/** Hardware tokens, as whoever hands them out manages them. */
import type { INestApplicationContext } from '@nestjs/common';
import { z } from 'zod';
import { operatorOf, type AuditContext } from '../audit/audit.js';
import { OperatorError, WatchwordError } from '../errors.js';
import { serial, tokenStatuses, type HardwareToken } from '../hardware-tokens/hardware-token.js';
import { tokenView } from '../inventory/inventory.schemas.js';
import { Inventory } from '../inventory/inventory.service.js';
import { operation } from './operation.js';
import { realmIdOf } from './realms.js';

const inRealm = { realm: z.string().min(1).max(255).optional() };
const ofSerial = z.strictObject({ ...inRealm, serial });

export const hardwareTokenOperations = {
  'tokens.list': operation(
    z.strictObject({
      ...inRealm,
      status: z.enum(tokenStatuses).optional(),
      after: serial.optional(),
    }),
    async (context, { realm, ...filter }) => {
      const realmId = await realmIdOf(context, realm);
      const { tokens } = await context.get(Inventory).page(realmId, filter);
      return tokens.map(tokenView);
    },
  ),
  'tokens.return': operation(ofSerial, async (context, { realm, serial: wanted }) => {
    const { token, by } = await tokenOf(context, realm, wanted);
    return tokenView(await context.get(Inventory).putBack(by, token.id));
  }),
  'tokens.lost': operation(ofSerial, async (context, { realm, serial: wanted }) => {
    const { token, by } = await tokenOf(context, realm, wanted);
    return tokenView(await context.get(Inventory).markLost(by, token.id));
  }),
  'tokens.delete': operation(ofSerial, async (context, { realm, serial: wanted }) => {
    const { token, by } = await tokenOf(context, realm, wanted);
    if (token.holder !== null)
      throw new OperatorError(
        `"${token.holder.userId}" has the token ${token.serial}. Put it back first: watchword tokens return.`,
      );
    await context.get(Inventory).delete(by, token.id);
    return { deleted: token.serial };
  }),
} as const;

async function tokenOf(
  context: INestApplicationContext,
  realm: string | undefined,
  wanted: string,
): Promise<{ token: HardwareToken; by: AuditContext }> {
  const realmId = await realmIdOf(context, realm);
  try {
    const token = await context.get(Inventory).getBySerial(realmId, wanted);
    return { token, by: operatorOf(realmId) };
  } catch (error) {
    if (!(error instanceof WatchwordError && error.code === 'not_found')) throw error;
    throw new OperatorError(
      `There is no token of the serial "${wanted}". See them with: watchword tokens list.`,
    );
  }
}
