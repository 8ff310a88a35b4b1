/** Tokens that the command line has read from a file, by the batch. */
import { z } from 'zod';
import { BATCH, Imports } from '../inventory/imports.js';
import { algorithms } from '../otp/algorithm.js';
import { MOST_LOOK_AHEAD } from '../otp/hotp-window.js';
import type { Entry } from '../token-files/token-file.js';
import { operatorOf } from '../audit/audit.js';
import { operation } from './operation.js';
import { realmIdOf } from './realms.js';

const text = z.string().nullable();
const entry = z.strictObject({
  line: z.int(),
  serial: text,
  user: text,
  manufacturer: text,
  model: text,
  label: text,
  fault: z.string().optional(),
  token: z
    .strictObject({
      type: z.enum(['hotp', 'totp']),
      /** Base64. */
      secret: z.string().transform((value) => Buffer.from(value, 'base64')),
      algorithm: z.enum(algorithms),
      digits: z.union([z.literal(6), z.literal(7), z.literal(8)]),
      period: z.int(),
      counter: z.int(),
      driftSteps: z.int(),
    })
    .optional(),
});

export const tokenImportOperations = {
  'tokens.import': operation(
    z.strictObject({
      realm: z.string().min(1).max(255).optional(),
      format: z.string(),
      lookAhead: z.int().min(1).max(MOST_LOOK_AHEAD),
      assignUsers: z.boolean(),
      dryRun: z.boolean(),
      entries: z.array(entry).max(BATCH),
    }),
    async (context, { realm, entries, ...options }) => {
      const by = operatorOf(await realmIdOf(context, realm));
      return context.get(Imports).importAll(by, entries as Entry[], options);
    },
  ),
} as const;

/** More than any name may have: what is longer is refused, or cut to a name. */
const SENT_CHARACTERS = 300;
const cut = (name: string | null) => name?.slice(0, SENT_CHARACTERS) ?? null;

/** The entries as they travel to the service: a batch stays within what one message may hold. */
export function sentEntries(entries: readonly Entry[]): object[] {
  return entries.map(({ token, serial, user, manufacturer, model, label, ...rest }) => ({
    ...rest,
    ...{ serial: cut(serial), user: cut(user), manufacturer: cut(manufacturer) },
    ...{ model: cut(model), label: cut(label) },
    ...(token !== undefined && {
      token: { ...token, secret: Buffer.from(token.secret).toString('base64') },
    }),
  }));
}
