/** What forgeries are made of, and how they are put together. */
import { sign, type JsonWebKey, type KeyObject } from 'node:crypto';

export type Members = Record<string, unknown>;
export type Signer = (input: string) => Buffer;

export interface Forgery {
  readonly name: string;
  readonly token: string;
}

/** A genuine token in its parts, and what an attacker has beside it: the public key, and a key of his own. */
export interface Genuine {
  readonly token: string;
  readonly head: string;
  readonly body: string;
  readonly signature: Buffer;
  readonly header: Members;
  readonly claims: Members;
  readonly jwk: JsonWebKey;
  readonly attacker: KeyObject;
}

export const encode = (value: unknown) => encodeText(JSON.stringify(value));
export const encodeText = (text: string | Buffer) => Buffer.from(text).toString('base64url');
export const decode = (part = '') =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Members;

export const ecdsa =
  (key: KeyObject, hash = 'sha256'): Signer =>
  (input) =>
    sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
export const nothing: Signer = () => Buffer.alloc(0);

/** Of parts that are encoded already. */
export function join(head: string, body: string, signer: Signer): string {
  const input = `${head}.${body}`;
  return `${input}.${signer(input).toString('base64url')}`;
}

export const assemble = (header: unknown, claims: unknown, signer: Signer) =>
  join(encode(header), encode(claims), signer);

/** Signed by the attacker, and with the genuine token's own signature. */
export const bySigners = ({ attacker, signature }: Genuine): [string, Signer][] => [
  ['signed by another', ecdsa(attacker)],
  ['with the old signature', () => signature],
];

/** Every upper and lower case of a word. */
export function casesOf(word: string): string[] {
  return Array.from({ length: 2 ** word.length }, (_, bits) =>
    Array.from(word, (letter, n) => (bits & (1 << n) ? letter.toUpperCase() : letter)).join(''),
  );
}
