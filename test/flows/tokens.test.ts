/** Access tokens as those who receive them see them: claims, header, keys; checked by jose. */
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import { freshDatabase, startApplication, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';

let service: TestApplication;
const others: TestApplication[] = [];

beforeAll(async () => {
  service = await startApplication({
    environment: { WATCHWORD_PUBLIC_URL: 'https://mfa.example/otp/' },
  });
});
afterAll(async () => {
  for (const other of others) await other.app.close();
  await others.at(0)?.database.close();
  await service.close();
});
beforeEach(() => service.clock.advance(3600));

const issuer = 'https://mfa.example/otp';
const jwksOf = async (from: TestApplication) =>
  (await from.call('GET', '/.well-known/jwks.json', undefined, { key: '' })).body as JSONWebKeySet;
const login = async (app: Authenticator, key?: string, from = service) => {
  service.clock.advance(30);
  const path = `/v1/users/${encodeURIComponent(app.userId)}/verify`;
  const answer = await from.call('POST', path, { code: app.code() }, { key });
  expect(answer.status).toBe(200);
  return answer.body as { access_token: string; expires_in: number };
};
/** What a receiving service does, with a library that is not ours. */
const check = async (token: string, audience: string, from = service, options = {}) =>
  jwtVerify(token, createLocalJWKSet(await jwksOf(from)), {
    issuer,
    audience,
    algorithms: ['ES256'],
    typ: 'at+jwt',
    currentDate: service.clock.now(),
    ...options,
  });

it('carries exactly the claims of the contract, and a header of three members', async () => {
  const { application } = service.first;
  const app = await enrol(service, 'Ada Ⅻ/1');
  const { access_token } = await login(app);
  const { payload, protectedHeader } = await check(access_token, application.audience);
  const [key] = (await jwksOf(service)).keys;
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: key?.kid });
  const now = Math.floor(service.clock.now().getTime() / 1000);
  expect(payload).toEqual({
    iss: issuer,
    aud: application.id,
    sub: 'Ada Ⅻ/1',
    client_id: application.id,
    iat: now,
    nbf: now,
    exp: now + 900,
    auth_time: now,
    jti: expect.stringMatching(/^jti_[0-9a-z]{26}$/),
    amr: ['otp'],
    acr: 'aal1',
    factor_type: 'totp',
  });
});

it('every token has an id of its own', async () => {
  const app = await enrol(service, 'bea');
  const ids = [];
  for (let n = 0; n < 5; n++) ids.push(decodeJwt((await login(app)).access_token).jti);
  expect(new Set(ids).size).toBe(5);
});

it('S84: each application’s tokens are for its audience alone', async () => {
  const realm = service.first.application.realmName;
  const shop = await service.register(realm, 'shop', { audience: 'https://shop.example' });
  const bank = await service.register(realm, 'bank', { audience: 'https://bank.example' });
  const app = await enrol(service, 'cy');
  const { access_token } = await login(app, shop.key);
  const { payload } = await check(access_token, 'https://shop.example');
  expect(payload).toMatchObject({ aud: 'https://shop.example', client_id: shop.application.id });
  for (const audience of ['https://bank.example', service.first.application.id])
    await expect(check(access_token, audience)).rejects.toThrow('"aud"');
  const other = decodeJwt((await login(app, bank.key)).access_token);
  expect(other).toMatchObject({ aud: 'https://bank.example', client_id: bank.application.id });
});

it('S85: each application’s tokens live as long as it says, and are over then', async () => {
  const { key, application } = await service.register('short', 'app', { accessTokenSeconds: 60 });
  const app = await enrol(service, 'di', { key });
  const { access_token, expires_in } = await login(app, key);
  expect(expires_in).toBe(60);
  service.clock.advance(59);
  await check(access_token, application.audience);
  service.clock.advance(1);
  await expect(check(access_token, application.audience)).rejects.toThrow('"exp"');
  service.clock.advance(-120);
  await expect(check(access_token, application.audience)).rejects.toThrow('"nbf"');
});

it('S81, S83: a changed claim, another type and another issuer are refused', async () => {
  const app = await enrol(service, 'eli');
  const { access_token } = await login(app);
  const [header, payload, signature] = access_token.split('.') as [string, string, string];
  const claims = decodeJwt(access_token);
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url');
  expect(payload).not.toBe(forged);
  const { audience } = service.first.application;
  await expect(check([header, forged, signature].join('.'), audience)).rejects.toThrow('signature');
  await expect(check(access_token, audience, service, { typ: 'JWT' })).rejects.toThrow('"typ"');
  const issuers = ['https://mfa.example', 'https://mfa.example/otp/'];
  for (const other of issuers)
    await expect(check(access_token, audience, service, { issuer: other })).rejects.toThrow(
      '"iss"',
    );
});

it('S89: the key set holds public members only, is for everybody and cacheable for minutes', async () => {
  const answer = await service.call('GET', '/.well-known/jwks.json', undefined, { key: '' });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  expect(answer.headers['cache-control']).toBe('public, max-age=300, must-revalidate');
  expect(answer.body).toEqual({
    keys: [
      {
        kty: 'EC',
        crv: 'P-256',
        x: expect.stringMatching(/^[\w-]{43}$/),
        y: expect.stringMatching(/^[\w-]{43}$/),
        kid: expect.stringMatching(/^[\w-]{43}$/),
        use: 'sig',
        alg: 'ES256',
      },
    ],
  });
});

it('S113: the private key is sealed at rest', async () => {
  const row = await service.database.kysely
    .selectFrom('signing_keys')
    .selectAll()
    .executeTakeFirstOrThrow();
  const stored = Buffer.from(row.private_key);
  // PKCS #8 names the curve: prime256v1, 1.2.840.10045.3.1.7.
  expect(stored.includes(Buffer.from('06082a8648ce3d030107', 'hex'))).toBe(false);
});

it('S88: instances that start at once on an empty database agree on one signing key', async () => {
  const driver = await freshDatabase();
  const { clock, keyring } = service;
  const environment = { WATCHWORD_PUBLIC_URL: issuer };
  const starting = [1, 2, 3].map(() => startApplication({ driver, clock, keyring, environment }));
  const [one, two, three] = (await Promise.all(starting)) as [
    TestApplication,
    TestApplication,
    TestApplication,
  ];
  others.push(one, two, three);
  const sets = [await jwksOf(one), await jwksOf(two), await jwksOf(three)];
  expect(sets[0]?.keys).toHaveLength(1);
  expect(sets[1]).toEqual(sets[0]);
  expect(sets[2]).toEqual(sets[0]);
  const app = await enrol(one, 'fay');
  const { access_token } = await login(app, one.first.key, three);
  await check(access_token, one.first.application.audience, two);
});

it('S81: the keys of another installation check none of our tokens', async () => {
  const stranger = await startApplication({ environment: { WATCHWORD_PUBLIC_URL: issuer } });
  const app = await enrol(service, 'gus');
  const { access_token } = await login(app);
  const { audience } = service.first.application;
  const checked = check(access_token, audience, stranger).finally(() => stranger.close());
  await expect(checked).rejects.toThrow('no applicable key');
});

it('S89: with the database away the keys that were published are still served', async () => {
  const other = await startApplication();
  const keys = () => other.call('GET', '/.well-known/jwks.json', undefined, { key: '' });
  const before = await keys();
  await other.database.close();
  other.clock.advance(3600);
  expect(await keys()).toMatchObject({ status: 200, body: before.body });
  await other.app.close();
});
