/** The keys that sign tokens, as an operator sees them and changes them. */
import type { INestApplicationContext } from '@nestjs/common';
import { z } from 'zod';
import { CALLER_KEPT_MS, Callers } from '../applications/callers.js';
import { Clock } from '../clock.js';
import { JWKS_KEPT_SECONDS, RELOAD_SECONDS, stateOf } from '../tokens/key-life.js';
import { KeyRotation } from '../tokens/key-rotation.js';
import { SigningKeys } from '../tokens/signing-keys.js';
import { operation } from './operation.js';

/** The keys are read again, and what is remembered of an application with a token of its own is forgotten. */
const REFUSED_AFTER_SECONDS = RELOAD_SECONDS + CALLER_KEPT_MS / 1000;
const AFTER_REVOCATION =
  `Every replica refuses its tokens within ${REFUSED_AFTER_SECONDS} s; who tries one has to log in again, ` +
  'refresh tokens and cookies are not touched. Services that check tokens themselves believe it until their ' +
  `copy of the key set is over, ${JWKS_KEPT_SECONDS} s: restart those that must not wait.`;

export const signingKeyOperations = {
  'signing-keys.list': operation(z.strictObject({}), (context) => list(context)),
  'signing-keys.rotate': operation(z.strictObject({}), (context) =>
    context.get(KeyRotation).rotate(),
  ),
  'signing-keys.revoke': operation(
    z.strictObject({ kid: z.string().min(1).max(255) }),
    async (context, { kid }) => {
      const successor = await context.get(KeyRotation).revoke(kid);
      context.get(Callers).forget();
      return {
        revoked: kid,
        ...(successor !== undefined && { signsNow: successor.kid }),
        next: AFTER_REVOCATION,
      };
    },
  ),
} as const;

async function list(context: INestApplicationContext) {
  const keys = await context.get(SigningKeys).reload();
  const now = context.get(Clock).now();
  return keys.map((key) => ({
    kid: key.kid,
    state: stateOf(key, keys, now),
    publishedAt: key.publishedAt,
    signsAt: key.signsAt,
    retiresAt: key.retiresAt,
    revokedAt: key.revokedAt,
  }));
}
