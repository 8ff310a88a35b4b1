/** Realms: what is another's looks missing, and the API key alone says which realm is meant. */
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';

let service: TestApplication;
let stranger: Registered;

beforeAll(async () => {
  service = await startApplication();
  stranger = await service.register('another realm');
});
afterAll(() => service.close());

it('S105: what belongs to another realm or application looks like what is missing', async () => {
  const app = await enrol(service, 'ann');
  const created = await service.call('POST', '/v1/challenges', { user_id: 'ann', type: 'totp' });
  const colleague = await service.register(service.first.application.realmName, 'colleague');
  const ids = { factor: app.factorId, challenge: created.body.id as string };
  const missing = {
    factor: 'fac_01h455vb4pex5vsknk084sn02q',
    challenge: 'chl_01h455vb4pex5vsknk084sn02q',
  };
  const routes = (of: typeof ids) =>
    [
      ['GET', `/v1/factors/${of.factor}`],
      ['GET', `/v1/factors/${of.factor}/qr.svg`],
      ['GET', `/v1/factors/${of.factor}/qr.png`],
      ['GET', `/v1/factors/${of.factor}/qr.txt`],
      ['POST', `/v1/factors/${of.factor}/activate`, { code: '123456' }],
      ['PATCH', `/v1/factors/${of.factor}`, { name: 'mine' }],
      ['DELETE', `/v1/factors/${of.factor}`],
      ['GET', `/v1/challenges/${of.challenge}`],
      ['POST', `/v1/challenges/${of.challenge}/verify`, { code: '123456' }],
      ['DELETE', `/v1/challenges/${of.challenge}`],
      ['POST', '/v1/users/ann/verify', { code: '123456', factor_id: of.factor }],
      ['POST', '/v1/challenges', { user_id: 'ann', type: 'totp', factor_id: of.factor }],
    ] as const;
  for (const [n, [method, path, body]] of routes(ids).entries()) {
    const foreign = await service.call(method, path, body, { key: stranger.key });
    const [, gonePath, goneBody] = routes(missing)[n] ?? [];
    const gone = await service.call(method, gonePath ?? '', goneBody);
    expect([path, foreign.status, foreign.body.code]).toEqual([path, 404, 'not_found']);
    expect({ ...foreign.body, request_id: '' }).toEqual({ ...gone.body, request_id: '' });
  }
  // S27: a challenge is its application's, even within a realm.
  const { status } = await service.call('GET', `/v1/challenges/${ids.challenge}`, undefined, {
    key: colleague.key,
  });
  expect(status).toBe(404);
});

it('S105: what cannot be an id looks like what is missing, on every route', async () => {
  const known = await enrol(service, 'bob');
  const tail = known.factorId.slice(4);
  const odd = ['x', '1', '%00', '..', '%2e%2e', `${tail}0`, tail.toUpperCase(), 'é', "'--", '%'];
  const shapes = [...odd, `fac_${tail}x`, `FAC_${tail}`, `chl${tail}`, 'x'.repeat(3000), ' '];
  const routes = [
    ['GET', 'factors', ''],
    ['GET', 'factors', '/qr.svg'],
    ['GET', 'factors', '/qr.png'],
    ['GET', 'factors', '/qr.txt'],
    ['POST', 'factors', '/activate', { code: '123456' }],
    ['PATCH', 'factors', '', { name: 'x' }],
    ['DELETE', 'factors', ''],
    ['GET', 'challenges', ''],
    ['POST', 'challenges', '/verify', { code: '123456' }],
    ['DELETE', 'challenges', ''],
  ] as const;
  const missing = (await service.call('GET', '/v1/factors/fac_01h455vb4pex5vsknk084sn02q')).body;
  for (const [method, folder, end, body] of routes)
    // An id of the other kind is none here either.
    for (const shape of [...shapes, folder === 'factors' ? `chl_${tail}` : `fac_${tail}`]) {
      // What no address may hold is refused before there is a route.
      if (shape === '%' || shape === ' ') continue;
      const answer = await service.call(method, `/v1/${folder}/${shape}${end}`, body);
      expect([method, shape, answer.status, answer.body.code]).toEqual([
        method,
        shape,
        404,
        'not_found',
      ]);
      expect({ ...answer.body, request_id: '' }).toEqual({ ...missing, request_id: '' });
    }
});

it('S105: another realm’s user looks like one nobody has heard of', async () => {
  await enrol(service, 'cat');
  const path = '/v1/users/cat/factors';
  const seen = await service.call('GET', path, undefined, { key: stranger.key });
  expect([seen.status, seen.body]).toEqual([200, { data: [] }]);
  const listed = await service.call('GET', path);
  expect(listed.body.data).toHaveLength(1);
});

it('S106: the same user id in two realms is two users; in two applications of one realm it is one', async () => {
  const app = await enrol(service, 'sam');
  const colleague = await service.register(service.first.application.realmName, 'second app');
  service.clock.advance(60);
  const code = app.code();
  const verify = (key: string) => service.call('POST', '/v1/users/sam/verify', { code }, { key });
  expect((await verify(stranger.key)).body.code).toBe('code_incorrect');
  const answer = await verify(colleague.key);
  expect(answer.status).toBe(200);
  const claims = JSON.parse(
    Buffer.from((answer.body.access_token as string).split('.')[1] ?? '', 'base64url').toString(),
  ) as unknown;
  expect(claims).toMatchObject({
    client_id: colleague.application.id,
    aud: colleague.application.id,
  });
});

it('S106: neither header, query nor body says which realm is meant', async () => {
  const app = await enrol(service, 'tom');
  service.clock.advance(60);
  const { realmId, id, realmName } = service.first.application;
  const asStranger = { key: stranger.key };
  const headers = {
    'x-realm': realmName,
    'x-realm-id': realmId,
    'x-application-id': id,
    host: realmName,
    'x-forwarded-host': realmName,
  };
  const code = app.code();
  const answers = [
    await service.call('POST', '/v1/users/tom/verify', { code }, { ...asStranger, headers }),
    await service.call('POST', `/v1/users/tom/verify?realm=${realmId}`, { code }, asStranger),
  ];
  for (const { body } of answers) expect(body.code).toBe('code_incorrect');
  for (const member of ['realm', 'realm_id', 'application_id', 'client_id']) {
    const body = { code, [member]: realmId };
    const answer = await service.call('POST', '/v1/users/tom/verify', body, asStranger);
    expect(answer.body.code).toBe('invalid_request');
  }
  expect((await service.call('POST', '/v1/users/tom/verify', { code })).status).toBe(200);
});
