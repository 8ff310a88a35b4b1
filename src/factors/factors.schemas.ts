import { z } from 'zod';
import { algorithms, defaultTotpParameters } from '../otp/algorithm.js';
import { normaliseCode } from '../otp/code.js';
import { decodeSecret, SecretError } from '../otp/secret.js';

/** More would not fit into a QR code once each character is percent-encoded. */
export const ISSUER_CHARACTERS = 64;
export const ACCOUNT_NAME_CHARACTERS = 100;

/** Text that a person gave and a person will read: shown, never run (S104). */
const label = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, 'must not contain control characters');

/** A code as it was typed: spaces, dashes and full-width digits are put right first (S26). */
export const code = z
  .string()
  .max(64)
  .transform((value, context) => {
    const digits = normaliseCode(value);
    if (digits !== null) return digits;
    context.addIssue({ code: 'custom', message: 'must be 6 to 10 digits' });
    return z.NEVER;
  })
  .meta({ description: 'What the user typed; spaces and dashes do not matter.' });

const secret = z
  .string()
  .max(256)
  .transform((value, context) => {
    try {
      return decodeSecret(value);
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  })
  .meta({ description: 'Base32, 16 to 64 bytes: one that exists already. Left out: made here.' });

export const enrolBody = z
  .strictObject({
    type: z.literal('totp'),
    name: label(64).optional().meta({ description: 'What the user calls it.' }),
    issuer: label(ISSUER_CHARACTERS)
      .regex(/^[^:]*$/, 'must not contain a colon, which ends the issuer in a key URI')
      .optional()
      .meta({ description: 'Default: the name of the realm.' }),
    account_name: label(ACCOUNT_NAME_CHARACTERS)
      .optional()
      .meta({ description: 'Default: the user id.' }),
    algorithm: z.enum(algorithms).default(defaultTotpParameters.algorithm),
    digits: z
      .union([z.literal(6), z.literal(7), z.literal(8)])
      .default(defaultTotpParameters.digits),
    period: z
      .int()
      .min(15)
      .max(120)
      .default(defaultTotpParameters.periodSeconds)
      .meta({ description: 'Seconds.' }),
    secret: secret.optional(),
    proof: z
      .string()
      .max(8192)
      .optional()
      .meta({ description: 'A fresh access token, where the application asks for one.' }),
  })
  .meta({ id: 'EnrolRequest' });
export type EnrolBody = z.output<typeof enrolBody>;

export const activateBody = z.strictObject({ code }).meta({ id: 'ActivateRequest' });
export const renameBody = z.strictObject({ name: label(64) }).meta({ id: 'RenameRequest' });

const time = z.iso.datetime();

export const factor = z
  .object({
    id: z.string().meta({ examples: ['fac_01h455vb4pex5vsknk084sn02q'] }),
    type: z.literal('totp'),
    name: z.string(),
    status: z.enum(['pending', 'active', 'revoked']),
    user_id: z.string(),
    created_at: time,
    expires_at: time.optional().meta({ description: 'While pending: when the enrolment ends.' }),
    activated_at: time.optional(),
    last_used_at: time.optional(),
  })
  .meta({ id: 'Factor' });

export const enrolledFactor = factor
  .extend({
    totp: z
      .object({
        secret: z.string().meta({ description: 'Base32, to type in where nothing can scan.' }),
        uri: z.string().meta({ description: 'otpauth:// key URI; also a deep link on a phone.' }),
        qr_svg: z.string(),
      })
      .meta({ description: 'Shown this once.' }),
  })
  .meta({ id: 'EnrolledFactor' });

export const factorList = z.object({ data: z.array(factor) }).meta({ id: 'FactorList' });
