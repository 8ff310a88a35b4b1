/** What may be wrong with a security key's answer; each is named to whoever runs the page, for none is a secret. */
import { sha256 } from '../crypto/digest.js';

export const keyFaults = [
  'malformed',
  'type',
  'challenge',
  'origin',
  'cross_origin',
  'rp_id',
  'user_presence',
  'user_verification',
  'credential',
  'user_handle',
  'backup_eligibility',
  'signature',
  'counter',
  'algorithm',
  'attestation',
  'authenticator',
] as const;
export type KeyFault = (typeof keyFaults)[number];

/** What an answer has to fit. */
export interface Expected {
  readonly type: 'webauthn.create' | 'webauthn.get';
  /** As it was handed out, base64url. */
  readonly challenge: string;
  readonly origins: readonly string[];
  readonly rpId: string;
  readonly userVerification: boolean;
}

const PRESENT = 0x01;
const VERIFIED = 0x04;

/**
 * The first thing that is wrong with what the browser and the authenticator say of a ceremony (Web
 * Authentication level 3, sections 7.1 and 7.2, before the signature). The library looks at the same once more,
 * but says what is wrong in sentences alone, and lets a page inside another site's frame pass.
 *
 * @param clientDataJSON base64url
 * @param authenticatorData the bytes that are signed
 */
export function faultOfCeremony(
  clientDataJSON: string,
  authenticatorData: Uint8Array,
  expected: Expected,
): KeyFault | undefined {
  const client = clientData(clientDataJSON);
  if (client === undefined || authenticatorData.length < 37) return 'malformed';
  if (client['type'] !== expected.type) return 'type';
  if (client['challenge'] !== expected.challenge) return 'challenge';
  if (!expected.origins.some((origin) => origin === client['origin'])) return 'origin';
  if (client['crossOrigin'] === true || client['topOrigin'] !== undefined) return 'cross_origin';
  if (!sha256(expected.rpId).equals(authenticatorData.subarray(0, 32))) return 'rp_id';
  const flags = authenticatorData[32] ?? 0;
  if ((flags & PRESENT) === 0) return 'user_presence';
  if (expected.userVerification && (flags & VERIFIED) === 0) return 'user_verification';
  return undefined;
}

function clientData(base64url: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(base64url, 'base64url').toString());
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
