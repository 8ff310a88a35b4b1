/** An issuer of tokens in the test's own hands: it signs what Watchword never would, and counts who asks. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { TestClock } from './clock.js';

export type Members = Record<string, unknown>;

export interface IssuerKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: Members;
}

export const ISSUER = 'https://mfa.example';
export const AUDIENCE = 'app_bank';

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export function newKey(kid = randomBytes(8).toString('hex')): IssuerKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' };
  return { kid, privateKey, jwk };
}

/** A JWT of ES256 with any header and claims; a text for the claims is signed as it is. */
export function signed(head: unknown, claims: unknown, privateKey: KeyObject): string {
  const input = `${encode(head)}.${encode(claims)}`;
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

/** Answers the verifier's requests instead of the network. */
export class TokenIssuer {
  readonly clock = new TestClock();
  readonly key = newKey('one');
  /** What is published. */
  published: Members[] = [this.key.jwk];
  /** Every address that was asked. */
  readonly asked: string[] = [];
  /** What the next questions are answered instead of the keys, if anything. */
  instead: (() => Promise<Response> | Response) | undefined;

  readonly fetch = async (url: string, _init?: RequestInit): Promise<Response> => {
    this.asked.push(url);
    // The answer comes later than the question, as everywhere.
    await Promise.resolve();
    return this.instead?.() ?? Response.json({ keys: this.published });
  };

  /** The verifier's options that let it ask here, at the clock of here. */
  get at() {
    return { fetch: this.fetch, now: () => this.clock.now() };
  }

  get seconds(): number {
    return Math.floor(this.clock.now().getTime() / 1000);
  }

  /** The claims of a user's token, as Watchword writes them. */
  claims(change: Members = {}): Members {
    const now = this.seconds;
    return {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: 'pat',
      client_id: AUDIENCE,
      iat: now,
      nbf: now,
      exp: now + 900,
      jti: 'jti_1',
      sid: 'ses_1',
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'aal2',
      auth_time: now,
      ...change,
    };
  }

  header(change: Members = {}): Members {
    return { alg: 'ES256', typ: 'at+jwt', kid: this.key.kid, ...change };
  }

  /** A token with a good signature, whatever it says. */
  token(change: Members = {}, headerChange: Members = {}, key: IssuerKey = this.key): string {
    return signed(
      this.header({ kid: key.kid, ...headerChange }),
      this.claims(change),
      key.privateKey,
    );
  }

  /** An application's own token. */
  clientToken(change: Members = {}): string {
    const { sub: _sub, sid: _sid, amr: _amr, acr: _acr, auth_time: _time, ...rest } = this.claims();
    const claims = {
      ...rest,
      sub: 'app_shop',
      client_id: 'app_shop',
      scope: 'pay read',
      ...change,
    };
    return signed(this.header({ typ: 'client+jwt' }), claims, this.key.privateKey);
  }
}
