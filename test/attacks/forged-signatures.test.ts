/**
 * Tokens that nobody signed. "alg": "none", the public key taken for a shared secret, a key that the token
 * brings along, a signature of zeros: each of these has opened somebody's door. The one place where this
 * service takes its own tokens back is the proof before a further factor.
 */
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { forgedTokens, type Forgery } from '../tokens/forged.js';

let service: TestApplication;
let bank: Registered;
let genuine: string;
let keys: JSONWebKeySet;
let corpus: readonly Forgery[];

beforeAll(async () => {
  service = await startApplication();
  bank = await service.register('bank', 'web', { enrolProofSeconds: 600 });
  genuine = await prove(await enrol(service, 'pat', { key: bank.key }), bank.key);
  keys = (await service.call('GET', '/.well-known/jwks.json')).body as JSONWebKeySet;
  corpus = forgedTokens(genuine, { ...keys.keys[0] });
});
afterAll(() => service.close());

async function prove(app: Authenticator, key: string): Promise<string> {
  service.clock.advance(60);
  const path = `/v1/users/${app.userId}/verify`;
  const answer = await service.call('POST', path, { code: app.code() }, { key });
  return answer.body.access_token as string;
}

const open = (proof: string, userId = 'pat') =>
  service.call('POST', `/v1/users/${userId}/factors`, { type: 'totp', proof }, { key: bank.key });

it('S81 to S84: none of a thousand forgeries opens the door, and the genuine token does', async () => {
  expect(new Set(corpus.map(([, token]) => token)).size).toBeGreaterThan(500);
  const opened: unknown[] = [];
  for (const [name, token] of corpus) {
    const { status, body } = await open(token);
    if (status !== 403 || body.code !== 'proof_required') opened.push([name, status]);
  }
  expect(opened).toEqual([]);
  expect((await open(genuine)).status).toBe(201);
});

it('the forgeries are forgeries: an independent library refuses each of them too', async () => {
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
  for (const [name, token] of corpus)
    await jwtVerify(token, set, options).then(
      () => accepted.push(name),
      () => undefined,
    );
  expect(accepted).toEqual([]);
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
