/** Who may do what: realms, applications, keys, scopes, and what the audit says of it. */
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { CALLER_KEPT_MS } from '../../src/applications/callers.js';
import type { Scope } from '../../src/applications/api-key.js';
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
  expect((await service.call('GET', '/v1/factors/x%00')).status).toBe(404);
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

it('S108: each route takes the scopes it is for and no other', async () => {
  const routes: readonly [string, string, unknown, readonly Scope[]][] = [
    ['POST', '/v1/users/x/factors', { type: 'totp' }, ['enrol']],
    ['GET', '/v1/users/x/factors', undefined, ['enrol', 'verify']],
    ['POST', '/v1/users/x/verify', { code: '123456' }, ['verify']],
    ['POST', '/v1/challenges', { user_id: 'x', type: 'totp' }, ['verify']],
    ['GET', '/v1/audit', undefined, ['admin']],
    ['PATCH', '/v1/factors/fac_01h455vb4pex5vsknk084sn02q', { name: 'a' }, ['enrol']],
    ['DELETE', '/v1/factors/fac_01h455vb4pex5vsknk084sn02q', undefined, ['enrol']],
  ];
  for (const scope of ['verify', 'enrol', 'admin'] as const) {
    const { key } = await service.register('scopes', `only ${scope}`, { scopes: [scope] });
    for (const [method, path, body, allowed] of routes) {
      const { body: answer, status } = await service.call(method, path, body, { key });
      if (allowed.includes(scope)) expect(status).not.toBe(403);
      else expect([status, answer.code, answer.scopes]).toEqual([403, 'scope_missing', allowed]);
    }
  }
});

it('S107: keys are hashed at rest, two may live, and a revoked one dies within five seconds', async () => {
  const { application, key } = await service.register('keys', 'rotating');
  const applications = service.app.get(ApplicationsService);
  const second = await applications.createKey(application.id, ['verify']);
  await expect(applications.createKey(application.id, ['verify'])).rejects.toThrow('2 live keys');
  expect(key).toMatch(/^ww_[A-Za-z0-9_-]{43}$/);
  const read = () => service.call('GET', '/v1/users/x/factors', undefined, { key });
  expect((await read()).status).toBe(200);
  const [first] = await applications.listKeys(application.id);
  await applications.revokeKey(first?.id ?? '');
  service.clock.advance(CALLER_KEPT_MS / 1000);
  expect((await read()).body.code).toBe('unauthenticated');
  const other = { key: second.key };
  expect((await service.call('GET', '/v1/users/x/factors', undefined, other)).status).toBe(200);
});

it('S15: where the application asks for it, a further factor needs a fresh proof of this user', async () => {
  const careful = await service.register('careful', 'bank', { enrolProofSeconds: 300 });
  const asBank = { key: careful.key };
  const app = await enrol(service, 'zoe', asBank);
  const bystander = await enrol(service, 'yan', asBank);
  service.clock.advance(60);
  const proofOf = async (who: typeof app) => {
    const path = `/v1/users/${who.userId}/verify`;
    return (await service.call('POST', path, { code: who.code() }, asBank)).body
      .access_token as string;
  };
  const add = (proof?: string) =>
    service.call(
      'POST',
      '/v1/users/zoe/factors',
      { type: 'totp', ...(proof && { proof }) },
      asBank,
    );
  expect((await add()).body).toMatchObject({ code: 'proof_required', max_age: 300 });
  expect((await add(await proofOf(bystander))).body.code).toBe('proof_required');
  const proof = await proofOf(app);
  expect((await add(proof)).status).toBe(201);
  service.clock.advance(301);
  expect((await add(proof)).body.code).toBe('proof_required');
});

it('S116: the audit says who did what to which factor, to the realm’s admins alone', async () => {
  const { key } = await service.register('audited', 'app');
  const app = await enrol(service, 'uma', { key });
  service.clock.advance(60);
  await service.call('POST', '/v1/users/uma/verify', { code: '000000' }, { key });
  await service.call('POST', '/v1/users/uma/verify', { code: app.code() }, { key });
  await service.call('PATCH', `/v1/factors/${app.factorId}`, { name: 'new' }, { key });
  const opened = await service.call(
    'POST',
    '/v1/challenges',
    { user_id: 'uma', type: 'totp' },
    { key },
  );
  await service.call('DELETE', `/v1/challenges/${opened.body.id as string}`, undefined, { key });
  await service.call('DELETE', `/v1/factors/${app.factorId}`, undefined, { key });
  const read = async (query: string) =>
    (await service.call('GET', `/v1/audit${query}`, undefined, { key })).body as {
      data: { type: string; actor: string; detail: object; id: string }[];
      next: string | null;
    };
  const { data, next } = await read('?user_id=uma');
  expect(next).toBeNull();
  expect(data.map(({ type }) => type)).toEqual([
    'factor.enrolled',
    'factor.activated',
    'verification.refused',
    'verification.approved',
    'factor.renamed',
    'challenge.created',
    'challenge.canceled',
    'factor.revoked',
  ]);
  expect(data[3]).toMatchObject({
    actor: expect.stringMatching(/^key_/),
    factor_id: app.factorId,
    detail: { failures_before: 1, factor_type: 'totp' },
  });
  expect((await read('')).data.map(({ type }) => type)).toContain('application.created');
  expect((await read('?user_id=ann')).data).toEqual([]);

  const seen: string[] = [];
  for (let n = 0; n < 115; n++)
    await service.call('POST', '/v1/challenges', { user_id: 'many', type: 'totp' }, { key });
  for (let after = ''; ;) {
    const page = await read(`?user_id=many${after}`);
    seen.push(...page.data.map(({ id }) => id));
    if (page.next === null) break;
    after = `&after=${page.next}`;
  }
  expect(seen).toHaveLength(115);
  expect(new Set(seen).size).toBe(115);
});

it('a cap holds against enrolments in parallel', async () => {
  const { key } = await service.register('capped', 'app');
  const answers = await Promise.all(
    Array.from({ length: 30 }, () =>
      service.call('POST', '/v1/users/cap/factors', { type: 'totp' }, { key }),
    ),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
  expect(answers.find(({ status }) => status !== 201)?.body.code).toBe('factor_limit_reached');
});
