import { z } from 'zod';
import { channels } from '../delivery/channel.js';
import { messageStatuses, type MessageState } from '../delivery/message.js';
import { mask } from '../delivery/phone-number.js';
import { deviceRequest } from '../devices/devices.schemas.js';
import { clientIp, locale, oneAnswer, oneAnswerOnly, phone } from '../factors/factors.schemas.js';
import {
  authenticationResponse,
  requestOptions,
  type RequestOptions,
} from '../factors/key-response.js';
import { typedCode as code } from '../factors/typed-code.js';
import { sessionKinds } from '../sessions/session.js';
import { firstFactor, jsonValue, transaction } from '../tokens/tokens.schemas.js';
import { userId } from '../users/user.js';
import { attemptsLeftOf, challengeTypes, purposes, statusAt, type Challenge } from './challenge.js';

/** How an application asks for a session with its token. */
export const sessionRequest = {
  session: z.enum(sessionKinds).optional().meta({
    description:
      'Begin a session: `refresh_token` answers with one, `cookie` with a Set-Cookie header to be handed on to the browser.',
  }),
  replaces_session: z
    .string()
    .regex(/^ses_[0-9a-z]{26}$/, 'must be the id of a session')
    .optional()
    .meta({ description: 'A session of the same user’s that ends when the new one begins.' }),
  certificate_thumbprint: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'must be a SHA-256 thumbprint in base64url')
    .optional()
    .meta({
      description:
        'Binds the token to a client certificate (RFC 8705): the claim `cnf` holds it as `x5t#S256`.',
    }),
};

export const replacesNeedsSession = ({
  session,
  replaces_session,
}: {
  session?: unknown;
  replaces_session?: unknown;
}) => replaces_session === undefined || session !== undefined;
export const replacesAlone = {
  path: ['replaces_session'],
  message: 'is for a request that begins a session: give "session" as well',
};

const factorId = z.string().regex(/^fac_[0-9a-z]{26}$/, 'must be the id of a factor');

export const verifyBody = z
  .strictObject({
    code,
    factor_id: factorId
      .optional()
      .meta({ description: 'Left out: the code may be of any active factor.' }),
    first_factor: firstFactor.optional(),
    transaction: transaction.optional(),
    ...sessionRequest,
    ...deviceRequest,
  })
  .refine(replacesNeedsSession, replacesAlone)
  .meta({ id: 'VerifyRequest' });

export const verifyChallengeBody = z
  .strictObject({
    code: code.optional(),
    response: authenticationResponse
      .optional()
      .meta({ description: 'Of a security key, as the browser gave it.' }),
    ...sessionRequest,
    ...deviceRequest,
  })
  .refine(oneAnswer, oneAnswerOnly)
  .refine(replacesNeedsSession, replacesAlone)
  .meta({ id: 'VerifyChallengeRequest' });

const channel = z.enum(channels);

export const challengeBody = z
  .strictObject({
    user_id: userId.optional(),
    phone: phone
      .optional()
      .meta({ description: 'Instead of a user: a login by number, with `purpose: "login"`.' }),
    type: z.enum(challengeTypes),
    factor_id: factorId.optional(),
    channel: channel.optional().meta({ description: 'How a phone gets its code.' }),
    locale: locale.optional(),
    client_ip: clientIp.optional(),
    purpose: z.enum(purposes).default('login'),
    first_factor: firstFactor.optional(),
    transaction: transaction.optional(),
  })
  .refine(({ user_id, phone }) => user_id === undefined || phone === undefined, {
    path: ['user_id'],
    message: 'give either "user_id" or "phone"',
  })
  .refine(({ user_id, phone, type }) => (user_id ?? phone) !== undefined || type === 'webauthn', {
    path: ['user_id'],
    message: 'may be left out for the type "webauthn" alone',
  })
  .refine(({ phone, type }) => phone === undefined || type === 'phone', {
    path: ['phone'],
    message: 'is for the type "phone"',
  })
  .refine(({ user_id, factor_id }) => user_id !== undefined || factor_id === undefined, {
    path: ['factor_id'],
    message: 'belongs to a user: give "user_id" as well',
  })
  .refine(({ user_id, purpose }) => user_id !== undefined || purpose === 'login', {
    path: ['purpose'],
    message: 'must be "login" where no user is named',
  })
  .refine(({ type, channel, locale }) => type === 'phone' || (channel ?? locale) === undefined, {
    path: ['channel'],
    message: '"channel" and "locale" are for the type "phone"',
  })
  .meta({ id: 'ChallengeRequest' });

export const resendBody = z
  .strictObject({ channel: channel.optional(), client_ip: clientIp.optional() })
  .optional()
  .meta({ id: 'ResendRequest' });

export const challenge = z
  .object({
    id: z.string(),
    type: z.enum(challengeTypes),
    channel: channel.optional(),
    status: z.enum(['pending', 'approved', 'failed', 'expired', 'canceled']),
    purpose: z.enum([...purposes, 'enrol']),
    user_id: z.string().optional().meta({ description: 'Absent where the proof tells who it is.' }),
    factor_id: z.string().optional(),
    to: z.string().optional().meta({ description: 'The number, masked.' }),
    transaction: z.record(z.string(), jsonValue).optional(),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    attempts_left: z.int(),
    resend_at: z.iso
      .datetime()
      .optional()
      .meta({ description: 'When another code may be asked for.' }),
    delivery: z
      .object({
        status: z.enum(messageStatuses),
        provider: z.string().optional(),
        failure: z.string().optional(),
      })
      .optional()
      .meta({ description: 'What became of the latest message.' }),
    webauthn: z
      .object({ options: requestOptions })
      .optional()
      .meta({ description: 'While pending, for a security key: what the browser is asked.' }),
  })
  .meta({ id: 'Challenge' });

/** A challenge as the API shows it, at a moment. */
export function challengeView(
  shown: Challenge,
  now: Date,
  delivery?: MessageState,
  options?: RequestOptions,
): z.output<typeof challenge> {
  const status = statusAt(shown, now);
  return {
    id: shown.id,
    type: shown.type,
    status,
    purpose: shown.purpose,
    ...(shown.userId !== null && { user_id: shown.userId }),
    ...(shown.factorId !== null && { factor_id: shown.factorId }),
    ...(shown.transaction !== null && {
      transaction: shown.transaction as z.output<typeof transaction>,
    }),
    created_at: shown.createdAt.toISOString(),
    expires_at: shown.expiresAt.toISOString(),
    attempts_left: status === 'pending' ? attemptsLeftOf(shown) : 0,
    ...(shown.phone !== null && {
      channel: shown.phone.channel,
      to: mask(shown.phone.number.e164),
      ...(status === 'pending' && { resend_at: shown.phone.resendAt.toISOString() }),
    }),
    ...(options !== undefined && { webauthn: { options } }),
    ...(delivery !== undefined && {
      delivery: {
        status: delivery.status,
        ...(delivery.provider !== null && { provider: delivery.provider }),
        ...(delivery.failure !== null && { failure: delivery.failure }),
      },
    }),
  };
}
