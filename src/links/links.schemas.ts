import { z } from 'zod';
import {
  sessionRequest,
  replacesAlone,
  replacesNeedsSession,
} from '../challenges/challenges.schemas.js';
import { deviceRequest } from '../devices/devices.schemas.js';
import { factorTypes } from '../factors/factor.js';
import { locale } from '../factors/factors.schemas.js';
import { firstFactor, token, transaction } from '../tokens/tokens.schemas.js';
import { userId } from '../users/user.js';
import { linkPurposes, type Link } from './link.js';

const forVerify = ({
  purpose,
  first_factor,
  transaction,
}: {
  purpose: string;
  first_factor?: unknown;
  transaction?: unknown;
}) => purpose === 'verify' || (first_factor ?? transaction) === undefined;

export const linkBody = z
  .strictObject({
    user_id: userId.optional().meta({
      description:
        'Left out for a login without a name: the passkey that is shown says whose it is.',
    }),
    purpose: z.enum(linkPurposes).meta({
      description:
        '`verify` a factor and earn a token, `enrol` a factor, or `manage` what there is.',
    }),
    redirect_uri: z.string().max(2000).meta({
      description:
        'Where the browser goes afterwards: one of the application’s registered addresses, letter by letter.',
    }),
    state: z
      .string()
      .max(512)
      .regex(/^[\x20-\x7e]*$/, 'must be visible ASCII characters')
      .optional()
      .meta({ description: 'Comes back with the browser; bind it to the browser’s own session.' }),
    types: z
      .array(z.enum(factorTypes))
      .min(1)
      .transform((types) => [...new Set(types)])
      .optional()
      .meta({ description: 'Factor types to offer. Left out: what the application accepts.' }),
    locale: locale.optional(),
    first_factor: firstFactor.optional(),
    transaction: transaction.optional(),
  })
  .refine(
    ({ user_id, purpose, transaction }) =>
      user_id !== undefined || (purpose === 'verify' && transaction === undefined),
    { path: ['user_id'], message: 'may be left out for a login alone: purpose "verify"' },
  )
  .refine(forVerify, {
    path: ['first_factor'],
    message: '"first_factor" and "transaction" are for the purpose "verify"',
  })
  .meta({ id: 'LinkRequest' });

export const link = z
  .object({
    id: z.string(),
    url: z.string().meta({
      description:
        'For one browser. The token stands behind the `#`, which no log and no other site sees.',
    }),
    expires_at: z.iso.datetime(),
    form: z
      .object({ action: z.string(), token: z.string() })
      .meta({ description: 'Instead of `url`, without JavaScript: a form that posts the token.' }),
  })
  .meta({ id: 'Link' });

/** A link as its application gets it, this once. */
export function linkView(made: Link, token: string, openAddress: string): z.output<typeof link> {
  return {
    id: made.id,
    url: `${openAddress}#${token}`,
    expires_at: made.expiresAt.toISOString(),
    form: { action: openAddress, token },
  };
}

export const exchangeBody = z
  .strictObject({
    code: z.string().min(1).max(128).meta({ description: 'What the browser has brought back.' }),
    ...sessionRequest,
    ...deviceRequest,
  })
  .refine(replacesNeedsSession, replacesAlone)
  .meta({ id: 'LinkExchangeRequest' });

const outcome = z
  .object({
    purpose: z.enum(linkPurposes),
    user_id: z.string(),
    done: z.array(
      z.object({
        action: z.enum([
          'factor_enrolled',
          'factor_renamed',
          'factor_removed',
          'session_ended',
          'device_forgotten',
        ]),
        factor: z.object({ id: z.string(), type: z.string() }).optional(),
        session_id: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'LinkOutcome' });

export const exchanged = z.union([token, outcome]).meta({ id: 'LinkExchanged' });
