/**
 * Tokens that nobody signed. "alg": "none", the public key taken for a shared secret, a key that the token
 * brings along, a signature of zeros: each of these has opened somebody's door. They are tried wherever this
 * service takes its own tokens back, and where somebody may hope that it does.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import {
  fitsInHeader,
  forgedTokens,
  isRespelled,
  malleated,
  type Forgery,
} from '../support/forged-tokens.js';

/** As long as a token may be, where it is introspected and where it is a proof. */
const MOST_CHARACTERS = { token: 16_384, proof: 8_192 };
const PATIENCE_MS = 300_000;

let service: TestApplication;
let bank: Registered;
let genuine: string;
let keys: JSONWebKeySet;
let corpus: readonly Forgery[];

beforeAll(async () => {
  service = await startApplication({ environment: { WATCHWORD_RATE_PER_ADDRESS: '1000000' } });
  bank = await service.register('bank', 'web', { enrolProofSeconds: 600 });
  genuine = await prove(await enrol(service, 'pat', { key: bank.key }), bank.key);
  keys = (await service.call('GET', '/.well-known/jwks.json')).body as JSONWebKeySet;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  corpus = forgedTokens(genuine, { ...keys.keys[0] }, privateKey);
});
afterAll(() => service.close());

/** Tries them all, and gives those that were answered otherwise than they ought to be. */
async function tryAll(
  forgeries: readonly Forgery[],
  attempt: (forgery: Forgery) => Promise<string>,
  wanted: (forgery: Forgery) => string,
  atOnce = 10,
): Promise<string[]> {
  expect(forgeries.length).toBeGreaterThan(2000);
  const outcomes: string[] = [];
  // Several at once, so that statements go together.
  for (let at = 0; at < forgeries.length; at += atOnce)
    outcomes.push(...(await Promise.all(forgeries.slice(at, at + atOnce).map(attempt))));
  return forgeries.flatMap((forgery, n) =>
    outcomes[n] === wanted(forgery) ? [] : [`${forgery.name}: ${outcomes[n] ?? ''}`],
  );
}

async function prove(app: Authenticator, key: string): Promise<string> {
  service.clock.advance(60);
  const path = `/v1/users/${app.userId}/verify`;
  const answer = await service.call('POST', path, { code: app.code() }, { key });
  return answer.body.access_token as string;
}

const open = (proof: string, userId = 'pat') =>
  service.call('POST', `/v1/users/${userId}/factors`, { type: 'totp', proof }, { key: bank.key });

const isTooLong = ({ token }: Forgery, member: keyof typeof MOST_CHARACTERS) =>
  token.length > MOST_CHARACTERS[member];

it(
  'S81 to S84: none of the forgeries opens the door, and the genuine token does',
  async () => {
    const attempt = async ({ token }: Forgery) => {
      const { status, body } = await open(token);
      return `${status} ${String(body?.code)}`;
    };
    const wanted = (forgery: Forgery) =>
      isTooLong(forgery, 'proof') ? '400 invalid_request' : '403 proof_required';
    // They wait for one another at the user's lock, and on a busy machine not for ever.
    const wrong = await tryAll(corpus, attempt, wanted, 4);
    expect(wrong).toEqual([]);
    expect((await open(genuine)).status).toBe(201);
  },
  PATIENCE_MS,
);

it(
  'S81 to S84: introspection calls none of them active',
  async () => {
    const ask = (token: string) =>
      service.call('POST', '/v1/tokens/introspect', { token }, { key: bank.key });
    const attempt = async ({ token }: Forgery) => {
      const { status, body } = await ask(token);
      return `${status} ${JSON.stringify(status === 200 ? body : body.code)}`;
    };
    const wrong = await tryAll(corpus, attempt, (forgery) =>
      forgery.token === '' || isTooLong(forgery, 'token')
        ? '400 "invalid_request"'
        : '200 {"active":false}',
    );
    expect(wrong).toEqual([]);
    expect((await ask(genuine)).body).toMatchObject({ active: true, sub: 'pat' });
  },
  PATIENCE_MS,
);

it(
  'S81 to S84: a proxy that asks lets none of them through',
  async () => {
    const path = `/v1/forward-auth?audience=${bank.application.audience}`;
    const ask = (token: string) => service.call('GET', path, undefined, { key: token });
    const attempt = async ({ token }: Forgery) => {
      const { status, body } = await ask(token);
      return `${status} ${String(body?.code)}`;
    };
    const wrong = await tryAll(corpus.filter(fitsInHeader), attempt, () => '401 proof_missing');
    expect(wrong).toEqual([]);
    expect((await ask(genuine)).status).toBe(200);
  },
  PATIENCE_MS,
);

it(
  'S81 to S84: nor is one of them, or the genuine one, a key to this API',
  async () => {
    const attempt = async ({ token }: Forgery) => {
      const { status, body } = await service.call('GET', '/v1/users/pat/factors', undefined, {
        key: token,
      });
      return `${status} ${String(body?.code)}`;
    };
    const forgeries = [...corpus, { name: 'the genuine one', token: genuine }].filter(fitsInHeader);
    expect(await tryAll(forgeries, attempt, () => '401 unauthenticated')).toEqual([]);
  },
  PATIENCE_MS,
);

it(
  'S81 to S84: nor is what is forged from a server’s own token, which is one',
  async () => {
    const body = { scope: 'enrol' };
    const answer = await service.call('POST', '/v1/tokens/client', body, { key: bank.key });
    const own = answer.body.access_token as string;
    const ask = (key: string) => service.call('GET', '/v1/users/pat/factors', undefined, { key });
    const attempt = async ({ token }: Forgery) => `${(await ask(token)).status}`;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const forgeries = forgedTokens(own, { ...keys.keys[0] }, privateKey).filter(fitsInHeader);
    expect(await tryAll(forgeries, attempt, () => '401')).toEqual([]);
    expect((await ask(own)).status).toBe(200);
  },
  PATIENCE_MS,
);

it('the forgeries are forgeries: an independent library takes none, but for other spellings', async () => {
  const set = createLocalJWKSet(keys);
  const options = {
    issuer: 'https://mfa.example',
    audience: bank.application.audience,
    algorithms: ['ES256'],
    typ: 'at+jwt',
    currentDate: service.clock.now(),
  };
  await expect(jwtVerify(genuine, set, options)).resolves.toBeDefined();
  const accepted: string[] = [];
  for (const { name, token } of corpus)
    await jwtVerify(token, set, options).then(
      () => isRespelled(genuine, token) || accepted.push(name),
      () => undefined,
    );
  expect(accepted).toEqual([]);
});

it('the mirrored signature is the same token, and is revoked with it', async () => {
  const mirrored = malleated(genuine);
  const ask = async (token: string) =>
    (await service.call('POST', '/v1/tokens/introspect', { token }, { key: bank.key })).body;
  expect(await ask(mirrored)).toEqual(await ask(genuine));
  const other = await prove(await enrol(service, 'una', { key: bank.key }), bank.key);
  expect(await ask(malleated(other))).toMatchObject({ active: true, sub: 'una' });
  await service.call('POST', '/v1/tokens/revoke', { token: other }, { key: bank.key });
  expect(await ask(malleated(other))).toEqual({ active: false });
});

it('S83: a token has one spelling: blanks in it are refused, though other readers of base64 bear them', async () => {
  for (const at of [0, 40, genuine.lastIndexOf('.') + 9, genuine.length])
    for (const blank of [' ', '\n', '\t', '\r\n']) {
      const { status } = await open(genuine.slice(0, at) + blank + genuine.slice(at));
      expect([at, blank, status]).toEqual([at, blank, 403]);
    }
});

it('S84: a genuine token of another user, application or realm opens nothing here', async () => {
  const sibling = await service.register('bank', 'mobile');
  const namesake = await service.register('shop', 'web');
  const other = await enrol(service, 'quinn', { key: bank.key });
  const elsewhere = await enrol(service, 'pat', { key: namesake.key });
  const shared = await enrol(service, 'rae', { key: sibling.key });
  for (const answer of [
    await open(await prove(other, bank.key)),
    await open(await prove(elsewhere, namesake.key)),
    await open(await prove(shared, sibling.key), 'rae'),
  ])
    expect([answer.status, answer.body.code]).toEqual([403, 'proof_required']);
});

it('S84: nor does one of another installation under the same name', async () => {
  const twin = await startApplication({ clock: service.clock });
  const theirs = await enrol(twin, 'pat');
  twin.clock.advance(60);
  const path = '/v1/users/pat/verify';
  const { body } = await twin.call('POST', path, { code: theirs.code() });
  expect((await open(body.access_token as string)).body.code).toBe('proof_required');
  await twin.close();
});

it('S85: nor one whose time is over or has not come', async () => {
  const token = await prove(await enrol(service, 'sid', { key: bank.key }), bank.key);
  service.clock.advance(-120);
  expect((await open(token, 'sid')).body.code).toBe('proof_required');
  service.clock.advance(120);
  expect((await open(token, 'sid')).status).toBe(201);
  service.clock.advance(1000);
  expect((await open(token, 'sid')).body.code).toBe('proof_required');
});

it('S89: the key set holds public members only, and may be kept for five minutes', async () => {
  const answer = await service.call('GET', '/.well-known/jwks.json', undefined, { key: '' });
  expect(answer.headers['cache-control']).toBe('public, max-age=300, must-revalidate');
  expect(keys.keys.length).toBeGreaterThan(0);
  for (const key of keys.keys)
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
});
