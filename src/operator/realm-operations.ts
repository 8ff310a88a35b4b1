/** Realms, as they look on the hosted pages, and what they ask of security keys and of operators. */
import { isIP } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { z } from 'zod';
import { Realms, type RealmLook } from '../applications/realms.js';
import { RelyingParties, userVerifications } from '../applications/relying-parties.js';
import { BypassCodes } from '../bypass-codes/bypass-codes.service.js';
import { locale } from '../factors/factors.schemas.js';
import { operation } from './operation.js';
import { realmIdOf } from './realms.js';

const A_DOMAIN = 'A relying party is a domain, as bank.example.';

export const realmOperations = {
  'realms.list': operation(z.strictObject({}), async (context) => {
    const realms = await context.get(Realms).list();
    return Promise.all(realms.map((realm) => whole(context, realm)));
  }),
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
      webauthnRpId: z
        .string()
        .max(253)
        .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, A_DOMAIN)
        .refine((domain) => isIP(domain) === 0, A_DOMAIN)
        .nullable()
        .optional(),
      webauthnRpName: z.string().min(1).max(64).nullable().optional(),
      webauthnOrigins: z.array(z.string().max(300)).max(50).nullable().optional(),
      webauthnUserVerification: z.enum(userVerifications).nullable().optional(),
      webauthnAaguids: z
        .array(
          z.guid('An AAGUID is written as cb69481e-8ff7-4039-93ec-0a2729a154a8.').toLowerCase(),
        )
        .max(500)
        .nullable()
        .optional(),
      bypassSecondOperator: z.boolean().optional(),
    }),
    async (context, { realm, color, locale: language, logo, bypassSecondOperator, ...keys }) => {
      const id = await realmIdOf(context, realm);
      // First, for it may be refused.
      await context.get(RelyingParties).update(id, keys);
      if (bypassSecondOperator !== undefined)
        await context.get(BypassCodes).requireSecond(id, bypassSecondOperator);
      const look = await context.get(Realms).update(id, { color, locale: language, logo });
      return whole(context, look);
    },
  ),
} as const;

async function whole(context: INestApplicationContext, look: RealmLook) {
  return {
    ...look,
    securityKeys: await context.get(RelyingParties).of(look.id),
    bypassSecondOperator: await context.get(BypassCodes).needsSecond(look.id),
  };
}
