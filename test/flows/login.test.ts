/** A whole login, and what keeps a code from being good twice. */
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, scan, type Authenticator } from '../support/authenticator.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const verify = (app: Authenticator, code: string, more: object = {}) =>
  service.call('POST', `/v1/users/${encodeURIComponent(app.userId)}/verify`, { code, ...more });

const challenge = async (app: Authenticator, more: object = {}) => {
  const body = { user_id: app.userId, type: 'totp', ...more };
  const answer = await service.call('POST', '/v1/challenges', body);
  expect(answer.status).toBe(201);
  return answer.body.id as string;
};

const verifyChallenge = (id: string, code: string) =>
  service.call('POST', `/v1/challenges/${id}/verify`, { code });

it('turns the code of an authenticator app into a JWT that an independent library accepts', async () => {
  const app = await enrol(service, 'ada');
  service.clock.advance(30);
  const answer = await verify(app, app.code(), {
    first_factor: ['pwd'],
    transaction: { b: 1, a: 2 },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers['cache-control']).toBe('no-store');
  const keys = (await service.call('GET', '/.well-known/jwks.json', undefined, { key: '' })).body;
  const { payload, protectedHeader } = await jwtVerify(
    answer.body.access_token,
    createLocalJWKSet(keys as JSONWebKeySet),
    {
      issuer: 'https://mfa.example',
      audience: service.first.application.audience,
      algorithms: ['ES256'],
      typ: 'at+jwt',
      currentDate: service.clock.now(),
    },
  );
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
  const now = Math.floor(service.clock.now().getTime() / 1000);
  expect(payload).toEqual({
    iss: 'https://mfa.example',
    aud: service.first.application.audience,
    sub: 'ada',
    client_id: service.first.application.id,
    iat: now,
    nbf: now,
    exp: now + 900,
    jti: expect.stringMatching(/^jti_/),
    amr: ['pwd', 'otp', 'mfa'],
    acr: 'aal2',
    auth_time: now,
    // SHA-256 of {"a":2,"b":1}, the canonical form.
    txn_hash: '02JqwwqH5vemQoIzs8aCmZdoZfpVCOQmfFQVx2r3p3I',
  });
});

it('S86: without a first factor the token claims one method and aal1', async () => {
  const app = await enrol(service, 'bo');
  service.clock.advance(30);
  const { body } = await verify(app, app.code());
  const claims = JSON.parse(
    Buffer.from(body.access_token.split('.')[1], 'base64url').toString(),
  ) as Record<string, unknown>;
  expect(claims).toMatchObject({ amr: ['otp'], acr: 'aal1' });
});

it('S12, S13: a pending factor proves nothing, and its activation code is spent by activating', async () => {
  const app = await scan(service, 'cy');
  expect((await verify(app, app.code())).body.code).toBe('code_incorrect');
  const activated = await service.call('POST', `/v1/factors/${app.factorId}/activate`, {
    code: app.code(),
  });
  expect(activated.body.status).toBe('active');
  expect((await verify(app, app.code())).body.code).toBe('code_incorrect');
  expect((await verifyChallenge(await challenge(app), app.code())).body.code).toBe(
    'code_incorrect',
  );
});

it('S23, S24: one code succeeds once on every endpoint, and no older one after it', async () => {
  const app = await enrol(service, 'di');
  service.clock.advance(90);
  const older = app.code(-1);
  const [one, other] = [await challenge(app), await challenge(app)];
  expect((await verifyChallenge(one, app.code())).status).toBe(200);
  expect((await verifyChallenge(one, app.code())).body).toMatchObject({
    code: 'challenge_ended',
    challenge_status: 'approved',
  });
  expect((await verifyChallenge(other, app.code())).body.code).toBe('code_incorrect');
  expect((await verify(app, app.code())).body.code).toBe('code_incorrect');
  expect((await verify(app, older)).body.code).toBe('code_incorrect');
});

it('S25: of fifty identical codes at once exactly one succeeds', async () => {
  const app = await enrol(service, 'ed');
  service.clock.advance(30);
  const code = app.code();
  const answers = await Promise.all(Array.from({ length: 50 }, () => verify(app, code)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

it('S17: of twenty activations at once exactly one succeeds', async () => {
  const app = await scan(service, 'flo');
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      service.call('POST', `/v1/factors/${app.factorId}/activate`, { code: app.code() }),
    ),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

it('S26: spaces, dashes and full-width digits are the same code', async () => {
  const app = await enrol(service, 'gus');
  service.clock.advance(60);
  const typed = app
    .code()
    .replace(/\d/g, (digit) => ` ${String.fromCodePoint(0xff10 + Number(digit))}`);
  expect((await verify(app, typed)).status).toBe(200);
  expect((await verify(app, app.code())).status).toBe(422);
});

it('S18: a revoked factor is dead at once and its secret is gone', async () => {
  const app = await enrol(service, 'hal');
  service.clock.advance(60);
  expect((await service.call('DELETE', `/v1/factors/${app.factorId}`)).status).toBe(204);
  expect((await verify(app, app.code())).body.code).toBe('code_incorrect');
  const row = await service.database.kysely
    .selectFrom('factors')
    .select('secret')
    .where('id', '=', app.factorId)
    .executeTakeFirstOrThrow();
  expect(row.secret).toBeNull();
});

it('S42: a wrong code, a user without a factor and an unknown user look the same', async () => {
  const known = await enrol(service, 'ida');
  await scan(service, 'jo');
  const seen = [];
  for (const userId of ['ida', 'jo', 'nobody']) {
    const { body, status } = await verify({ ...known, userId }, '000000');
    seen.push({ ...body, request_id: undefined, status });
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
});

it('S47: the same idempotency key gets the same answer, one charge and one token', async () => {
  const app = await enrol(service, 'kim');
  service.clock.advance(60);
  const path = '/v1/users/kim/verify';
  const headers = { 'idempotency-key': 'login-1' };
  const first = await service.call('POST', path, { code: app.code() }, { headers });
  const again = await service.call('POST', path, { code: app.code() }, { headers });
  expect(first.status).toBe(200);
  expect(again.status).toBe(200);
  expect(again.body).toEqual(first.body);
  const other = await service.call('POST', path, { code: '123456' }, { headers });
  expect(other.body.code).toBe('idempotency_key_reused');
  const stored = await service.database.kysely
    .selectFrom('idempotency_answers')
    .selectAll()
    .where('key', '=', 'login-1')
    .executeTakeFirstOrThrow();
  expect(Buffer.from(stored.answer ?? []).toString('latin1')).not.toContain('eyJ');
});

it('several factors: the code of each is taken without saying which', async () => {
  const one = await enrol(service, 'lou', { body: { name: 'phone' } });
  const two = await enrol(service, 'lou', {
    body: { name: 'tablet', digits: 8, algorithm: 'SHA256' },
  });
  service.clock.advance(60);
  expect((await verify(two, two.code())).body.factor.id).toBe(two.factorId);
  expect((await verify(one, one.code(), { factor_id: one.factorId })).status).toBe(200);
  service.clock.advance(60);
  expect((await verify(one, one.code(), { factor_id: two.factorId })).status).toBe(422);
});
