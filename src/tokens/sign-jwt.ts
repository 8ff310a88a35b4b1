import { sign, type KeyObject } from 'node:crypto';

/** The header of every token that one key signs, encoded once. */
export function encodeHeader(header: Readonly<Record<string, string>>): string {
  return Buffer.from(JSON.stringify(header)).toString('base64url');
}

/**
 * A JWT in compact form (RFC 7515 section 7.1), signed with ES256 (RFC 7518 section 3.4). Written here, where
 * tokens are checked by @nestjs/jwt, because that makes options of its own for each token and has the
 * signature made in one form and rewritten in another: a fourth of a signature's cost.
 *
 * @param header what `encodeHeader` gave
 * @param privateKey of the curve P-256
 */
export function signJwt(header: string, claims: object, privateKey: KeyObject): string {
  const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  // The two numbers of the signature side by side, as JWS wants them, and not as DER.
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}
