/** What a token is worth now (RFC 7662) and its end before its time (RFC 7009), on every replica alike. */
import { deleteExpired } from '../../src/storage/housekeeping.js';
import { UsersService } from '../../src/users/users.service.js';
import {
  freshDatabase,
  startApplication,
  type Registered,
  type TestApplication,
} from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { begin, claimsOf, cookieOf, introspect, refresh } from '../support/sessions.js';

let service: TestApplication;
let replica: TestApplication;
let users = 0;

beforeAll(async () => {
  const driver = await freshDatabase();
  service = await startApplication({ driver });
  const { clock, keyring } = service;
  replica = await startApplication({ driver, clock, keyring });
});
afterAll(async () => {
  await replica.app.close();
  await service.close();
});

const login = async (body?: Record<string, unknown>, key?: string) =>
  begin(service, await enrol(service, `user-${++users}`, { key }), body, { key });

const revoke = (token: string, key?: string) =>
  service.call('POST', '/v1/tokens/revoke', { token }, { key });

it('says of a good token what it says itself', async () => {
  const { body } = await login({ first_factor: ['pwd'] });
  const answer = await introspect(service, body.access_token);
  expect(answer.status).toBe(200);
  expect(answer.headers['cache-control']).toBe('no-store');
  const claims = claimsOf(body.access_token);
  expect(answer.body).toEqual({ active: true, token_type: 'Bearer', ...claims });
});

it('says of a session by either of its kinds what it was begun with', async () => {
  const [{ body }, cookie] = [await login(), await login({ session: 'cookie' })];
  for (const [token, kind, sid] of [
    [body.refresh_token, 'refresh_token', body.session_id],
    [cookieOf(cookie), 'cookie', cookie.body.session_id],
  ] as const) {
    const { sub, client_id, ...shown } = (await introspect(service, token)).body;
    expect([sub, client_id]).toEqual([expect.any(String), service.first.application.id]);
    expect(shown).toMatchObject({ active: true, token_type: kind, sid, amr: ['otp'], acr: 'aal1' });
    expect(JSON.stringify(shown)).not.toContain(token);
  }
});

it('says nothing but inactive of whatever is not good', async () => {
  const { body } = await login();
  const { refresh_token: newest } = (await refresh(service, body.refresh_token)).body;
  const expired = (await login({})).body.access_token as string;
  service.clock.advance(900 + 60);
  const bad = [
    'x',
    '.',
    '..',
    'a.b.c',
    'wwr_',
    `${body.access_token}x`,
    body.access_token,
    expired,
  ];
  for (const token of [...bad, body.refresh_token, 'A'.repeat(43)])
    expect((await introspect(service, token)).body).toEqual({ active: false });
  expect((await introspect(service, newest)).body.active).toBe(true);
});

describe('S105: tokens of others', () => {
  let owner: Registered;
  let sibling: Registered;
  let neighbour: Registered;
  let other: Registered;

  beforeAll(async () => {
    const audience = 'https://shop.example';
    owner = await service.register('shop', 'web', { audience });
    sibling = await service.register('shop', 'api', { audience });
    neighbour = await service.register('shop', 'else');
    other = await service.register('another shop', 'web', { audience });
  });

  it('are known to who issued them and to whom they are for, within the realm', async () => {
    const { body } = await login(undefined, owner.key);
    const seen = async (token: string) =>
      Promise.all(
        [owner, sibling, neighbour, other].map(
          async ({ key }) => (await introspect(service, token, { key })).body.active as boolean,
        ),
      );
    expect(await seen(body.access_token)).toEqual([true, true, false, false]);
    // A refresh token is between the application and this service.
    expect(await seen(body.refresh_token)).toEqual([true, false, false, false]);
    const cookie = await login({ session: 'cookie' }, owner.key);
    expect(await seen(cookieOf(cookie))).toEqual([true, false, false, false]);
  });

  it('are ended by who issued them alone; nobody is told which it was', async () => {
    const { body } = await login(undefined, owner.key);
    const cookie = await login({ session: 'cookie' }, owner.key);
    const tokens = [body.access_token, body.refresh_token, cookieOf(cookie)];
    const isActive = async (token: string) =>
      (await introspect(service, token, { key: owner.key })).body.active as boolean;
    for (const { key } of [sibling, neighbour, other])
      for (const token of tokens) expect((await revoke(token, key)).status).toBe(204);
    for (const token of tokens) expect(await isActive(token)).toBe(true);
    for (const token of tokens) expect((await revoke(token, owner.key)).status).toBe(204);
    for (const token of tokens) expect(await isActive(token)).toBe(false);
  });
});

it('S90: what one replica has revoked is dead on the other with the next question', async () => {
  const key = service.first.key;
  const [alone, one, all, cookie] = [
    (await login({})).body,
    (await login()).body,
    (await login()).body,
    await login({ session: 'cookie' }),
  ];
  const there = async (token: string) =>
    (await introspect(replica, token, { key })).body.active as boolean;
  const tokens: string[] = [alone.access_token, one.access_token, all.access_token];
  tokens.push(cookie.body.access_token as string, cookieOf(cookie));
  expect(await Promise.all(tokens.map(there))).toEqual(tokens.map(() => true));
  await revoke(alone.access_token);
  expect(await there(alone.access_token)).toBe(false);
  await service.call('DELETE', `/v1/sessions/${one.session_id}`);
  expect(await there(one.access_token)).toBe(false);
  await revoke(all.refresh_token);
  expect(await there(all.access_token)).toBe(false);
  await revoke(cookieOf(cookie));
  expect(await there(cookie.body.access_token)).toBe(false);
  expect(await there(cookieOf(cookie))).toBe(false);
  expect((await refresh(replica, all.refresh_token, { key })).status).toBe(400);
});

it('a token alone is revoked without its session, and once more changes nothing', async () => {
  const { body } = await login();
  for (let n = 0; n < 2; n++) expect((await revoke(body.access_token)).status).toBe(204);
  expect((await introspect(service, body.access_token)).body.active).toBe(false);
  const refreshed = (await refresh(service, body.refresh_token)).body;
  expect((await introspect(service, refreshed.access_token)).body.active).toBe(true);
});

it('a refresh token that was used up before still ends its session', async () => {
  const { body } = await login();
  const { refresh_token: newest } = (await refresh(service, body.refresh_token)).body;
  expect((await revoke(body.refresh_token)).status).toBe(204);
  expect((await refresh(service, newest)).status).toBe(400);
});

it('RFC 7009: a hint is taken, right or wrong, and other members are not', async () => {
  for (const token_type_hint of ['access_token', 'refresh_token', 'nonsense']) {
    const { body } = await login();
    const request = { token: body.refresh_token, token_type_hint };
    expect((await service.call('POST', '/v1/tokens/introspect', request)).body.active).toBe(true);
    expect((await service.call('POST', '/v1/tokens/revoke', request)).status).toBe(204);
    expect((await refresh(service, body.refresh_token)).status).toBe(400);
  }
  for (const body of [{}, { token: '' }, { token: 1 }, { token: 'x', sid: 'ses_x' }])
    for (const path of ['introspect', 'revoke'])
      expect((await service.call('POST', `/v1/tokens/${path}`, body)).status).toBe(400);
});

it('a user who is erased takes the sessions along', async () => {
  const { body } = await login();
  const { sub } = claimsOf(body.access_token);
  const { realmId } = service.first.application;
  expect(await service.app.get(UsersService).erase(realmId, String(sub))).toBe(true);
  expect((await introspect(service, body.access_token)).body).toEqual({ active: false });
  expect((await refresh(service, body.refresh_token)).status).toBe(400);
});

it('nothing of it stays when its time is over', async () => {
  const { body } = await login();
  await revoke((await login({})).body.access_token as string);
  await service.call('DELETE', `/v1/sessions/${body.session_id}`);
  const left = async () => {
    const { kysely } = service.database;
    const [sessions, revoked] = await Promise.all([
      kysely.selectFrom('sessions').select('id').execute(),
      kysely.selectFrom('revoked_tokens').select('jti').execute(),
    ]);
    return [sessions.length, revoked.length];
  };
  await deleteExpired(service.database, service.clock.now());
  const [, kept] = await left();
  expect(kept).toBeGreaterThan(0);
  service.clock.advance(900 + 61);
  await deleteExpired(service.database, service.clock.now());
  expect((await left())[1]).toBe(0);
  // An ended session is kept until its tokens could not be refreshed anyway, and a day more.
  service.clock.advance(31 * 86_400);
  await deleteExpired(service.database, service.clock.now());
  expect(await left()).toEqual([0, 0]);
});
