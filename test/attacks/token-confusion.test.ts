/**
 * One kind of token taken for another: a user's token that speaks for an application, an application's token
 * that speaks for a user. The service's own key signs all that is tried here, so that nothing but the type
 * and the claims of each kind keep them apart (S83, S84).
 */
import { sign } from 'node:crypto';
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { SigningKeys } from '../../src/tokens/signing-keys.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { forwardAuth } from '../support/browser-request.js';
import { begin, claimsOf, introspect, refresh } from '../support/sessions.js';
import { routes } from '../support/routes.js';

type Members = Record<string, unknown>;

const ISSUER = 'https://mfa.example';

let service: TestApplication;
/** Its audience is this service's own address, and one of its users is called as it is. */
let shop: Registered;
let userToken: string;
let clientToken: string;

beforeAll(async () => {
  service = await startApplication();
  shop = await service.register('acme', 'shop', { audience: ISSUER, enrolProofSeconds: 600 });
  const options = { key: shop.key };
  const app = await enrol(service, shop.application.id, options);
  userToken = (await begin(service, app, {}, options)).body.access_token;
  const answer = await service.call('POST', '/v1/tokens/client', undefined, options);
  clientToken = answer.body.access_token;
});
afterAll(() => service.close());

const headerOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Members;

function signed(head: Members, claims: unknown): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode(head)}.${encode(claims)}`;
  const { privateKey } = service.app.get(SigningKeys).current();
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

const ask = (key: string) => service.call('GET', '/v1/users/x/factors', undefined, { key });
const enrolWith = (proof: string) =>
  service.call(
    'POST',
    `/v1/users/${shop.application.id}/factors`,
    { type: 'totp', proof },
    { key: shop.key },
  );

it('both are good for what they are', async () => {
  expect(claimsOf(userToken)).toMatchObject({ sub: shop.application.id, aud: ISSUER });
  expect(claimsOf(clientToken)).toMatchObject({ sub: shop.application.id, aud: ISSUER });
  expect((await ask(clientToken)).status).toBe(200);
  expect(
    (await forwardAuth(service, { bearer: userToken, query: `?audience=${ISSUER}` })).status,
  ).toBe(200);
  expect((await enrolWith(userToken)).status).toBe(201);
});

it('S83: a user’s token opens no route of the API', async () => {
  for (const [method, path, body] of routes) {
    const answer = await service.call(method, path, body, { key: userToken });
    expect([path, answer.status, answer.body.code]).toEqual([path, 401, 'unauthenticated']);
  }
});

it('S83: nor does it as somebody’s password', async () => {
  const text = `${shop.application.id}:${userToken}`;
  const headers = { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
  const answer = await service.call('GET', '/v1/users/x/factors', undefined, { key: '', headers });
  expect(answer.status).toBe(401);
});

it('S83: a client token proves nobody: not to a proxy, not to enrol, not as a session', async () => {
  const query = `?audience=${ISSUER}`;
  expect((await forwardAuth(service, { bearer: clientToken, query })).status).toBe(401);
  expect((await forwardAuth(service, { cookie: clientToken, query })).status).toBe(401);
  expect((await enrolWith(clientToken)).body.code).toBe('proof_required');
  const { status } = await refresh(service, clientToken, { key: shop.key });
  expect(status).toBe(400);
});

it('S83: a client token with a user’s claims beside its own is still none of a user', async () => {
  const both = { ...claimsOf(userToken), ...claimsOf(clientToken) };
  const token = signed(headerOf(clientToken), both);
  expect((await ask(token)).status).toBe(200);
  const query = `?audience=${ISSUER}`;
  expect((await forwardAuth(service, { bearer: token, query })).status).toBe(401);
  expect((await enrolWith(token)).body.code).toBe('proof_required');
});

it('S83: a user’s token with a client’s claims beside its own is still none of a client', async () => {
  const token = signed(headerOf(userToken), { ...claimsOf(clientToken), ...claimsOf(userToken) });
  expect((await enrolWith(token)).status).toBe(201);
  expect((await ask(token)).status).toBe(401);
});

it.each<[string, Members]>([
  ['of a user', { typ: 'at+jwt' }],
  ['without a type', { typ: undefined }],
  ['of the type of all', { typ: 'JWT' }],
  ['in capitals', { typ: 'CLIENT+JWT' }],
  ['with its long name', { typ: 'application/client+jwt' }],
  ['of two types', { typ: ['client+jwt', 'at+jwt'] }],
  ['with a content type', { cty: 'client+jwt' }],
])('S83: a client token %s is none', async (_name, change) => {
  const head = { ...headerOf(clientToken), ...change };
  expect((await ask(signed(head, claimsOf(clientToken)))).status).toBe(401);
});

it.each<[string, (claims: Members) => Members]>([
  ['S84: for another service', () => ({ aud: 'https://orders.example' })],
  ['S84: for an application', () => ({ aud: shop.application.id })],
  ['S84: for a list of one', () => ({ aud: [ISSUER] })],
  ['S84: for the address with a slash', () => ({ aud: `${ISSUER}/` })],
  ['S84: for nobody', () => ({ aud: undefined })],
  ['S84: by another issuer', () => ({ iss: 'https://evil.example' })],
  ['about another than it is for', () => ({ sub: 'app_01h455vb4pex5vsknk084sn02q' })],
  [
    'of another application',
    () => ({ sub: service.first.application.id, client_id: service.first.application.id }),
  ],
  ['of an application that does not exist', () => ({ sub: 'app_x', client_id: 'app_x' })],
  ['without the key that it was got with', () => ({ credential_id: undefined })],
  ['with a key that does not exist', () => ({ credential_id: 'key_01h455vb4pex5vsknk084sn02q' })],
  ['with a token for a key', ({ jti }) => ({ credential_id: jti })],
  ['with a list of keys', ({ credential_id }) => ({ credential_id: [credential_id] })],
  ['with a list of scopes', () => ({ scope: ['verify', 'enrol'] })],
  ['bound to a certificate that is not here', () => ({ cnf: { 'x5t#S256': 'a'.repeat(43) } })],
  ['bound to nothing', () => ({ cnf: {} })],
  ['bound to null', () => ({ cnf: null })],
  ['bound to a key besides', () => ({ cnf: { 'x5t#S256': 'a'.repeat(43), jkt: 'a' } })],
  ['S85: without an end', () => ({ exp: undefined })],
])('a client token %s is none', async (_name, change) => {
  const claims = claimsOf(clientToken);
  const token = signed(headerOf(clientToken), { ...claims, ...change(claims) });
  expect((await ask(token)).status).toBe(401);
});

it('S108: a scope that the key has not, or that nobody knows, adds nothing', async () => {
  const limited = await service.register('acme', 'limited', { scopes: ['verify'] });
  const answer = await service.call('POST', '/v1/tokens/client', {}, { key: limited.key });
  const token = signed(headerOf(clientToken), {
    ...claimsOf(answer.body.access_token as string),
    scope: 'verify admin everything',
  });
  expect((await ask(token)).status).toBe(200);
  const { status, body } = await service.call('GET', '/v1/audit', undefined, { key: token });
  expect([status, body.code]).toEqual([403, 'scope_missing']);
});

it('S105: a revoked key leaves no token of it behind, also in introspection', async () => {
  const realm = shop.application.realmName;
  const applications = service.app.get(ApplicationsService);
  const old = await service.register(realm, 'old');
  const answer = await service.call('POST', '/v1/tokens/client', {}, { key: old.key });
  const token = answer.body.access_token as string;
  const fresh = await applications.createKey(old.application.id, ['verify']);
  expect((await introspect(service, token, { key: fresh.key })).body.active).toBe(true);
  const [first] = await applications.listKeys(old.application.id);
  await applications.revokeKey(first?.id ?? '');
  expect((await introspect(service, token, { key: fresh.key })).body).toEqual({ active: false });
});
