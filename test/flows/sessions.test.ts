/** Long logins by refresh token: begun by a proof, renewed at each use, ended by time, by request, by factor. */
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { begin, claimsOf, introspect, refresh } from '../support/sessions.js';

const DAY = 86_400;

let service: TestApplication;
let users = 0;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const newUser = (key?: string): Promise<Authenticator> =>
  enrol(service, `user-${++users}`, { key });

it('a login without a session has none', async () => {
  const { body, headers } = await begin(service, await newUser(), {});
  expect(body).not.toHaveProperty('refresh_token');
  expect(body).not.toHaveProperty('session_id');
  expect(headers['set-cookie']).toBeUndefined();
  expect(claimsOf(body.access_token)).not.toHaveProperty('sid');
});

it('S86: a refresh gives a new token with the old proof', async () => {
  const app = await newUser();
  const { body: first } = await begin(service, app, {
    session: 'refresh_token',
    first_factor: ['pwd'],
    transaction: { amount: 5 },
  });
  expect(first.refresh_token).toMatch(/^wwr_[A-Za-z0-9_-]{91}$/);
  service.clock.advance(3600);
  const { status, body: second, headers } = await refresh(service, first.refresh_token);
  expect(status).toBe(200);
  expect(headers['cache-control']).toBe('no-store');
  expect(second).toMatchObject({
    token_type: 'Bearer',
    expires_in: 900,
    user_id: app.userId,
    factor: { id: app.factorId, type: 'totp' },
    session_id: first.session_id,
    session_expires_at: first.session_expires_at,
  });
  const [then, now] = [claimsOf(first.access_token), claimsOf(second.access_token)];
  const kept = ['iss', 'aud', 'sub', 'client_id', 'sid', 'amr', 'acr', 'auth_time'];
  for (const name of kept) expect(now[name]).toEqual(then[name]);
  expect(now).toMatchObject({ sid: first.session_id, amr: ['pwd', 'otp', 'mfa'], acr: 'aal2' });
  expect(now['iat']).toBe((then['iat'] as number) + 3600);
  expect(now['jti']).not.toBe(then['jti']);
  // What was confirmed once is not confirmed by a refresh.
  expect(then).toHaveProperty('txn_hash');
  expect(now).not.toHaveProperty('txn_hash');
});

it('S93: a session ends when it lies unused, and in the end whatever happens', async () => {
  const { key } = await service.register('short', 'app', {
    sessionIdleSeconds: 2 * DAY,
    sessionSeconds: 5 * DAY,
  });
  const app = await newUser(key);
  const login = async () => (await begin(service, app, undefined, { key })).body;

  const unused = await login();
  service.clock.advance(2 * DAY);
  expect((await refresh(service, unused.refresh_token, { key })).body.code).toBe(
    'refresh_token_invalid',
  );

  let { refresh_token: token } = await login();
  let seconds = 0;
  for (const step of [1.5 * DAY, 1.5 * DAY, 1.5 * DAY, 0.5 * DAY - 600]) {
    service.clock.advance(step);
    seconds += step;
    const answer = await refresh(service, token, { key });
    expect(answer.status).toBe(200);
    token = answer.body.refresh_token;
    // No access token is good for longer than its session.
    expect(answer.body.expires_in).toBe(Math.min(900, 5 * DAY - seconds));
  }
  service.clock.advance(600);
  expect((await refresh(service, token, { key })).status).toBe(400);
});

it('S92: two requests with one token get one successor', async () => {
  const { body } = await begin(service, await newUser());
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => refresh(service, body.refresh_token)),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const successors = new Set(answers.map((answer) => answer.body.refresh_token));
  expect(successors.size).toBe(1);
  service.clock.advance(60);
  expect((await refresh(service, [...successors][0])).status).toBe(200);
});

it('are listed, ended one by one and all together', async () => {
  const app = await newUser();
  const sessions = [];
  for (let n = 0; n < 3; n++) sessions.push((await begin(service, app)).body);
  const path = `/v1/users/${app.userId}/sessions`;
  const listed = async () =>
    (await service.call('GET', path)).body.data.map(({ id }: { id: string }) => id);
  expect(await listed()).toEqual(sessions.map(({ session_id }) => session_id).reverse());
  const { data } = (await service.call('GET', path)).body;
  expect(data[0]).toEqual({
    id: sessions[2].session_id,
    kind: 'refresh_token',
    user_id: app.userId,
    application_id: service.first.application.id,
    factor: { id: app.factorId, type: 'totp' },
    amr: ['otp'],
    acr: 'aal1',
    auth_time: service.clock.now().toISOString(),
    created_at: service.clock.now().toISOString(),
    last_used_at: service.clock.now().toISOString(),
    idle_expires_at: new Date(service.clock.now().getTime() + 7 * DAY * 1000).toISOString(),
    expires_at: new Date(service.clock.now().getTime() + 30 * DAY * 1000).toISOString(),
  });

  const [first, second, third] = sessions;
  expect((await service.call('DELETE', `/v1/sessions/${first.session_id}`)).status).toBe(204);
  expect((await service.call('DELETE', `/v1/sessions/${first.session_id}`)).status).toBe(404);
  expect((await refresh(service, first.refresh_token)).status).toBe(400);
  expect((await refresh(service, second.refresh_token)).status).toBe(200);
  expect(await listed()).toEqual([third.session_id, second.session_id]);
  expect((await service.call('DELETE', path)).status).toBe(204);
  expect(await listed()).toEqual([]);
  expect((await refresh(service, third.refresh_token)).status).toBe(400);
});

it('S98: a proof can take the place of an older session, of the same user alone', async () => {
  const [app, other] = [await newUser(), await newUser()];
  const old = (await begin(service, app)).body;
  const body = { session: 'refresh_token', replaces_session: old.session_id };
  const theirs = (await begin(service, other, body)).body;
  expect(theirs.session_id).not.toBe(old.session_id);
  const renewed = (await begin(service, app, body)).body;
  expect(renewed.session_id).not.toBe(old.session_id);
  expect((await refresh(service, old.refresh_token)).status).toBe(400);
  expect((await refresh(service, renewed.refresh_token)).status).toBe(200);

  // An unknown one is said before the code is used up.
  service.clock.advance(30);
  const path = `/v1/users/${app.userId}/verify`;
  const code = app.code();
  expect((await service.call('POST', path, { code, ...body })).status).toBe(404);
  expect(
    (await service.call('POST', path, { code, replaces_session: old.session_id })).status,
  ).toBe(400);
  expect((await service.call('POST', path, { code })).status).toBe(200);
});

it('S18: end with the factor that began them, unless the application wants otherwise', async () => {
  const keeping = await service.register('keeping', 'app', { sessionsEndWithFactor: false });
  const outcomes = [];
  for (const key of [undefined, keeping.key]) {
    const app = await newUser(key);
    const { body } = await begin(service, app, undefined, { key });
    expect(
      (await service.call('DELETE', `/v1/factors/${app.factorId}`, undefined, { key })).status,
    ).toBe(204);
    const answer = await refresh(service, body.refresh_token, { key });
    const { active } = (await introspect(service, body.access_token, { key })).body;
    outcomes.push([answer.status, active]);
  }
  expect(outcomes).toEqual([
    [400, false],
    [200, true],
  ]);
});

it('S47: a refresh is repeated with its idempotency key', async () => {
  const { body } = await begin(service, await newUser());
  const headers = { 'idempotency-key': 'once' };
  const first = await refresh(service, body.refresh_token, { headers });
  service.clock.advance(600);
  const again = await refresh(service, body.refresh_token, { headers });
  expect(again.text).toBe(first.text);
  expect((await refresh(service, first.body.refresh_token)).status).toBe(200);
});

it('a token can be bound to a certificate, and stays bound', async () => {
  const thumbprint = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0';
  const { body } = await begin(service, await newUser(), {
    session: 'refresh_token',
    certificate_thumbprint: thumbprint,
  });
  const refreshed = (await refresh(service, body.refresh_token)).body;
  for (const { access_token } of [body, refreshed])
    expect(claimsOf(access_token)['cnf']).toEqual({ 'x5t#S256': thumbprint });
});

it('S116: is in the audit from its beginning to its end', async () => {
  const app = await newUser();
  const { body } = await begin(service, app);
  const { refresh_token } = (await refresh(service, body.refresh_token)).body;
  await service.call('POST', '/v1/tokens/revoke', { token: refresh_token });
  const { data } = (await service.call('GET', `/v1/audit?user_id=${app.userId}`)).body;
  const events = data.filter(({ type }: { type: string }) => type.startsWith('session.'));
  expect(events.map(({ type }: { type: string }) => type)).toEqual([
    'session.created',
    'session.refreshed',
    'session.ended',
  ]);
  for (const { detail } of events) expect(detail.session_id).toBe(body.session_id);
  expect(events[2].detail.reason).toBe('revoked');
});
