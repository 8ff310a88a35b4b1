/** Realms, as they look on the hosted pages. */
import { z } from 'zod';
import { Realms } from '../applications/realms.js';
import { locale } from '../factors/factors.schemas.js';
import { operation } from './operation.js';
import { realmIdOf } from './realms.js';

export const realmOperations = {
  'realms.list': operation(z.strictObject({}), (context) => context.get(Realms).list()),
  'realms.update': operation(
    z.strictObject({
      realm: z.string().min(1).max(255).optional(),
      color: z
        .string()
        .regex(/^#[0-9a-f]{6}$/i, 'A colour is six hexadecimal digits after a #, as #1d5fd1.')
        .nullable()
        .optional(),
      locale: locale.nullable().optional(),
      logo: z
        .base64()
        .transform((text) => Buffer.from(text, 'base64'))
        .nullable()
        .optional(),
    }),
    async (context, { realm, ...look }) =>
      context.get(Realms).update(await realmIdOf(context, realm), look),
  ),
} as const;
