/**
 * A corpus of forged tokens: what is made of one genuine token and what is public, without the key that
 * signed it. None of them may be taken anywhere.
 */
import type { JsonWebKey, KeyObject } from 'node:crypto';
import * as claims from './forgeries/claims.js';
import { decode, type Forgery, type Genuine } from './forgeries/genuine.js';
import * as headers from './forgeries/headers.js';
import * as shapes from './forgeries/shapes.js';
import * as signatures from './forgeries/signatures.js';

export type { Forgery };
export { malleated } from './forgeries/signatures.js';

const makers: readonly ((genuine: Genuine) => Forgery[])[] = [
  headers.withoutSignature,
  headers.keyConfusion,
  headers.broughtKeys,
  headers.oddKeyIds,
  headers.otherAlgorithms,
  headers.otherHeaders,
  headers.twiceSaidHeaders,
  signatures.oddNumbers,
  signatures.otherForms,
  signatures.flippedBits,
  claims.changedClaims,
  claims.twiceSaidClaims,
  claims.heavyClaims,
  claims.unreadable,
  shapes.changedCharacters,
  shapes.respelled,
  shapes.otherShapes,
  shapes.otherSecrets,
];

/**
 * @param token a genuine token of ES256
 * @param publicKey the published key that it was signed with, as JWK
 * @param otherKey the attacker's own private key, of P-256
 * @returns each of them once; some are no text that fits into a header: see `fitsInHeader`
 */
export function forgedTokens(
  token: string,
  publicKey: JsonWebKey,
  otherKey: KeyObject,
): readonly Forgery[] {
  const [head = '', body = '', last = ''] = token.split('.');
  const genuine = {
    ...{ token, head, body, jwk: publicKey, attacker: otherKey },
    ...{ signature: Buffer.from(last, 'base64url'), header: decode(head), claims: decode(body) },
  };
  const all = new Map(makers.flatMap((make) => make(genuine)).map((each) => [each.token, each]));
  // What is changed to what it was before is no forgery.
  all.delete(token);
  return [...all.values()];
}

/**
 * Whether HTTP carries the token in a header as it is: no control characters, Latin letters, no blank at its
 * end, which is taken off on the way, and not more than a server takes.
 */
export function fitsInHeader({ token }: Forgery): boolean {
  return /^[\x20-\x7e\x80-\xff]*$/.test(token) && token.trim() === token && token.length < 15_000;
}

/**
 * Whether a token says the same as the genuine one in other letters: blanks, padding or bits that do not count
 * in its signature. Some libraries read over them; it says nothing that was not signed.
 */
export function isRespelled(genuine: string, token: string): boolean {
  const at = genuine.lastIndexOf('.') + 1;
  const bytes = (text: string) => Buffer.from(text.slice(at), 'base64url').toString('hex');
  return token.startsWith(genuine.slice(0, at)) && bytes(token) === bytes(genuine);
}
