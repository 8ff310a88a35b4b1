import type { z } from 'zod';
import { encodeSecret } from '../otp/secret.js';
import { qrSvg } from '../otp/qr-code.js';
import { statusAt, type Factor } from './factor.js';
import type { enrolledFactor, factor as factorSchema } from './factors.schemas.js';

type FactorView = z.output<typeof factorSchema>;

/** A factor as the API shows it, at a moment. */
export function factorView(factor: Factor, now: Date): FactorView {
  const status = statusAt(factor, now);
  return {
    id: factor.id,
    type: factor.type,
    name: factor.name,
    status,
    user_id: factor.userId,
    created_at: factor.createdAt.toISOString(),
    ...(factor.expiresAt && status === 'pending' && { expires_at: factor.expiresAt.toISOString() }),
    ...(factor.activatedAt && { activated_at: factor.activatedAt.toISOString() }),
    ...(factor.lastUsedAt && { last_used_at: factor.lastUsedAt.toISOString() }),
  };
}

/** The same with what its user's app needs: shown at enrolment and never again (S14). */
export async function enrolledFactorView(
  factor: Factor,
  material: { readonly secret: Uint8Array; readonly uri: string },
  now: Date,
): Promise<z.output<typeof enrolledFactor>> {
  return {
    ...factorView(factor, now),
    totp: {
      secret: encodeSecret(material.secret),
      uri: material.uri,
      qr_svg: await qrSvg(material.uri),
    },
  };
}
