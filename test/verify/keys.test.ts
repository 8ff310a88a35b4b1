/** Where the keys come from, how often they are asked for, and what happens while nobody answers. */
import { createVerifier, type UserToken, type Verifier } from '../../src/verify/verifier.js';
import { refused } from '../support/refused.js';
import { AUDIENCE, ISSUER, newKey, TokenIssuer, type Members } from '../support/token-issuer.js';

const KEYS = `${ISSUER}/.well-known/jwks.json`;

let issuer: TokenIssuer;
let verifier: Verifier<UserToken>;

beforeEach(() => {
  issuer = new TokenIssuer();
  verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, ...issuer.at });
});

const outcomeOf = (token: string) =>
  verifier.verify(token).then(
    () => 'taken',
    (error: unknown) => (error as { code?: string }).code,
  );
const take = async () => expect(await outcomeOf(issuer.token())).toBe('taken');

it('are fetched once for many requests, and again after five minutes (S89)', async () => {
  await Promise.all(Array.from({ length: 50 }, take));
  expect(issuer.asked).toEqual([KEYS]);
  issuer.clock.advance(299);
  await take();
  expect(issuer.asked).toHaveLength(1);
  issuer.clock.advance(1);
  await Promise.all(Array.from({ length: 50 }, take));
  expect(issuer.asked).toHaveLength(2);
});

it('are found at another address, where one is given', async () => {
  const jwksUrl = 'https://inside.example/keys';
  const inside = { issuer: ISSUER, audience: AUDIENCE, ...issuer.at, jwksUrl };
  await createVerifier(inside).verify(issuer.token());
  expect(issuer.asked).toEqual([jwksUrl]);
});

it('are not fetched for what is refused without them', async () => {
  for (const token of [
    'x',
    'a.b.c',
    issuer.token({}, { alg: 'none' }),
    issuer.token({}, { jku: KEYS }),
  ])
    await refused(verifier.verify(token));
  expect(issuer.asked).toEqual([]);
});

it('S82: a key id is never an address', async () => {
  const kids = [
    'https://evil.example/jwks.json',
    '../../keys',
    "' OR 1=1 --",
    'file:///etc/passwd',
  ];
  for (const kid of kids) expect(await outcomeOf(issuer.token({}, { kid }))).toBe('key_unknown');
  expect(new Set(issuer.asked)).toEqual(new Set([KEYS]));
});

it('S88: a key that is newly published is found without waiting for the five minutes', async () => {
  await take();
  issuer.clock.advance(60);
  const second = newKey('two');
  issuer.published = [second.jwk, issuer.key.jwk];
  expect(await outcomeOf(issuer.token({}, {}, second))).toBe('taken');
  expect(issuer.asked).toHaveLength(2);
  await take();
});

it('S82: a flood of unknown key ids makes one request a minute and no more', async () => {
  await take();
  const flood = async () => {
    for (let round = 0; round < 20; round++)
      await Promise.all(
        Array.from({ length: 50 }, (_, n) => outcomeOf(issuer.token({}, { kid: `${round}-${n}` }))),
      );
  };
  await flood();
  // The first request was itself the one of this minute.
  expect(issuer.asked).toHaveLength(1);
  for (let minute = 1; minute <= 3; minute++) {
    issuer.clock.advance(60);
    await flood();
    expect(issuer.asked).toHaveLength(1 + minute);
  }
  // Also while each of these requests fails.
  issuer.instead = () => new Response(null, { status: 500 });
  for (let minute = 4; minute <= 6; minute++) {
    issuer.clock.advance(60);
    await flood();
    expect(issuer.asked).toHaveLength(1 + minute);
  }
  issuer.instead = undefined;
  await take();
});

it('a key that is withdrawn is dead after five minutes', async () => {
  await take();
  issuer.published = [newKey('two').jwk];
  issuer.clock.advance(299);
  await take();
  issuer.clock.advance(1);
  expect(await outcomeOf(issuer.token())).toBe('key_unknown');
});

describe('while nobody answers', () => {
  const failures: Record<string, () => Promise<Response> | Response> = {
    'with an error': () => new Response('{}', { status: 503 }),
    'with an error that has keys in it': () =>
      Response.json({ keys: [newKey(issuer.key.kid).jwk] }, { status: 500 }),
    'with a page': () => new Response('<html>'),
    'with an answer of another shape': () => Response.json({ keys: 'none' }),
    'with a redirect': () => new Response(null, { status: 302, headers: { location: '/' } }),
    'at all': () => Promise.reject(new Error('ECONNREFUSED')),
  };

  it.each(Object.entries(failures))(
    '%s, good keys are kept for 15 minutes',
    async (_name, fail) => {
      await take();
      issuer.instead = fail;
      issuer.clock.advance(899);
      await take();
      issuer.clock.advance(1);
      const error = await refused(verifier.verify(issuer.token()));
      expect([error.code, error.status]).toEqual(['keys_unavailable', 503]);
      expect(error.cause).toHaveProperty('message');
      issuer.instead = undefined;
      issuer.clock.advance(60);
      await take();
    },
  );

  it('it is asked at most once a minute with keys at hand, and every five seconds without', async () => {
    issuer.instead = failures['at all'];
    for (let second = 0; second < 20; second++) {
      await Promise.all(Array.from({ length: 20 }, () => outcomeOf(issuer.token())));
      issuer.clock.advance(1);
    }
    expect(issuer.asked).toHaveLength(4);
    issuer.instead = undefined;
    await take();
    expect(issuer.asked).toHaveLength(5);
    issuer.instead = failures['at all'];
    issuer.clock.advance(300);
    for (let second = 0; second < 180; second++) {
      await take();
      issuer.clock.advance(1);
    }
    expect(issuer.asked).toHaveLength(8);
  });

  it('a clock that is set back does not keep old keys for good', async () => {
    await take();
    issuer.clock.advance(-86_400);
    await take();
    expect(issuer.asked).toHaveLength(2);
  });
});

it('no redirect is followed, and no answer waited for without end', async () => {
  let init: RequestInit | undefined;
  const fetch = (url: string, given: RequestInit) => {
    init = given;
    return issuer.fetch(url);
  };
  await createVerifier({ issuer: ISSUER, audience: AUDIENCE, ...issuer.at, fetch }).verify(
    issuer.token(),
  );
  expect(init).toMatchObject({ redirect: 'error', signal: expect.any(AbortSignal) });
});

describe('S81: of what is published', () => {
  const takenWith = async (...published: Members[]) => {
    issuer.published = published;
    return outcomeOf(issuer.token());
  };

  it.each([
    ['for encryption', { use: 'enc' }],
    ['for another algorithm', { alg: 'ES384' }],
    ['for shared secrets', { kty: 'oct', k: 'AAAA' }],
    ['of another curve', { crv: 'secp256k1' }],
    ['of another name', { kid: 'two' }],
    ['without a name', { kid: undefined }],
    ['that may only sign', { key_ops: ['sign'] }],
  ])('a key %s checks nothing', async (_name, change) => {
    expect(await takenWith({ ...issuer.key.jwk, ...change })).toBe('key_unknown');
  });

  it('one name for two keys is none, and a private key is no key', async () => {
    const { jwk, privateKey } = issuer.key;
    expect(await takenWith(jwk, newKey(issuer.key.kid).jwk)).toBe('key_unknown');
    issuer.clock.advance(300);
    const leaked = { ...jwk, ...privateKey.export({ format: 'jwk' }) };
    expect(await takenWith(leaked)).toBe('keys_unavailable');
    issuer.clock.advance(300);
    expect(await takenWith(newKey().jwk, jwk, { kty: 'unheard-of' })).toBe('taken');
  });
});
