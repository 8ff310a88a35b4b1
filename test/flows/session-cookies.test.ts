/** Sessions for browsers: an application receives the session as a cookie and hands it on. */
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { forwardAuth } from '../support/browser-request.js';
import { begin, claimsOf, cookieOf } from '../support/sessions.js';

const DAY = 86_400;

let service: TestApplication;
let users = 0;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const newUser = (key?: string) => enrol(service, `user-${++users}`, { key });
const byCookie = { session: 'cookie' };

it('S97: comes as a Set-Cookie line with every protection there is', async () => {
  const { headers, body } = await begin(service, await newUser(), byCookie);
  expect(headers['set-cookie']).toMatch(
    /^__Host-watchword=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000$/,
  );
  expect(headers['cache-control']).toBe('no-store');
  expect(body).not.toHaveProperty('refresh_token');
  expect(body).toMatchObject({ session_id: expect.stringMatching(/^ses_/) as string });
  expect(claimsOf(body.access_token)['sid']).toBe(body.session_id);
});

it('S97: holds an opaque id and nothing else, of which only a hash is stored', async () => {
  const answer = await begin(service, await newUser(), byCookie);
  const id = cookieOf(answer);
  expect(answer.text).not.toContain(id);
  const row = await service.database.kysely
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', answer.body.session_id as string)
    .executeTakeFirstOrThrow();
  const stored = JSON.stringify(row, (_name, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
  expect(stored).not.toContain(id);
  expect(stored).not.toContain(Buffer.from(id, 'base64url').toString('latin1'));
});

it('S98: each proof has an id of its own, and ends the one that it replaces', async () => {
  const app = await newUser();
  const first = await begin(service, app, byCookie);
  const second = await begin(service, app, {
    ...byCookie,
    replaces_session: first.body.session_id as string,
  });
  expect(cookieOf(second)).not.toBe(cookieOf(first));
  expect((await forwardAuth(service, { cookie: cookieOf(first) })).status).toBe(401);
  expect((await forwardAuth(service, { cookie: cookieOf(second) })).status).toBe(200);
});

it('S93: lasts while it is used, and ends in the end whatever happens', async () => {
  const { key } = await service.register(service.first.application.realmName, 'short', {
    sessionIdleSeconds: 2 * DAY,
    sessionSeconds: 5 * DAY,
  });
  const app = await newUser(key);
  const login = async () => cookieOf(await begin(service, app, byCookie, { key }));
  const status = async (cookie: string) => (await forwardAuth(service, { cookie })).status;

  const unused = await login();
  service.clock.advance(2 * DAY);
  expect(await status(unused)).toBe(401);

  const used = await login();
  for (const days of [1.5, 1.5, 1.5]) {
    service.clock.advance(days * DAY);
    expect(await status(used)).toBe(200);
  }
  service.clock.advance(0.5 * DAY);
  expect(await status(used)).toBe(401);
});

it('a cookie is no refresh token, and a refresh token no cookie', async () => {
  const [cookie, token] = [
    await begin(service, await newUser(), byCookie),
    await begin(service, await newUser()),
  ];
  const refreshing = { refresh_token: cookieOf(cookie) };
  expect((await service.call('POST', '/v1/tokens/refresh', refreshing)).status).toBe(400);
  const refreshToken = token.body.refresh_token as string;
  expect((await forwardAuth(service, { cookie: refreshToken })).status).toBe(401);
  expect((await forwardAuth(service, { bearer: refreshToken })).status).toBe(401);
  expect((await forwardAuth(service, { bearer: cookieOf(cookie) })).status).toBe(401);
});

it('S47: a login repeated with its idempotency key sets the same cookie', async () => {
  const app = await newUser();
  const headers = { 'idempotency-key': 'once' };
  const body = { ...byCookie, code: '' };
  service.clock.advance(30);
  body.code = app.code();
  const send = () => service.call('POST', `/v1/users/${app.userId}/verify`, body, { headers });
  const [first, again] = [await send(), await send()];
  expect(cookieOf(again)).toBe(cookieOf(first));
  expect(cookieOf(first)).not.toBe('');
  const { data } = (await service.call('GET', `/v1/users/${app.userId}/sessions`)).body;
  expect(data).toHaveLength(1);
});

it('the login by a phone number and by a challenge give sessions too', async () => {
  const app = await newUser();
  const challenge = await service.call('POST', '/v1/challenges', {
    user_id: app.userId,
    type: 'totp',
  });
  service.clock.advance(30);
  const path = `/v1/challenges/${challenge.body.id}/verify`;
  const answer = await service.call('POST', path, { code: app.code(), ...byCookie });
  expect((await forwardAuth(service, { cookie: cookieOf(answer) })).status).toBe(200);
});
