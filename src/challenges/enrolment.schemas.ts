import { z } from 'zod';
import { addressBucket } from '../applications/client-address.js';
import { factor, type EnrolBody } from '../factors/factors.schemas.js';
import { creationOptions } from '../factors/key-response.js';
import { factorView } from '../factors/factors.views.js';
import { encodeSecret } from '../otp/secret.js';
import { qrSvg } from '../otp/qr-code.js';
import { challenge, challengeView } from './challenges.schemas.js';
import type { Enrolled, FirstCode } from './enrolment.js';

export const enrolledFactor = factor
  .extend({
    recovery_code: z
      .object({ remaining: z.int(), codes: z.array(z.string()) })
      .optional()
      .meta({ description: 'The codes of a new set; shown this once.' }),
    totp: z
      .object({
        secret: z.string().meta({ description: 'Base32, to type in where nothing can scan.' }),
        uri: z.string().meta({ description: 'otpauth:// key URI; also a deep link on a phone.' }),
        qr_svg: z.string(),
      })
      .optional()
      .meta({ description: 'For an authenticator app; shown this once.' }),
    challenge: challenge
      .optional()
      .meta({ description: 'For a phone: the code that is on its way; it can be resent.' }),
    webauthn: z
      .object({ options: creationOptions })
      .optional()
      .meta({ description: 'For a security key: what the browser is asked to make.' }),
  })
  .meta({ id: 'EnrolledFactor' });

/** A new factor with what its user needs now: shown at enrolment and never again (S14). */
export async function enrolledFactorView(
  { factor: enrolled, challenge: opened, delivery, material, options, codes }: Enrolled,
  now: Date,
): Promise<z.output<typeof enrolledFactor>> {
  const { recovery_code: set, ...shown } = factorView(enrolled, now);
  return {
    ...shown,
    ...(set !== undefined && { recovery_code: { ...set, codes: [...(codes ?? [])] } }),
    ...(opened !== undefined && { challenge: challengeView(opened, now, delivery) }),
    ...(options !== undefined && { webauthn: { options } }),
    ...(material !== undefined && {
      totp: {
        secret: encodeSecret(material.secret),
        uri: material.uri,
        qr_svg: await qrSvg(material.uri),
      },
    }),
  };
}

export function firstCodeOf(body: EnrolBody): FirstCode {
  if (body.type !== 'phone') return { locale: undefined, address: null };
  const { locale, client_ip: address } = body;
  return { locale, address: address === undefined ? null : addressBucket(address) };
}
