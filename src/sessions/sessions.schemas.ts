import { z } from 'zod';
import { isLive, sessionKinds, type Session } from './session.js';

export const refreshBody = z
  .strictObject({ refresh_token: z.string().min(1).max(512) })
  .meta({ id: 'RefreshRequest' });

export const session = z
  .object({
    id: z.string(),
    kind: z.enum(sessionKinds),
    user_id: z.string(),
    application_id: z.string(),
    factor: z.object({ id: z.string(), type: z.string() }),
    amr: z.array(z.string()),
    acr: z.enum(['aal1', 'aal2']),
    auth_time: z.iso.datetime().meta({ description: 'When the factor was proved.' }),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime(),
    idle_expires_at: z.iso.datetime().meta({ description: 'Its end if it is not used.' }),
    expires_at: z.iso.datetime().meta({ description: 'Its end, whatever happens.' }),
  })
  .meta({ id: 'Session' });

export const sessionList = z.object({ data: z.array(session) }).meta({ id: 'SessionList' });

/** A session as the API shows it. */
export function sessionView(shown: Session): z.output<typeof session> {
  return {
    id: shown.id,
    kind: shown.kind,
    user_id: shown.userId,
    application_id: shown.applicationId,
    factor: { ...shown.factor },
    amr: [...shown.amr],
    acr: shown.acr,
    auth_time: shown.authTime.toISOString(),
    created_at: shown.createdAt.toISOString(),
    last_used_at: shown.lastUsedAt.toISOString(),
    idle_expires_at: shown.idleEndsAt.toISOString(),
    expires_at: shown.endsAt.toISOString(),
  };
}

/** A token as it comes for introspection and revocation: any of ours, and anything else. */
export const tokenBody = z
  .strictObject({
    token: z.string().min(1).max(16_384),
    token_type_hint: z
      .string()
      .max(64)
      .optional()
      .meta({ description: 'Taken as RFC 7009 has it, and not needed.' }),
  })
  .meta({ id: 'TokenRequest' });

export const introspection = z
  .object({
    active: z.boolean(),
    iss: z.string().optional(),
    aud: z.string().optional(),
    sub: z.string().optional(),
    client_id: z.string().optional(),
    token_type: z.string().optional(),
    iat: z.int().optional(),
    nbf: z.int().optional(),
    exp: z.int().optional(),
    jti: z.string().optional(),
    sid: z.string().optional(),
    amr: z.array(z.string()).optional(),
    acr: z.string().optional(),
    auth_time: z.int().optional(),
    factor_type: z.string().optional(),
    txn_hash: z.string().optional(),
    scope: z.string().optional(),
    credential_id: z.string().optional(),
    cnf: z.object({ 'x5t#S256': z.string() }).optional(),
  })
  .meta({ id: 'Introspection' });

export type IntrospectionAnswer = z.output<typeof introspection>;

/** How good a proof a proxy asks for. */
export const requirement = z.strictObject({
  acr: z.enum(['aal1', 'aal2']).optional(),
  amr: z
    .string()
    .regex(/^[a-z]+(?:[ ,][a-z]+)*$/, 'must be methods with a comma between them, as otp,pwd')
    .transform((text) => text.split(/[ ,]/))
    .optional()
    .meta({ description: 'RFC 8176 values, all of which are needed.' }),
  max_age: z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number of seconds')
    .transform(Number)
    .optional()
    .meta({ description: 'Seconds since the proof.' }),
  audience: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: 'Of the application whose sessions count; needed with several realms.' }),
});

/** What introspection says of a session's refresh token or cookie (RFC 7662 section 2.2). */
export function introspectionOf(shown: Session, now: Date): IntrospectionAnswer {
  if (!isLive(shown, now)) return { active: false };
  const seconds = (time: Date) => Math.floor(time.getTime() / 1000);
  return {
    active: true,
    sub: shown.userId,
    client_id: shown.applicationId,
    token_type: shown.kind,
    iat: seconds(shown.createdAt),
    exp: seconds(shown.idleEndsAt),
    sid: shown.id,
    amr: [...shown.amr],
    acr: shown.acr,
    auth_time: seconds(shown.authTime),
    factor_type: shown.factor.type,
    ...(shown.certificate !== null && { cnf: { 'x5t#S256': shown.certificate } }),
  };
}
