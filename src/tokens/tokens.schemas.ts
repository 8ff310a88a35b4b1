import { z } from 'zod';
import { firstFactors } from './claims.js';

export const jwks = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal('EC'),
        crv: z.literal('P-256'),
        x: z.string(),
        y: z.string(),
        kid: z.string(),
        use: z.literal('sig'),
        alg: z.literal('ES256'),
      }),
    ),
  })
  .meta({ id: 'Jwks' });

export const token = z
  .object({
    access_token: z.string().meta({ description: 'A JWT in the RFC 9068 profile, ES256.' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds.' }),
    factor: z.object({ id: z.string(), type: z.string() }),
    user_id: z.string(),
    refresh_token: z
      .string()
      .optional()
      .meta({ description: 'Good once: each refresh answers with the next.' }),
    session_id: z.string().optional(),
    session_expires_at: z.iso.datetime().optional(),
    device: z
      .object({ id: z.string(), token: z.string(), expires_at: z.iso.datetime() })
      .optional()
      .meta({ description: 'The device that is remembered, with its next token.' }),
  })
  .meta({ id: 'Token' });

const TRANSACTION_BYTES = 4096;

export const firstFactor = z
  .array(z.enum(firstFactors))
  .min(1)
  .max(firstFactors.length)
  .transform((methods) => [...new Set(methods)])
  .meta({
    description:
      'What the application has checked itself (RFC 8176 values). The token then carries these, the proven method and `mfa`, with `acr: "aal2"` where the application lets that type earn it.',
  });

/** Any JSON. It is registered in place: a copy would leave its own inner references without the name. */
export const jsonValue = z.json().register(z.globalRegistry, { id: 'JsonValue' });

export const transaction = z
  .record(z.string(), jsonValue)
  .refine(
    (value) => Buffer.byteLength(JSON.stringify(value)) <= TRANSACTION_BYTES,
    `must be at most ${TRANSACTION_BYTES} bytes of JSON`,
  )
  .refine(
    // PostgreSQL and RFC 8785 both refuse what is no Unicode text. Only an odd backslash begins an escape.
    (value) => !/(?<!\\)(?:\\\\)*\\u(0000|d[89a-f])/i.test(JSON.stringify(value)),
    'must not contain NUL or unpaired surrogates',
  )
  .meta({
    description:
      'What is being confirmed. Its SHA-256 over canonical JSON (RFC 8785), base64url, is the claim `txn_hash`.',
  });

export const clientTokenBody = z
  .strictObject({
    scope: z
      .string()
      .max(255)
      .regex(/^[a-z_]+(?: [a-z_]+)*$/, 'must be scopes with a space between them')
      .optional()
      .meta({
        description:
          'Space separated. Left out: all that the credential may do, in a token for this service; none in one for another.',
      }),
    audience: z.string().min(1).max(255).optional().meta({
      description:
        'Who is to take the token: this service, or one that the application is allowed.',
    }),
  })
  .optional()
  .meta({ id: 'ClientTokenRequest' });

export const clientToken = z
  .object({
    access_token: z.string().meta({ description: 'A JWT of the type `client+jwt`, ES256.' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds.' }),
    scope: z.string().optional(),
  })
  .meta({ id: 'ClientToken' });
