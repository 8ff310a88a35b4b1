/** S47: a request that is sent again gets the same answer, and nothing happens twice. */
import { sql } from 'kysely';
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const post = (path: string, body: object, idempotencyKey: string, key?: string) =>
  service.call('POST', path, body, { key, headers: { 'idempotency-key': idempotencyKey } });
const plain = (userId: string, code: string) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code });
const countOf = async (userId: string, type: string) => {
  const { body } = await service.call('GET', `/v1/audit?user_id=${userId}`);
  return (body.data as { type: string }[]).filter((event) => event.type === type).length;
};

it('S47: the same key and body get the same answer, the same token, one charge', async () => {
  const app = await enrol(service, 'ada');
  service.clock.advance(60);
  const body = { code: app.code() };
  const first = await post('/v1/users/ada/verify', body, 'a1');
  expect(first.status).toBe(200);
  expect(first.headers).not.toHaveProperty('idempotency-replayed');
  for (const seconds of [0, 90, 80_000]) {
    service.clock.advance(seconds);
    const again = await post('/v1/users/ada/verify', body, 'a1');
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers).toMatchObject({
      'idempotency-replayed': 'true',
      'cache-control': 'no-store',
    });
  }
  expect(await countOf('ada', 'verification.approved')).toBe(1);
  expect(await countOf('ada', 'verification.refused')).toBe(0);
});

it('S47: an enrolment, an activation and a challenge are made once', async () => {
  const enrolled = await post('/v1/users/bea/factors', { type: 'totp' }, 'b1');
  expect(await post('/v1/users/bea/factors', { type: 'totp' }, 'b1')).toMatchObject({
    status: 201,
    body: enrolled.body,
  });
  const listed = await service.call('GET', '/v1/users/bea/factors');
  expect(listed.body.data).toHaveLength(1);
  const opened = await post('/v1/challenges', { user_id: 'bea', type: 'totp' }, 'b2');
  const again = await post('/v1/challenges', { user_id: 'bea', type: 'totp' }, 'b2');
  expect([again.status, again.body]).toEqual([201, opened.body]);
  expect(await countOf('bea', 'challenge.created')).toBe(1);
});

it('S47: a refusal is kept too: the same wrong code under the same key costs once', async () => {
  const app = await enrol(service, 'cy');
  const body = { code: wrongCode(app) };
  const first = await post('/v1/users/cy/verify', body, 'c1');
  expect(first.body).toMatchObject({ code: 'code_incorrect', attempts_left: 4 });
  for (let n = 0; n < 8; n++) {
    const again = await post('/v1/users/cy/verify', body, 'c1');
    expect({ ...again.body, request_id: '' }).toEqual({ ...first.body, request_id: '' });
    expect(again.status).toBe(422);
  }
  expect((await plain('cy', wrongCode(app))).body.attempts_left).toBe(3);
});

it('S31, S47: a fresh key for each guess resets no budget', async () => {
  const app = await enrol(service, 'di');
  const seen = [];
  for (let n = 0; n < 6; n++)
    seen.push((await post('/v1/users/di/verify', { code: wrongCode(app, n) }, `d${n}`)).status);
  expect(seen).toEqual([422, 422, 422, 422, 422, 429]);
});

it('S47: a passing refusal is not kept: after the lock the same request is run', async () => {
  const app = await enrol(service, 'eli');
  service.clock.advance(60);
  for (let n = 0; n < 5; n++) await plain('eli', wrongCode(app, n));
  const body = { code: app.code(1) };
  expect((await post('/v1/users/eli/verify', body, 'e1')).status).toBe(429);
  service.clock.advance(30);
  expect((await post('/v1/users/eli/verify', body, 'e1')).status).toBe(200);
});

it('S47: another body, path or method under the key is refused, and does nothing', async () => {
  const app = await enrol(service, 'fay');
  await enrol(service, 'finn');
  service.clock.advance(60);
  const first = await post('/v1/users/fay/verify', { code: app.code() }, 'f1');
  const others = [
    await post('/v1/users/fay/verify', { code: wrongCode(app) }, 'f1'),
    await post('/v1/users/fay/verify', { code: app.code(), first_factor: ['pwd'] }, 'f1'),
    await post('/v1/users/finn/verify', { code: app.code() }, 'f1'),
    await post('/v1/challenges', { user_id: 'fay', type: 'totp' }, 'f1'),
  ];
  for (const { status, body } of others)
    expect([status, body.code]).toEqual([409, 'idempotency_key_reused']);
  expect((await post('/v1/users/fay/verify', { code: app.code() }, 'f1')).body).toEqual(first.body);
  expect((await plain('finn', '000000')).body.attempts_left).toBe(4);
});

it('S47, S105: a key is its application’s: another gets no answer of it', async () => {
  const app = await enrol(service, 'gus');
  const colleague = await service.register(service.first.application.realmName, 'colleague');
  service.clock.advance(60);
  const body = { code: app.code() };
  expect((await post('/v1/users/gus/verify', body, 'g1')).status).toBe(200);
  const theirs = await post('/v1/users/gus/verify', body, 'g1', colleague.key);
  expect(theirs.body.code).toBe('code_incorrect');
});

it('S47, S108: a key that lacks the scope gets no stored answer', async () => {
  const realm = await service.register('idempotent scopes', 'app', { scopes: ['enrol'] });
  await post('/v1/users/hal/factors', { type: 'totp' }, 'h1', realm.key);
  const { id } = await service.app
    .get(ApplicationsService)
    .createKey(realm.application.id, ['verify'])
    .then(async (issued) => {
      const answer = await post('/v1/users/hal/factors', { type: 'totp' }, 'h1', issued.key);
      expect(answer.body.code).toBe('scope_missing');
      return issued;
    });
  expect(id).toMatch(/^key_/);
});

it('S47: of twenty at once one is run; the others get its answer or are told to wait', async () => {
  const app = await enrol(service, 'ida');
  service.clock.advance(60);
  const body = { code: app.code() };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => post('/v1/users/ida/verify', body, 'i1')),
  );
  const tokens = answers.filter(({ status }) => status === 200);
  expect(new Set(tokens.map((answer) => answer.body.access_token as string)).size).toBe(1);
  for (const answer of answers)
    if (answer.status !== 200) {
      expect([answer.status, answer.body.code]).toEqual([409, 'idempotency_in_progress']);
      expect(answer.headers['retry-after']).toBe('1');
    }
  expect(await countOf('ida', 'verification.approved')).toBe(1);
  expect(await countOf('ida', 'verification.refused')).toBe(0);
  const again = await post('/v1/users/ida/verify', body, 'i1');
  expect(again.body).toEqual(tokens[0]?.body);
});

it('after a day the key is free again', async () => {
  const app = await enrol(service, 'jim');
  service.clock.advance(60);
  expect((await post('/v1/users/jim/verify', { code: app.code() }, 'j1')).status).toBe(200);
  service.clock.advance(86_399);
  const early = await post('/v1/users/jim/verify', { code: app.code() }, 'j1');
  expect(early.body.code).toBe('idempotency_key_reused');
  service.clock.advance(1);
  expect((await post('/v1/users/jim/verify', { code: app.code() }, 'j1')).status).toBe(200);
});

it('a request that died without an answer may be sent again after a minute, and is run', async () => {
  const app = await enrol(service, 'kim');
  const body = { code: app.code(3) };
  await post('/v1/users/kim/verify', { code: app.code(3) }, 'k1');
  // As a process leaves it that is killed in the middle.
  await sql`UPDATE idempotency_answers SET answer = NULL WHERE key = 'k1'`.execute(
    service.database.kysely,
  );
  service.clock.advance(59);
  expect((await post('/v1/users/kim/verify', body, 'k1')).body.code).toBe(
    'idempotency_in_progress',
  );
  const other = await post('/v1/users/kim/verify', { code: '123456' }, 'k1');
  expect(other.body.code).toBe('idempotency_key_reused');
  service.clock.advance(1);
  expect((await post('/v1/users/kim/verify', body, 'k1')).status).toBe(200);
});

it('S113: a stored answer is sealed: neither token nor secret can be read at rest', async () => {
  const app = await enrol(service, 'lou');
  service.clock.advance(60);
  const token = await post('/v1/users/lou/verify', { code: app.code() }, 'l1');
  const enrolled = await post('/v1/users/lou/factors', { type: 'totp' }, 'l2');
  expect([token.status, enrolled.status]).toEqual([200, 201]);
  const rows = await service.database.kysely
    .selectFrom('idempotency_answers')
    .selectAll()
    .where('key', 'in', ['l1', 'l2'])
    .execute();
  expect(rows).toHaveLength(2);
  for (const { answer, fingerprint } of rows) {
    const stored = Buffer.concat([Buffer.from(answer ?? []), Buffer.from(fingerprint)]);
    expect(stored.length).toBeGreaterThan(200);
    for (const word of ['eyJ', 'access_token', 'otpauth', enrolled.body.totp.secret, 'lou'])
      expect(stored.includes(word)).toBe(false);
  }
});

it('S111: a stored answer moved to another key opens nothing', async () => {
  const app = await enrol(service, 'max');
  service.clock.advance(60);
  const body = { code: app.code() };
  const mine = await post('/v1/users/max/verify', body, 'm1');
  await post('/v1/challenges', { user_id: 'max', type: 'totp' }, 'm2');
  await sql`UPDATE idempotency_answers SET answer =
    (SELECT answer FROM idempotency_answers WHERE key = 'm1') WHERE key = 'm2'`.execute(
    service.database.kysely,
  );
  const answer = await post('/v1/challenges', { user_id: 'max', type: 'totp' }, 'm2');
  expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
  expect(answer.text).not.toContain(mine.body.access_token);
});

it.each(['', ' ', 'a b', 'ä', 'x'.repeat(256)])('a key such as %j is refused', async (key) => {
  const answer = await post('/v1/users/nat/verify', { code: '123456' }, key);
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
});
