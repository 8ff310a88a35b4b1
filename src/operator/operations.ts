/**
 * What an operator may do, each thing once: the command line runs these itself or has the running
 * service run them over its socket.
 */
import type { INestApplicationContext } from '@nestjs/common';
import { z } from 'zod';
import { scopes } from '../applications/api-key.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { Callers } from '../applications/callers.js';
import { Audit, operatorOf } from '../audit/audit.js';
import type { AuditEvent } from '../audit/event.js';
import { Clock } from '../clock.js';
import { channels } from '../delivery/channel.js';
import type { PauseTarget } from '../delivery/counter.js';
import { DeliveryDesk } from '../delivery/desk.js';
import { OperatorError, WatchwordError } from '../errors.js';
import { FactorsService } from '../factors/factors.service.js';
import { factorView } from '../factors/factors.views.js';
import { Database } from '../storage/database.js';
import { userId } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import { applicationOperations } from './application-operations.js';
import { bypassOperations } from './bypass-operations.js';
import { certificateOperations } from './certificate-operations.js';
import { examine } from './doctor.js';
import { hardwareTokenOperations } from './hardware-token-operations.js';
import { operation } from './operation.js';
import { secretOperations } from './secret-operations.js';
import { realmOperations } from './realm-operations.js';
import { realmIdOf, realmsOf } from './realms.js';
import { signingKeyOperations } from './signing-key-operations.js';
import { tokenExportOperations } from './token-export-operations.js';
import { tokenImportOperations } from './token-import-operations.js';

const text = z.string().min(1).max(255);
const scopeList = z.array(z.enum(scopes)).min(1);
const inRealm = { realm: text.optional() };
const pauseTarget = z.strictObject({
  prefix: z
    .string()
    .regex(/^\+\d{1,11}$/, 'A prefix is a number without its last four digits, as +1415555.')
    .optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'A country is an ISO code, as US.')
    .optional(),
});

export const operations = {
  ...applicationOperations,
  'keys.create': operation(
    z.strictObject({ application: text, scopes: scopeList }),
    (context, input) => context.get(ApplicationsService).createKey(input.application, input.scopes),
  ),
  'keys.list': operation(z.strictObject({ application: text }), (context, input) =>
    context.get(ApplicationsService).listKeys(input.application),
  ),
  'keys.revoke': operation(z.strictObject({ id: text }), async (context, { id }) => {
    await context.get(ApplicationsService).revokeKey(id);
    context.get(Callers).forget();
    return { revoked: id };
  }),
  'users.list': operation(
    z.strictObject({ ...inRealm, after: text.optional() }),
    async (context, { realm, after }) =>
      context.get(UsersService).list(await realmIdOf(context, realm), after),
  ),
  'users.unlock': operation(
    z.strictObject({ ...inRealm, user: userId }),
    async (context, { realm, user }) => {
      const hadFailures = await context
        .get(UsersService)
        .unlock(await realmIdOf(context, realm), user);
      return { unlocked: user, hadFailures };
    },
  ),
  'users.erase': operation(
    z.strictObject({ ...inRealm, user: userId }),
    async (context, { realm, user }) => {
      if (await context.get(UsersService).erase(await realmIdOf(context, realm), user))
        return { erased: user };
      throw new OperatorError(`There is no user "${user}". See them with: watchword users list.`);
    },
  ),
  'factors.list': operation(
    z.strictObject({ ...inRealm, user: userId }),
    async (context, { realm, user }) => {
      const now = context.get(Clock).now();
      const realmId = await realmIdOf(context, realm);
      const factors = await context.get(FactorsService).list(realmId, user);
      return factors.map((factor) => factorView(factor, now));
    },
  ),
  'factors.revoke': operation(
    z.strictObject({ ...inRealm, id: text }),
    async (context, { realm, id }) => {
      const realmId = await realmIdOf(context, realm);
      try {
        await context.get(FactorsService).revoke(operatorOf(realmId), id);
      } catch (error) {
        if (!(error instanceof WatchwordError && error.code === 'not_found')) throw error;
        throw new OperatorError(
          `There is no live factor "${id}". See them with: watchword factors list --user USER.`,
        );
      }
      return { revoked: id };
    },
  ),
  'delivery.stats': operation(z.strictObject({}), async (context) =>
    context
      .get(DeliveryDesk)
      .stats(new Map((await realmsOf(context)).map(([name, id]) => [id, name]))),
  ),
  'delivery.pause': operation(
    pauseTarget.extend({ minutes: z.int().min(1).max(43_200) }),
    async (context, { minutes, ...target }) => {
      await context.get(DeliveryDesk).pause(target, minutes);
      const event = {
        type: 'delivery.paused',
        target: nameOf(target),
        seconds: minutes * 60,
      } as const;
      await noteEverywhere(context, event);
      return { paused: nameOf(target), minutes };
    },
  ),
  'delivery.resume': operation(pauseTarget, async (context, target) => {
    await context.get(DeliveryDesk).resume(target);
    await noteEverywhere(context, { type: 'delivery.resumed', target: nameOf(target) });
    return { resumed: nameOf(target) };
  }),
  'delivery.test': operation(
    z.strictObject({ to: text, channel: z.enum(channels) }),
    (context, { to, channel }) => context.get(DeliveryDesk).test(to, channel),
  ),
  ...bypassOperations,
  ...certificateOperations,
  ...realmOperations,
  ...signingKeyOperations,
  ...secretOperations,
  ...hardwareTokenOperations,
  ...tokenImportOperations,
  ...tokenExportOperations,
  doctor: operation(z.strictObject({}), (context) => examine(context)),
} as const;

export type OperationName = keyof typeof operations;

/** What an operator's pause is of, in words. */
function nameOf({ prefix, country }: PauseTarget): string {
  if (prefix !== undefined) return `prefix ${prefix}`;
  return country === undefined ? 'everything' : `country ${country}`;
}

/** Pauses hold for every realm, so each realm's audit has them. */
async function noteEverywhere(context: INestApplicationContext, event: AuditEvent): Promise<void> {
  await context.get(Audit).recordEverywhere(context.get(Database).kysely, 'operator', event);
}
