/** What nginx, Traefik and Caddy ask for each request: may it pass, and who is it? */
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { forwardAuth } from '../support/browser-request.js';
import { begin, cookieOf } from '../support/sessions.js';

let service: TestApplication;
let users = 0;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

async function login(body: Record<string, unknown> = {}, userId = `user-${++users}`) {
  const app = await enrol(service, userId);
  const answer = await begin(service, app, { session: 'cookie', ...body });
  return {
    cookie: cookieOf(answer),
    bearer: answer.body.access_token as string,
    sessionId: answer.body.session_id as string,
    userId,
  };
}

it.each(['cookie', 'bearer'] as const)('lets a good %s pass and says who it is', async (kind) => {
  const { sessionId, userId, ...carried } = await login({ first_factor: ['pwd'] });
  const { status, headers, text } = await forwardAuth(service, { [kind]: carried[kind] });
  expect([status, text]).toEqual([200, '']);
  expect(headers).toMatchObject({
    'x-watchword-user': userId,
    'x-watchword-amr': 'pwd otp mfa',
    'x-watchword-acr': 'aal2',
    'x-watchword-auth-time': service.clock.now().toISOString(),
    'x-watchword-application': service.first.application.id,
    'x-watchword-session': sessionId,
    'cache-control': 'no-store',
  });
  expect(headers['set-cookie']).toBeUndefined();
});

it.each([
  ['ann@example.com', 'ann@example.com'],
  ['Zoë', 'Zo%C3%AB'],
  ['a b', 'a%20b'],
  ['100%25', '100%2525'],
  ['名前', '%E5%90%8D%E5%89%8D'],
])('a name such as %j goes into a header whole', async (userId, header) => {
  const app = await enrol(service, userId);
  const cookie = cookieOf(await begin(service, app, { session: 'cookie' }));
  const { headers } = await forwardAuth(service, { cookie });
  expect(headers['x-watchword-user']).toBe(header);
  expect(decodeURIComponent(header)).toBe(userId);
});

it('asks who has nothing to log in, without a reason that would tell a guesser anything', async () => {
  const { cookie, bearer } = await login();
  const none = await forwardAuth(service, {});
  expect([none.status, none.body.code]).toEqual([401, 'proof_missing']);
  expect(none.headers['www-authenticate']).toBe('Bearer realm="watchword"');
  const bad = [
    { cookie: '' },
    { cookie: 'x' },
    { cookie: cookie.slice(1) },
    { cookie: `${cookie}x` },
    { cookie: cookie.replace(/^./, (sign) => (sign === 'A' ? 'B' : 'A')) },
    { bearer: 'x' },
    { bearer: bearer.slice(0, -2) },
    { bearer: service.first.key },
    // Two of one name: nobody knows which of them the browser was meant to have.
    { headers: { cookie: `__Host-watchword=${cookie}; __Host-watchword=${cookie}` } },
    { headers: { cookie: `__host-watchword=${cookie}` } },
    { headers: { cookie: `x__Host-watchword=${cookie}` } },
  ];
  for (const request of bad) {
    const { status, body } = await forwardAuth(service, request);
    expect([request, status]).toEqual([request, 401]);
    expect({ ...body, request_id: '' }).toEqual({ ...none.body, request_id: '' });
  }
  // A bearer that is no good is not made good by a cookie that is.
  expect((await forwardAuth(service, { cookie, bearer: 'x' })).status).toBe(401);
});

it('S90: an ended session is over with the next request', async () => {
  const { cookie, bearer, sessionId } = await login();
  await service.call('DELETE', `/v1/sessions/${sessionId}`);
  expect((await forwardAuth(service, { cookie })).status).toBe(401);
  expect((await forwardAuth(service, { bearer })).status).toBe(401);
});

describe('S87: a location may ask for more', () => {
  it('for strength, methods and age, and says what is missing (RFC 9470)', async () => {
    const { cookie } = await login();
    const ask = (query: string) => forwardAuth(service, { cookie, query });
    const weak = await ask('?acr=aal2&max_age=300');
    expect([weak.status, weak.body.code]).toEqual([401, 'proof_insufficient']);
    expect(weak.body).toMatchObject({ acr: 'aal2', max_age: 300 });
    expect(weak.headers['www-authenticate']).toBe(
      'Bearer realm="watchword", error="insufficient_user_authentication", ' +
        'error_description="A stronger or fresher proof is needed", acr_values="aal2", max_age="300"',
    );
    for (const [query, status] of [
      ['?acr=aal1', 200],
      ['?amr=otp', 200],
      ['?amr=pwd', 401],
      ['?amr=otp,pwd', 401],
      ['?max_age=0', 200],
    ] as const)
      expect([query, (await ask(query)).status]).toEqual([query, status]);
    service.clock.advance(300);
    expect((await ask('?max_age=300')).status).toBe(200);
    service.clock.advance(1);
    expect((await ask('?max_age=300')).status).toBe(401);
  });

  it('S86: a refreshed token is as old as its proof', async () => {
    const app = await enrol(service, `user-${++users}`);
    const { body } = await begin(service, app);
    service.clock.advance(600);
    const refreshing = { refresh_token: body.refresh_token as string };
    const { access_token } = (await service.call('POST', '/v1/tokens/refresh', refreshing)).body;
    const status = async (query: string) =>
      (await forwardAuth(service, { bearer: access_token as string, query })).status;
    expect(await status('?max_age=600')).toBe(200);
    expect(await status('?max_age=599')).toBe(401);
  });

  it('and is told where it asks for what there is not', async () => {
    const { cookie } = await login();
    const queries = ['?acr=aal3', '?acr=aal1&acr=aal2', '?amr=', '?amr=otp;', '?max_age=-1'];
    for (const query of [...queries, '?max_age=1e3', '?maxage=1', '?audience=']) {
      const { status, body } = await forwardAuth(service, { cookie, query });
      expect([query, status, body.code]).toEqual([query, 400, 'invalid_request']);
    }
  });
});

it('a token that is bound to a certificate is not carried by whoever has none', async () => {
  const certificate_thumbprint = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0';
  const { bearer } = await login({ certificate_thumbprint });
  expect((await forwardAuth(service, { bearer })).status).toBe(401);
});

describe('S106: several realms and applications', () => {
  it('an audience says whose sessions count; without one there has to be one realm', async () => {
    const { cookie, bearer } = await login();
    const { audience, realmName } = service.first.application;
    expect((await forwardAuth(service, { cookie })).status).toBe(200);
    await service.register(realmName, 'second', { audience: 'https://second.example' });
    const status = async (kind: object, query = '') =>
      (await forwardAuth(service, { ...kind, query })).status;
    for (const kind of [{ cookie }, { bearer }]) {
      expect(await status(kind)).toBe(200);
      expect(await status(kind, `?audience=${audience}`)).toBe(200);
      expect(await status(kind, '?audience=https://second.example')).toBe(401);
      expect(await status(kind, '?audience=nobody')).toBe(401);
    }
    // Somebody else's user of the same name must not pass for this one.
    await service.register('another realm');
    for (const kind of [{ cookie }, { bearer }]) {
      expect(await status(kind)).toBe(401);
      expect(await status(kind, `?audience=${audience}`)).toBe(200);
    }
  });
});
