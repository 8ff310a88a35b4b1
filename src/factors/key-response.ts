/** What a browser hands over of a security key: WebAuthn's own JSON, as `toJSON()` gives it. */
import { z } from 'zod';

/** Base64url without padding, as WebAuthn's JSON has it. */
const bytes = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be base64url without padding');

/** 1023 bytes are the most that a credential's id may have. */
const credentialId = bytes(1364);
const clientDataJSON = bytes(4096);

export const authenticatorTransports = [
  'ble',
  'cable',
  'hybrid',
  'internal',
  'nfc',
  'smart-card',
  'usb',
] as const;

// Browsers add members; those that are not read here are left aside.
const common = { id: credentialId, rawId: credentialId, type: z.literal('public-key') };

export const registrationResponse = z
  .object({
    ...common,
    response: z.object({
      clientDataJSON,
      attestationObject: bytes(24_000),
      transports: z.array(z.string().max(32)).max(16).optional(),
    }),
  })
  .meta({ id: 'RegistrationResponse' });
export type RegistrationResponse = z.output<typeof registrationResponse>;

export const authenticationResponse = z
  .object({
    ...common,
    response: z.object({
      clientDataJSON,
      authenticatorData: bytes(4096),
      signature: bytes(2048),
      userHandle: bytes(88).nullish(),
    }),
  })
  .meta({ id: 'AuthenticationResponse' });
export type AuthenticationResponse = z.output<typeof authenticationResponse>;

const descriptor = z.object({
  id: z.string(),
  type: z.literal('public-key'),
  transports: z.array(z.string()).optional(),
});

const userVerification = z.enum(['required', 'preferred', 'discouraged']);

/** `PublicKeyCredentialCreationOptionsJSON` of Web Authentication level 3. */
export const creationOptions = z
  .object({
    rp: z.object({ id: z.string(), name: z.string() }),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    challenge: z.string(),
    pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.int() })),
    timeout: z.int(),
    excludeCredentials: z.array(descriptor),
    authenticatorSelection: z.object({
      residentKey: z.literal('preferred'),
      requireResidentKey: z.literal(false),
      userVerification,
    }),
    attestation: z.enum(['none', 'direct']),
    extensions: z.object({ credProps: z.literal(true) }),
  })
  .meta({ id: 'WebauthnCreationOptions' });
export type CreationOptions = z.output<typeof creationOptions>;

/** `PublicKeyCredentialRequestOptionsJSON` of Web Authentication level 3. */
export const requestOptions = z
  .object({
    challenge: z.string(),
    timeout: z.int(),
    rpId: z.string(),
    allowCredentials: z.array(descriptor),
    userVerification,
  })
  .meta({ id: 'WebauthnRequestOptions' });
export type RequestOptions = z.output<typeof requestOptions>;
