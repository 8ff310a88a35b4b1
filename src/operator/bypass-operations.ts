/** One-time codes for people who have lost every factor, as operators make them. */
import { z } from 'zod';
import { LONGEST_MINUTES } from '../bypass-codes/bypass-code.js';
import { BypassCodes, type ShownBypassCode } from '../bypass-codes/bypass-codes.service.js';
import { userId } from '../users/user.js';
import { operation } from './operation.js';
import { realmIdOf } from './realms.js';

const inRealm = { realm: z.string().min(1).max(255).optional() };
const by = z.string().trim().min(1).max(100);
const ofId = z.strictObject({ ...inRealm, id: z.string().min(1).max(64), by });

export const bypassOperations = {
  'bypass.create': operation(
    z.strictObject({
      ...inRealm,
      user: userId,
      minutes: z.int().min(1).max(LONGEST_MINUTES),
      reason: z.string().trim().min(1).max(200),
      by,
    }),
    async (context, { realm, user, ...request }) => {
      const realmId = await realmIdOf(context, realm);
      const codes = context.get(BypassCodes);
      const { bypass, code } = await codes.create({ realmId, userId: user, ...request });
      const { id, approvedBy, expiresAt } = bypass;
      const next =
        approvedBy === null
          ? `It is good once a second operator has let it through: watchword bypass approve ${id}`
          : 'Read it out to the user, once you know who that is. It works once, where a code is asked for.';
      return { id, code, expiresAt, next };
    },
  ),
  'bypass.approve': operation(ofId, async (context, { realm, id, by: second }) => {
    const realmId = await realmIdOf(context, realm);
    return view(await context.get(BypassCodes).approve(realmId, id, second));
  }),
  'bypass.revoke': operation(ofId, async (context, { realm, id, by: operator }) => {
    await context.get(BypassCodes).revoke(await realmIdOf(context, realm), id, operator);
    return { revoked: id };
  }),
  'bypass.list': operation(
    z.strictObject({ ...inRealm, user: userId.optional() }),
    async (context, { realm, user }) => {
      const codes = await context.get(BypassCodes).list(await realmIdOf(context, realm), user);
      return codes.map(view);
    },
  ),
} as const;

function view(code: ShownBypassCode) {
  const { id, userId: user, status, reason, createdBy, approvedBy, createdAt, expiresAt } = code;
  return { id, user, status, reason, createdBy, approvedBy, createdAt, expiresAt };
}
