/** The factors of a user: listed, named, capped, revoked, and guarded by a fresh proof. */
import {
  freshDatabase,
  startApplication,
  type CallOptions,
  type TestApplication,
} from '../support/application.js';
import { enrol, scan, type Authenticator } from '../support/authenticator.js';

let service: TestApplication;
/** A second instance on the same database. */
let replica: TestApplication;

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
beforeEach(() => service.clock.advance(3600));

const begin = (userId: string, body: object = {}, options: CallOptions = {}) =>
  service.call('POST', `/v1/users/${userId}/factors`, { type: 'totp', ...body }, options);
const verify = (app: Authenticator, code = app.code(), options: CallOptions = {}) =>
  service.call('POST', `/v1/users/${app.userId}/verify`, { code }, options);
const list = async (userId: string) =>
  (await service.call('GET', `/v1/users/${userId}/factors`)).body.data as {
    id: string;
    name: string;
  }[];
const path = ({ factorId }: Authenticator) => `/v1/factors/${factorId}`;

it('a user has several factors, each with a name, and all of them work', async () => {
  const apps = [];
  for (const name of ['Telefon 📱', 'tablet', 'safe'])
    apps.push(await enrol(service, 'ada', { body: { name } }));
  const pending = await scan(service, 'ada');
  expect((await list('ada')).map(({ id, name }) => [id, name])).toEqual([
    [apps[0]?.factorId, 'Telefon 📱'],
    [apps[1]?.factorId, 'tablet'],
    [apps[2]?.factorId, 'safe'],
    [pending.factorId, 'Authenticator app'],
  ]);
  service.clock.advance(30);
  for (const app of apps) expect((await verify(app)).body.factor.id).toBe(app.factorId);
  expect(await list('nobody')).toEqual([]);
});

it('shows a factor with its moments and nothing that proves it', async () => {
  const app = await enrol(service, 'bea');
  const activated = service.clock.now().toISOString();
  service.clock.advance(90);
  await verify(app);
  expect((await service.call('GET', path(app))).body).toEqual({
    id: app.factorId,
    type: 'totp',
    name: 'Authenticator app',
    status: 'active',
    user_id: 'bea',
    created_at: activated,
    activated_at: activated,
    last_used_at: service.clock.now().toISOString(),
  });
});

it('renames a factor, and only its name', async () => {
  const app = await enrol(service, 'cy');
  const before = (await service.call('GET', path(app))).body;
  const renamed = await service.call('PATCH', path(app), { name: 'neu <b>&' });
  expect([renamed.status, renamed.body]).toEqual([200, { ...before, name: 'neu <b>&' }]);
  for (const body of [{}, { name: '' }, { name: 'a', status: 'revoked' }, { name: 'a\u2028b' }])
    expect((await service.call('PATCH', path(app), body)).body.code).toBe('invalid_request');
  expect((await list('cy'))[0]?.name).toBe('neu <b>&');
});

it('a revoked factor is not listed, not renamed and not revoked again, and still shown', async () => {
  const app = await enrol(service, 'di');
  expect((await service.call('DELETE', path(app))).status).toBe(204);
  expect(await list('di')).toEqual([]);
  expect((await service.call('PATCH', path(app), { name: 'x' })).status).toBe(404);
  expect((await service.call('DELETE', path(app))).status).toBe(404);
  expect((await service.call('GET', path(app))).body).toMatchObject({ status: 'revoked' });
});

it('an enrolment that ran out is not renamed', async () => {
  const app = await scan(service, 'eli');
  service.clock.advance(600);
  expect((await service.call('PATCH', path(app), { name: 'x' })).status).toBe(404);
});

it('S17: thirty enrolments at once on two instances make exactly ten factors', async () => {
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      (n % 2 ? service : replica).call(
        'POST',
        '/v1/users/flo/factors',
        { type: 'totp' },
        { key: service.first.key },
      ),
    ),
  );
  const codes = answers.map(({ status, body }) => (status === 201 ? 'made' : body.code));
  expect(codes.filter((code) => code === 'made')).toHaveLength(10);
  expect(codes.filter((code) => code === 'factor_limit_reached')).toHaveLength(20);
  expect(await list('flo')).toHaveLength(10);
});

it('the cap counts what lives: a revoked or expired factor makes room', async () => {
  const apps = [];
  for (let n = 0; n < 10; n++) apps.push(await scan(service, 'gus'));
  expect((await begin('gus')).body.code).toBe('factor_limit_reached');
  expect((await begin('gunnar')).status).toBe(201);
  await service.call('DELETE', path(apps[3] as Authenticator));
  expect((await begin('gus')).status).toBe(201);
  expect((await begin('gus')).body.code).toBe('factor_limit_reached');
  service.clock.advance(600);
  expect((await begin('gus')).status).toBe(201);
});

it('S18: a revoked factor is dead at once, on every instance and endpoint', async () => {
  const app = await enrol(service, 'hal');
  const other = await enrol(service, 'hal');
  const key = { key: service.first.key };
  const open = async (more: object) => {
    const body = { user_id: 'hal', type: 'totp', ...more };
    return (await service.call('POST', '/v1/challenges', body)).body.id as string;
  };
  const challenges = [await open({}), await open({ factor_id: app.factorId })];
  service.clock.advance(60);
  expect((await service.call('DELETE', path(app))).status).toBe(204);
  for (const instance of [replica, service]) {
    const answers = [
      await instance.call('POST', '/v1/users/hal/verify', { code: app.code() }, key),
      await instance.call(
        'POST',
        '/v1/users/hal/verify',
        { code: app.code(), factor_id: app.factorId },
        key,
      ),
    ];
    for (const id of challenges)
      answers.push(
        await instance.call('POST', `/v1/challenges/${id}/verify`, { code: app.code() }, key),
      );
    expect(answers.map(({ body }) => body.code as string)).toEqual([
      'code_incorrect',
      'not_found',
      'code_incorrect',
      'not_found',
    ]);
  }
  expect((await verify(other)).status).toBe(200);
});

it('S18: a factor that is revoked while its codes are on their way earns at most one token', async () => {
  const app = await enrol(service, 'ida');
  service.clock.advance(60);
  const answers = await Promise.all([
    verify(app),
    service.call('DELETE', path(app)),
    verify(app),
    verify(app),
  ]);
  expect(answers.filter(({ status }) => status === 200).length).toBeLessThan(2);
  expect(answers[1].status).toBe(204);
  service.clock.advance(30);
  expect((await verify(app)).body.code).toBe('code_incorrect');
});

describe('S15: where the application wants a fresh proof before a further factor', () => {
  const asked = { enrolProofSeconds: 300 };

  const proofOf = async (app: Authenticator, options: CallOptions = {}) => {
    const answer = await verify(app, app.code(), options);
    expect(answer.status).toBe(200);
    return answer.body.access_token as string;
  };

  it('the first factor needs none, and an unfinished one asks for none', async () => {
    const { key } = await service.register('s15 first', 'bank', asked);
    expect((await begin('ann', {}, { key })).status).toBe(201);
    expect((await begin('ann', {}, { key })).status).toBe(201);
  });

  it('takes a fresh proof of this user by this application, and nothing else', async () => {
    const { key } = await service.register('s15 bank', 'bank', { ...asked, audience: 'shared' });
    const colleague = await service.register('s15 bank', 'other', { audience: 'shared' });
    const app = await enrol(service, 'ben', { key });
    const bystander = await enrol(service, 'bob', { key });
    service.clock.advance(60);
    const stale = await proofOf(app, { key });
    service.clock.advance(301);
    const ofOther = await proofOf(app, { key: colleague.key });
    const ofBystander = await proofOf(bystander, { key });
    const refused = [undefined, '', 'x.y.z', 'eyJ', stale, ofOther, ofBystander];
    for (const proof of refused) {
      const answer = await begin('ben', { ...(proof !== undefined && { proof }) }, { key });
      expect([answer.status, answer.body.code]).toEqual([403, 'proof_required']);
      expect(answer.body.max_age).toBe(300);
    }
    service.clock.advance(30);
    const fresh = await proofOf(app, { key });
    service.clock.advance(300);
    expect((await begin('ben', { proof: fresh }, { key })).status).toBe(201);
    service.clock.advance(1);
    expect((await begin('ben', { proof: fresh }, { key })).body.code).toBe('proof_required');
  });

  it('an enrolment begun before the first factor is not finished after it without a proof', async () => {
    const { key } = await service.register('s15 before', 'bank', asked);
    const finish = (app: Authenticator) =>
      service.call('POST', `${path(app)}/activate`, { code: app.code() }, { key });
    const [early, first] = [
      await scan(service, 'dan', { key }),
      await scan(service, 'dan', { key }),
    ];
    service.clock.advance(60);
    expect((await finish(first)).status).toBe(200);
    const refused = await finish(early);
    expect([refused.status, refused.body.code]).toEqual([403, 'proof_required']);
    service.clock.advance(60);
    const proof = await proofOf(first, { key });
    const proven = await scan(service, 'dan', { key, body: { proof } });
    expect((await finish(proven)).status).toBe(200);
    expect((await finish(early)).body.code).toBe('proof_required');
  });

  it('removing an active factor takes the same proof, as a header', async () => {
    const { key } = await service.register('s15 removal', 'bank', asked);
    const app = await enrol(service, 'fay', { key });
    const bystander = await enrol(service, 'gus', { key });
    const remove = (id: string, proof?: string) =>
      service.call('DELETE', `/v1/factors/${id}`, undefined, {
        key,
        headers: { ...(proof !== undefined && { 'watchword-proof': proof }) },
      });
    service.clock.advance(60);
    const stale = await proofOf(app, { key });
    const pending = await scan(service, 'fay', { key, body: { proof: stale } });
    service.clock.advance(301);
    const ofBystander = await proofOf(bystander, { key });
    for (const proof of [undefined, '', stale, ofBystander]) {
      const answer = await remove(app.factorId, proof);
      expect([answer.status, answer.body.code]).toEqual([403, 'proof_required']);
    }
    expect((await remove(pending.factorId)).status).toBe(204);
    expect((await remove(app.factorId, await proofOf(app, { key }))).status).toBe(204);
    expect((await remove('fac_01h455vb4pex5vsknk084sn02q')).status).toBe(404);
  });

  it('of two first enrolments that are finished at once, one is the first', async () => {
    const { key } = await service.register('s15 race', 'bank', asked);
    const apps = [await scan(service, 'eve', { key }), await scan(service, 'eve', { key })];
    service.clock.advance(30);
    const answers = await Promise.all(
      apps.map((app) =>
        service.call('POST', `${path(app)}/activate`, { code: app.code() }, { key }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
  });

  it('a refused enrolment leaves nothing behind', async () => {
    const { key } = await service.register('s15 clean', 'bank', asked);
    const app = await enrol(service, 'cat', { key });
    await begin('cat', { proof: 'no' }, { key });
    const shown = await service.call('GET', '/v1/users/cat/factors', undefined, { key });
    expect(shown.body.data).toHaveLength(1);
    expect(shown.body.data[0].id).toBe(app.factorId);
  });
});
