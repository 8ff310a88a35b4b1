import type { z } from 'zod';
import { isHardware, serialOf, statusAt, type Factor } from './factor.js';
import type { factor as factorSchema } from './factors.schemas.js';
import { phoneOf } from './phone.method.js';
import { remainingOf } from './recovery-code.method.js';
import { keyOf } from './webauthn.method.js';

type FactorView = z.output<typeof factorSchema>;

/** A factor as the API shows it, at a moment. */
export function factorView(factor: Factor, now: Date): FactorView {
  const status = statusAt(factor, now);
  const phone = phoneOf(factor);
  const serial = serialOf(factor);
  const remaining = remainingOf(factor);
  return {
    id: factor.id,
    type: factor.type,
    name: factor.name,
    status,
    user_id: factor.userId,
    ...(isHardware(factor) && { hardware: true }),
    ...(serial !== undefined && { serial }),
    ...(phone && { channel: phone.channel }),
    ...(factor.masked !== null && { phone: factor.masked }),
    ...(factor.type === 'webauthn' && keyView(factor)),
    ...(remaining !== undefined && { recovery_code: { remaining } }),
    created_at: factor.createdAt.toISOString(),
    ...(factor.expiresAt && status === 'pending' && { expires_at: factor.expiresAt.toISOString() }),
    ...(factor.activatedAt && { activated_at: factor.activatedAt.toISOString() }),
    ...(factor.lastUsedAt && { last_used_at: factor.lastUsedAt.toISOString() }),
  };
}

/** Nothing of a key that is not made yet. */
function keyView(factor: Factor): Pick<FactorView, 'security_key'> {
  const { aaguid, algorithm, transports = [], backup_eligible, backed_up } = keyOf(factor);
  if (aaguid === undefined || algorithm === undefined) return {};
  const [synced, backedUp] = [backup_eligible === true, backed_up === true];
  return { security_key: { aaguid, algorithm, transports, synced, backed_up: backedUp } };
}
