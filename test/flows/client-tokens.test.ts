/** What an application proves itself by beside a bare key: id and key as OAuth has them, and short-lived tokens. */
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { CALLER_KEPT_MS } from '../../src/applications/callers.js';
import { scopes } from '../../src/applications/api-key.js';
import {
  freshDatabase,
  startApplication,
  type Registered,
  type TestApplication,
} from '../support/application.js';
import type { Driver } from '../../src/storage/database.js';
import { enrol } from '../support/authenticator.js';
import { claimsOf, introspect } from '../support/sessions.js';
import { routes } from '../support/routes.js';

const ISSUER = 'https://mfa.example';
const ORDERS = 'https://orders.example';

let driver: Driver;
let service: TestApplication;
let shop: Registered;

beforeAll(async () => {
  driver = await freshDatabase();
  service = await startApplication({ driver });
  shop = await service.register('acme', 'shop', {
    scopes: ['verify', 'enrol'],
    tokenAudiences: [ORDERS],
  });
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const mint = (body?: unknown, key = shop.key) =>
  service.call('POST', '/v1/tokens/client', body, { key });
const minted = async (body?: unknown, key = shop.key): Promise<string> => {
  const answer = await mint(body, key);
  expect(answer.status).toBe(200);
  return answer.body.access_token;
};
const ask = (key: string, path = '/v1/users/x/factors') =>
  service.call('GET', path, undefined, { key });
const check = async (token: string, audience: string) => {
  const { body } = await service.call('GET', '/.well-known/jwks.json', undefined, { key: '' });
  return jwtVerify(token, createLocalJWKSet(body as JSONWebKeySet), {
    issuer: ISSUER,
    audience,
    algorithms: ['ES256'],
    typ: 'client+jwt',
    currentDate: service.clock.now(),
  });
};
const basic = (user: string, password: string) =>
  service.call('GET', '/v1/users/x/factors', undefined, {
    key: '',
    headers: {
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    },
  });

describe('id and key', () => {
  it('open what the key opens, also as libraries escape them (RFC 6749 section 2.3.1)', async () => {
    const { id } = shop.application;
    expect((await basic(id, shop.key)).status).toBe(200);
    const escaped = (text: string) => text.replaceAll('_', '%5F').replaceAll('-', '%2D');
    expect((await basic(escaped(id), escaped(shop.key))).status).toBe(200);
  });

  it('S105, S106: have to belong together', async () => {
    const { id } = shop.application;
    const other = await service.register('acme', 'another');
    for (const [user, password] of [
      [other.application.id, shop.key],
      [id, other.key],
      ['', shop.key],
      [shop.key, ''],
      [shop.key, shop.key],
      [id, ''],
      [id, `${shop.key} `],
      ['app_01h455vb4pex5vsknk084sn02q', shop.key],
      ['%', shop.key],
      ['%00', shop.key],
      [id.toUpperCase(), shop.key],
    ] as const) {
      const answer = await basic(user, password);
      expect([user, answer.status, answer.body.code]).toEqual([user, 401, 'unauthenticated']);
      expect(answer.headers['www-authenticate']).toBe('Basic realm="watchword", charset="UTF-8"');
    }
  });

  it.each(['Basic', 'Basic ', 'Basic =', 'Basic a', 'Basic Og==', 'Basic \u00ff', 'Basic AA AA'])(
    'S105: %p is none',
    async (authorization) => {
      const headers = { authorization };
      const answer = await service.call('GET', '/v1/users/x/factors', undefined, {
        key: '',
        headers,
      });
      expect(answer.status).toBe(401);
    },
  );
});

it('says exactly who, for whom, what for and until when', async () => {
  const { status, body, headers } = await mint();
  expect(status).toBe(200);
  expect(headers['cache-control']).toBe('no-store');
  expect(body).toEqual({
    access_token: expect.any(String),
    token_type: 'Bearer',
    expires_in: 300,
    scope: 'verify enrol',
  });
  const { payload, protectedHeader } = await check(body.access_token, ISSUER);
  expect(protectedHeader).toEqual({
    alg: 'ES256',
    typ: 'client+jwt',
    kid: expect.stringMatching(/^[\w-]{43}$/),
  });
  const now = Math.floor(service.clock.now().getTime() / 1000);
  expect(payload).toEqual({
    iss: ISSUER,
    aud: ISSUER,
    sub: shop.application.id,
    client_id: shop.application.id,
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: expect.stringMatching(/^jti_[0-9a-z]{26}$/),
    scope: 'verify enrol',
    credential_id: expect.stringMatching(/^key_[0-9a-z]{26}$/),
  });
});

it('takes the place of the key, and stands in the audit as itself', async () => {
  const token = await minted();
  expect((await enrol(service, 'ann', { key: token })).userId).toBe('ann');
  const { jti } = decodeJwt(token);
  const events = await service.database.kysely
    .selectFrom('audit_events')
    .selectAll()
    .where('realm_id', '=', shop.application.realmId)
    .orderBy('id')
    .execute();
  const issued = events.find(({ detail }) => detail['jti'] === jti);
  expect(issued).toMatchObject({
    type: 'client_token.issued',
    actor: claimsOf(token)['credential_id'],
    application_id: shop.application.id,
    detail: { jti, audience: ISSUER, scopes: ['verify', 'enrol'] },
  });
  expect(JSON.stringify(events)).not.toContain(token.split('.')[2]);
  const enrolled = events.find(
    ({ type, user_id }) => type === 'factor.enrolled' && user_id === 'ann',
  );
  expect(enrolled).toMatchObject({ actor: jti, application_id: shop.application.id });
});

it.each(scopes)('S108: a token of the scope %s opens its routes and no other', async (scope) => {
  const { key } = await service.register('scopes', `token ${scope}`, { scopes: [...scopes] });
  const token = await minted({ scope }, key);
  for (const [method, path, body, allowed] of routes) {
    if (path === '/v1/tokens/client') continue;
    const answer = await service.call(method, path, body, { key: token });
    expect([path, answer.status === 403]).toEqual([path, !allowed.includes(scope)]);
    expect([path, answer.status === 401]).toEqual([path, false]);
  }
});

it('S108: hands on no scope that the key has not', async () => {
  for (const scope of ['admin', 'verify admin', 'login', 'everything']) {
    const { status, body } = await mint({ scope });
    expect([scope, status]).toEqual([scope, 403]);
    expect(body).toMatchObject({ code: 'scope_not_allowed', allowed: ['verify', 'enrol'] });
  }
  for (const scope of ['', ' verify', 'verify  enrol', 'verify,enrol', 'VERIFY', 'x'.repeat(256)])
    expect((await mint({ scope })).body.code).toBe('invalid_request');
  expect((await mint({ scope: 'enrol verify enrol' })).body.scope).toBe('verify enrol');
});

it('S84: is for this service or for one that the application is allowed, and for one alone', async () => {
  const { body } = await mint({ audience: ORDERS });
  expect(body).not.toHaveProperty('scope');
  const { payload } = await check(body.access_token, ORDERS);
  expect(payload).not.toHaveProperty('scope');
  expect((await mint({ audience: ORDERS, scope: 'verify' })).body.scope).toBe('verify');
  // What another service was given opens nothing here.
  const { access_token: foreign } = (await mint({ audience: ORDERS, scope: 'verify' })).body;
  expect((await ask(foreign)).status).toBe(401);
  for (const audience of [
    `${ISSUER}/`,
    `${ORDERS}/`,
    'https://bank.example',
    shop.application.id,
  ]) {
    const refused = await mint({ audience });
    expect([audience, refused.status]).toEqual([audience, 403]);
    expect(refused.body).toMatchObject({ code: 'audience_not_allowed', allowed: [ISSUER, ORDERS] });
  }
  for (const audience of ['', [ISSUER], [ISSUER, ORDERS]])
    expect((await mint({ audience })).body.code).toBe('invalid_request');
});

it('gets no further token', async () => {
  const { status, body } = await mint({}, await minted());
  expect([status, body.code]).toEqual([403, 'client_token_unsuitable']);
});

it('S85: is over after its five minutes and the allowed skew, remembered or not', async () => {
  const token = await minted();
  const status = async () => (await ask(token)).status;
  service.clock.advance(359);
  expect(await status()).toBe(200);
  service.clock.advance(1);
  expect(await status()).toBe(401);
  service.clock.advance(-400);
  expect(await status()).toBe(200);
  service.clock.advance(-30);
  expect(await status()).toBe(401);
});

it('S90: is over with its key, after five seconds at most', async () => {
  const { application, key } = await service.register('acme', 'ending', { scopes: ['verify'] });
  const applications = service.app.get(ApplicationsService);
  await applications.createKey(application.id, ['verify']);
  const token = await minted({}, key);
  expect((await ask(token)).status).toBe(200);
  expect((await introspect(service, token, { key })).body.active).toBe(true);
  const [old] = await applications.listKeys(application.id);
  await applications.revokeKey(old?.id ?? '');
  service.clock.advance(CALLER_KEPT_MS / 1000);
  expect((await ask(token)).status).toBe(401);
});

it('S90: is dead at once where it is revoked, and after five seconds on other replicas', async () => {
  const { clock, keyring } = service;
  const other = await startApplication({ driver, clock, keyring });
  const token = await minted();
  const askOther = () => other.call('GET', '/v1/users/x/factors', undefined, { key: token });
  expect([(await ask(token)).status, (await askOther()).status]).toEqual([200, 200]);
  const revoked = await service.call('POST', '/v1/tokens/revoke', { token }, { key: shop.key });
  expect(revoked.status).toBe(204);
  expect((await ask(token)).status).toBe(401);
  expect((await introspect(service, token, { key: shop.key })).body).toEqual({ active: false });
  clock.advance(CALLER_KEPT_MS / 1000);
  expect((await askOther()).status).toBe(401);
  await other.app.close();
});

it('is introspected by its application, and by the service that it is for', async () => {
  const orders = await service.register('acme', 'orders', { audience: ORDERS });
  const stranger = await service.register('elsewhere', 'orders', { audience: ORDERS });
  const token = await minted({ audience: ORDERS, scope: 'verify' });
  for (const { key } of [shop, orders]) {
    const { body } = await introspect(service, token, { key });
    expect(body).toEqual({ active: true, token_type: 'Bearer', ...claimsOf(token) });
  }
  for (const { key } of [stranger, service.first])
    expect((await introspect(service, token, { key })).body).toEqual({ active: false });
});
