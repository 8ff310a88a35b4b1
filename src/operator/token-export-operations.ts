/** Tokens and apps that leave, a page of the file at a time. */
import { z } from 'zod';
import { Exports } from '../inventory/exports.js';
import { OperatorError } from '../errors.js';
import { faultOfKey } from '../token-files/pskc-writer.js';
import { operatorOf } from '../audit/audit.js';
import { operation } from './operation.js';
import { realmIdOf } from './realms.js';

/** Base64, 16 bytes at least. */
const bytes = z.base64().transform((value) => Buffer.from(value, 'base64'));
const key = bytes.refine(({ length }) => [16, 24, 32].includes(length));

export const tokenExportOperations = {
  'tokens.export': operation(
    z.strictObject({
      realm: z.string().min(1).max(255).optional(),
      key,
      macKey: bytes.refine(({ length }) => length === 32),
      place: z.strictObject({ part: z.enum(['tokens', 'factors']), after: z.string().max(255) }),
    }),
    async (context, { realm, place, ...keys }) => {
      const fault = faultOfKey(keys.key);
      if (fault !== undefined)
        throw new OperatorError(`${fault}: make one with openssl rand -hex 32.`);
      return context.get(Exports).page(operatorOf(await realmIdOf(context, realm)), keys, place);
    },
  ),
} as const;
