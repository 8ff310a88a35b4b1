import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { sha256 } from '../crypto/digest.js';
import type { KeyTimes } from './key-life.js';
import { encodeHeader } from './sign-jwt.js';

/** The one algorithm; a key is good for nothing else (S81). */
export const ALGORITHM = 'ES256';

/**
 * The `typ` of each kind of token, by which none is taken for another (S83): a user's access token
 * (RFC 9068), and an application's own.
 */
export const tokenTypes = ['at+jwt', 'client+jwt'] as const;
export type TokenType = (typeof tokenTypes)[number];

/** What signing and checking need of a key. */
export interface KeyMaterial {
  readonly kid: string;
  /** The headers of the tokens it signs, encoded. */
  readonly headers: Readonly<Record<TokenType, string>>;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: Readonly<Record<string, string>>;
}

export interface SigningKey extends KeyMaterial, KeyTimes {}

/** A new key of the curve P-256. */
export function makeKey(): KeyMaterial {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = materialOf(privateKey);
  // It is typed after `keys revoke`, where it would be taken for an option.
  return key.kid.startsWith('-') ? makeKey() : key;
}

/** What is sealed of a key: PKCS #8, DER. */
export function encodeKey({ privateKey }: Pick<KeyMaterial, 'privateKey'>): Buffer {
  return privateKey.export({ format: 'der', type: 'pkcs8' });
}

/**
 * The key that was encoded. All that is published of it comes from what was sealed: whoever can write to the
 * database, and has no master key, cannot have a key of his own believed.
 */
export function decodeKey(der: Buffer): KeyMaterial {
  return materialOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

function materialOf(privateKey: KeyObject): KeyMaterial {
  const publicKey = createPublicKey(privateKey);
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  if (!kty || !crv || !x || !y) throw new Error('the key has no public coordinates');
  // RFC 7638: SHA-256 over the required members in their order.
  const kid = sha256(JSON.stringify({ crv, kty, x, y })).toString('base64url');
  const headerOf = (typ: TokenType) => encodeHeader({ alg: ALGORITHM, typ, kid });
  return {
    kid,
    headers: { 'at+jwt': headerOf('at+jwt'), 'client+jwt': headerOf('client+jwt') },
    privateKey,
    publicKey,
    publicJwk: { kty, crv, x, y, kid, use: 'sig', alg: ALGORITHM },
  };
}
