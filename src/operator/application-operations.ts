/** Applications: what they may do, where the pages lead their users, and which factors they accept as what. */
import type { INestApplicationContext } from '@nestjs/common';
import { z } from 'zod';
import { scopes } from '../applications/api-key.js';
import type { Application } from '../applications/application.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { Callers } from '../applications/callers.js';
import { faultOfFrameOrigin, faultOfRedirectUri } from '../applications/return-address.js';
import { factorTypes } from '../factors/factor.js';
import { operation } from './operation.js';

const text = z.string().min(1).max(255);
const audienceList = z.array(text).max(32);
const addresses = (faultOf: (text: string) => string | undefined) =>
  z
    .array(
      z.string().superRefine((value, context) => {
        const message = faultOf(value);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      }),
    )
    .max(32);
const addressLists = {
  redirectUris: addresses(faultOfRedirectUri).optional(),
  frameOrigins: addresses(faultOfFrameOrigin).optional(),
};
/** At most 90 days: what a browser is trusted with should not outlive its owner's memory of it. */
const deviceSeconds = z.int().min(60).max(7_776_000);
const proofSeconds = z.int().min(1).max(86_400);
const typeList = z
  .array(
    z.enum(factorTypes, {
      error: ({ input }) =>
        `There is no factor type "${String(input)}". Name some of: ${factorTypes.join(', ')}.`,
    }),
  )
  .min(1, `Name at least one factor type of: ${factorTypes.join(', ')}.`)
  .transform((types) => factorTypes.filter((type) => types.includes(type)));
const acceptance = {
  factorTypes: typeList.optional(),
  aal2Types: typeList.nullable().optional(),
};

export const applicationOperations = {
  'applications.create': operation(
    z.strictObject({
      realm: z
        .string()
        .min(1)
        .max(64)
        .regex(/^[^:\p{Cc}]*$/u, 'A realm’s name is shown by apps as the issuer: no colon in it.'),
      name: text,
      audience: text.optional(),
      accessTokenSeconds: z.int().min(30).max(86_400).optional(),
      enrolProofSeconds: proofSeconds.optional(),
      sessionIdleSeconds: z.int().min(60).max(31_536_000).optional(),
      sessionSeconds: z.int().min(60).max(31_536_000).optional(),
      sessionsEndWithFactor: z.boolean().optional(),
      rememberDeviceSeconds: deviceSeconds.optional(),
      tokenAudiences: audienceList.optional(),
      ...acceptance,
      ...addressLists,
      scopes: z.array(z.enum(scopes)).min(1),
    }),
    async (context, { scopes: granted, ...request }) => {
      const { application, apiKey } = await context
        .get(ApplicationsService)
        .create(request, granted);
      return { application: shown(application), apiKey };
    },
  ),
  'applications.update': operation(
    z.strictObject({
      id: text,
      ...addressLists,
      ...acceptance,
      enrolProofSeconds: proofSeconds.nullable().optional(),
    }),
    async (context, { id, redirectUris, frameOrigins, ...assurance }) => {
      const applications = context.get(ApplicationsService);
      // First, for it may be refused.
      if (Object.values(assurance).some((value) => value !== undefined))
        await applications.setAssurance(id, assurance);
      if (redirectUris !== undefined || frameOrigins !== undefined)
        await applications.setAddresses(id, { redirectUris, frameOrigins });
      return changed(context, await applications.known(id));
    },
  ),
  'applications.allow-audience': operation(
    z.strictObject({ id: text, audiences: audienceList }),
    async (context, { id, audiences }) =>
      changed(context, await context.get(ApplicationsService).allowAudiences(id, audiences)),
  ),
  'applications.remember-devices': operation(
    z.strictObject({ id: text, seconds: deviceSeconds.nullable() }),
    async (context, { id, seconds }) =>
      changed(context, await context.get(ApplicationsService).rememberDevices(id, seconds)),
  ),
  'applications.list': operation(z.strictObject({}), async (context) =>
    (await context.get(ApplicationsService).list()).map(shown),
  ),
} as const;

/** The change holds at once in this process. */
function changed(context: INestApplicationContext, application: Application) {
  context.get(Callers).forget();
  return shown(application);
}

/** With the word by which the rule is given where there is none. */
function shown(application: Application) {
  return { ...application, aal2Types: application.aal2Types ?? 'all' };
}
