import { z } from 'zod';
import { channels } from '../delivery/channel.js';
import { serial } from '../hardware-tokens/hardware-token.js';
import { algorithms, defaultTotpParameters } from '../otp/algorithm.js';
import { normaliseCode } from '../otp/code.js';
import { MOST_LOOK_AHEAD } from '../otp/hotp-window.js';
import { decodeSecret, SecretError } from '../otp/secret.js';
import { factorTypes } from './factor.js';
import { authenticatorTransports, registrationResponse } from './key-response.js';

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

/** A telephone number as it came; what it is, delivery/phone-number.ts reads. */
export const phone = z.string().min(1).max(40);
export const locale = z
  .string()
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'must be a language tag, as de or pt-BR')
  .meta({ description: 'Language of the message; the nearest one there is.' });
export const clientIp = z
  .union([z.ipv4(), z.ipv6()], 'must be an IP address')
  .meta({ description: 'Whoever asks for the code, as you see them: limits hold for them too.' });

const name = label(64).optional().meta({ description: 'What the user calls it.' });
const proof = z
  .string()
  .max(8192)
  .optional()
  .meta({ description: 'A fresh access token, where the application asks for one.' });

const algorithm = z.enum(algorithms).default(defaultTotpParameters.algorithm);
const digits = z
  .union([z.literal(6), z.literal(7), z.literal(8)])
  .default(defaultTotpParameters.digits);

export const lookAhead = z
  .int()
  .min(1)
  .max(MOST_LOOK_AHEAD)
  .meta({ description: 'How many codes may have been made and not used. Default: 10.' });

const enrolApp = z
  .strictObject({
    type: z.literal('totp'),
    name,
    issuer: label(ISSUER_CHARACTERS)
      .regex(/^[^:]*$/, 'must not contain a colon, which ends the issuer in a key URI')
      .optional()
      .meta({ description: 'Default: the name of the realm.' }),
    account_name: label(ACCOUNT_NAME_CHARACTERS)
      .optional()
      .meta({ description: 'Default: the user id.' }),
    algorithm,
    digits,
    period: z
      .int()
      .min(15)
      .max(120)
      .default(defaultTotpParameters.periodSeconds)
      .meta({ description: 'Seconds.' }),
    hardware: z
      .boolean()
      .default(false)
      .meta({ description: 'A token whose own clock drifts: the drift is followed further.' }),
    secret: secret.optional(),
    proof,
  })
  .meta({ id: 'EnrolAppRequest' });

const enrolToken = z
  .strictObject({
    type: z.literal('hotp'),
    name,
    serial: serial.optional().meta({
      description:
        'Of a token in stock, whatever it does: one with a clock becomes a `totp` factor. Alone, without the members that follow.',
    }),
    secret: secret.optional(),
    algorithm: algorithm.unwrap().optional(),
    digits: digits.unwrap().optional(),
    counter: z
      .int()
      .min(0)
      .max(2 ** 48)
      .optional()
      .meta({ description: 'Of its next code. Default: 0.' }),
    look_ahead: lookAhead.optional(),
    proof,
  })
  .refine(({ serial, secret }) => (serial === undefined) !== (secret === undefined), {
    path: ['serial'],
    message: 'give either "serial" or "secret"',
  })
  .refine(
    ({ serial, algorithm, digits, counter, look_ahead }) =>
      serial === undefined || (algorithm ?? digits ?? counter ?? look_ahead) === undefined,
    { path: ['serial'], message: 'the token of a serial is known: give nothing else of it' },
  )
  .meta({ id: 'EnrolTokenRequest' });

const enrolPhone = z
  .strictObject({
    type: z.literal('phone'),
    name,
    phone: phone.meta({ description: 'With its country: `+14155550123`.' }),
    channel: z.enum(channels).default('sms'),
    locale: locale.optional(),
    client_ip: clientIp.optional(),
    replaces: z
      .string()
      .regex(/^fac_[0-9a-z]{26}$/, 'must be the id of a factor')
      .optional()
      .meta({
        description: 'The phone that this one takes the place of; its number is told.',
      }),
    proof,
  })
  .meta({ id: 'EnrolPhoneRequest' });

const enrolKey = z
  .strictObject({
    type: z.literal('webauthn'),
    name,
    account_name: label(ACCOUNT_NAME_CHARACTERS)
      .optional()
      .meta({ description: 'As the browser lists it. Default: the user id.' }),
    proof,
  })
  .meta({ id: 'EnrolKeyRequest' });

const enrolRecoveryCodes = z
  .strictObject({ type: z.literal('recovery_code'), name, proof })
  .meta({ id: 'EnrolRecoveryCodesRequest' });

export const enrolBody = z
  .discriminatedUnion('type', [enrolApp, enrolPhone, enrolToken, enrolKey, enrolRecoveryCodes])
  .meta({ id: 'EnrolRequest' });
export type EnrolBody = z.output<typeof enrolBody>;

/** Whether there is a code or a security key's response, and not both. */
export const oneAnswer = ({ code, response }: { code?: unknown; response?: unknown }) =>
  (code === undefined) !== (response === undefined);
export const oneAnswerOnly = { path: ['code'], message: 'give either "code" or "response"' };

export const activateBody = z
  .strictObject({ code: code.optional(), response: registrationResponse.optional() })
  .refine(oneAnswer, oneAnswerOnly)
  .meta({ id: 'ActivateRequest' });
export type ActivateBody = z.output<typeof activateBody>;
export const resyncBody = z
  .strictObject({
    codes: z
      .tuple([code, code])
      .meta({ description: 'Two codes in a row, as the token showed them.' }),
  })
  .meta({ id: 'ResyncRequest' });
export const renameBody = z.strictObject({ name: label(64) }).meta({ id: 'RenameRequest' });

const time = z.iso.datetime();

export const factor = z
  .object({
    id: z.string().meta({ examples: ['fac_01h455vb4pex5vsknk084sn02q'] }),
    type: z.enum(factorTypes),
    name: z.string(),
    status: z.enum(['pending', 'active', 'revoked']),
    user_id: z.string(),
    phone: z.string().optional().meta({ description: 'A phone’s number, masked.' }),
    channel: z.enum(channels).optional().meta({ description: 'How a phone gets its codes.' }),
    hardware: z.boolean().optional().meta({ description: 'Whether it is a hardware token.' }),
    serial: z.string().optional().meta({ description: 'Of a token of the inventory.' }),
    security_key: z
      .object({
        aaguid: z.string().meta({ description: 'Its model; all noughts where it does not say.' }),
        algorithm: z.int().meta({ description: 'By its number in COSE.' }),
        transports: z.array(z.enum(authenticatorTransports)),
        synced: z
          .boolean()
          .meta({ description: 'A passkey that may be copied to other devices of its user.' }),
        backed_up: z.boolean().meta({ description: 'Whether it has been, at its last use.' }),
      })
      .optional()
      .meta({ description: 'What is known of an active security key or passkey.' }),
    recovery_code: z
      .object({ remaining: z.int() })
      .optional()
      .meta({ description: 'Of a set of recovery codes: how many are left.' }),
    created_at: time,
    expires_at: time.optional().meta({ description: 'While pending: when the enrolment ends.' }),
    activated_at: time.optional(),
    last_used_at: time.optional(),
  })
  .meta({ id: 'Factor' });

export const factorList = z.object({ data: z.array(factor) }).meta({ id: 'FactorList' });
