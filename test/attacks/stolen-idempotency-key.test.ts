/**
 * A stolen or guessed Idempotency-Key. The answer that is kept under it may hold a token or a secret, so the
 * key is only ever half of an address: the other half is the application that sent it, which its API key
 * alone tells. Whoever else sends the key has sent a new request.
 */
import { sql } from 'kysely';
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { CALLER_KEPT_MS } from '../../src/applications/callers.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';

let service: TestApplication;
let colleague: Registered;
let stranger: Registered;
let keys = 0;

beforeAll(async () => {
  service = await startApplication();
  colleague = await service.register(service.first.application.realmName, 'colleague');
  stranger = await service.register('another realm');
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const send = (path: string, body: object, idempotencyKey: string, key = service.first.key) =>
  service.call('POST', path, body, { key, headers: { 'idempotency-key': idempotencyKey } });

/** A login of a new user under a new idempotency key. */
async function login() {
  const stolen = `login-${++keys}`;
  const app = await enrol(service, `user-${keys}`);
  service.clock.advance(60);
  const path = `/v1/users/${app.userId}/verify`;
  const body = { code: app.code() };
  const first = await send(path, body, stolen);
  expect(first.status).toBe(200);
  return { stolen, path, body, app, token: first.body.access_token as string };
}

it('S47: the one it belongs to gets the same token again, and is told so', async () => {
  const { path, body, stolen, token } = await login();
  const again = await send(path, body, stolen);
  expect(again.body.access_token).toBe(token);
  expect(again.headers['idempotency-replayed']).toBe('true');
});

it('S105: another application of the realm gets nothing of it, only its own refusal', async () => {
  const { path, body, stolen, token } = await login();
  for (let n = 0; n < 2; n++) {
    const answer = await send(path, body, stolen, colleague.key);
    // The code is spent by now: what it gets is what anybody gets who sends a spent code.
    expect([answer.status, answer.body.code]).toEqual([422, 'code_incorrect']);
    expect(answer.text).not.toContain(token);
  }
  expect((await send(path, body, stolen)).body.access_token).toBe(token);
});

it('S105: an application of another realm gets nothing of it', async () => {
  const { path, body, stolen } = await login();
  const answer = await send(path, body, stolen, stranger.key);
  expect([answer.status, answer.body.code]).toEqual([422, 'code_incorrect']);
  expect(answer.headers['idempotency-replayed']).toBeUndefined();
});

it('S14: an enrolment’s secret is replayed to nobody else', async () => {
  const path = '/v1/users/enrolling/factors';
  const body = { type: 'totp' };
  const mine = (await send(path, body, 'enrol')).body;
  for (const { key } of [colleague, stranger]) {
    const theirs = (await send(path, body, 'enrol', key)).body;
    expect(theirs.id).not.toBe(mine.id);
    expect(theirs.totp.secret).not.toBe(mine.totp.secret);
  }
});

it('S108: a key of the same application gets no answer that its scopes would not give', async () => {
  const body = { type: 'totp' };
  const mine = await send('/v1/users/scoped/factors', body, 'scoped');
  const narrow = await service.app
    .get(ApplicationsService)
    .createKey(service.first.application.id, ['verify']);
  const answer = await send('/v1/users/scoped/factors', body, 'scoped', narrow.key);
  expect([answer.status, answer.body.code]).toEqual([403, 'scope_missing']);
  expect(answer.text).not.toContain(mine.body.totp.secret as string);
});

it('S107: a revoked API key gets nothing of what it asked for before', async () => {
  const { application, key } = await service.register('leaving');
  const answer = await send('/v1/users/x/factors', { type: 'totp' }, 'before', key);
  const applications = service.app.get(ApplicationsService);
  const [live] = await applications.listKeys(application.id);
  await applications.revokeKey(live?.id ?? '');
  service.clock.advance(CALLER_KEPT_MS / 1000);
  const after = await send('/v1/users/x/factors', { type: 'totp' }, 'before', key);
  expect([answer.status, after.status]).toEqual([201, 401]);
});

it('S47: under the key of a login nothing else is answered, by any other path or body', async () => {
  const { path, body, stolen, token } = await login();
  const others = [
    [path, { code: '000000' }],
    [path, { ...body, first_factor: ['pwd'] }],
    [`${path}?x=1`, body],
    ['/v1/users/other/verify', body],
    ['/v1/users/other/factors', { type: 'totp' }],
    ['/v1/challenges', { user_id: 'other', type: 'totp' }],
  ] as const;
  for (const [otherPath, otherBody] of others) {
    const answer = await send(otherPath, otherBody, stolen);
    expect([otherPath, answer.status]).toEqual([otherPath, 409]);
    expect(answer.body.code).toBe('idempotency_key_reused');
    expect(answer.text).not.toContain(token);
  }
});

it('S47: taking the key first keeps nobody else from using it', async () => {
  const app = await enrol(service, 'squatted');
  service.clock.advance(60);
  const body = { code: app.code() };
  await send('/v1/challenges', { user_id: 'x', type: 'totp' }, 'squat', colleague.key);
  await send('/v1/challenges', { user_id: 'x', type: 'totp' }, 'squat', stranger.key);
  expect((await send('/v1/users/squatted/verify', body, 'squat')).status).toBe(200);
});

it('S47: after a day the key is free, and the token is gone', async () => {
  const { path, body, stolen } = await login();
  service.clock.advance(86_400);
  const answer = await send(path, body, stolen);
  expect([answer.status, answer.body.code]).toEqual([422, 'code_incorrect']);
});

it('S111: an answer moved to another application in the database opens nothing there', async () => {
  const { path, body, stolen, token } = await login();
  await send(path, body, stolen, colleague.key);
  await sql`UPDATE idempotency_answers SET answer = (
      SELECT answer FROM idempotency_answers
      WHERE application_id = ${service.first.application.id} AND key = ${stolen})
    WHERE application_id = ${colleague.application.id} AND key = ${stolen}`.execute(
    service.database.kysely,
  );
  const answer = await send(path, body, stolen, colleague.key);
  expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
  expect(answer.text).not.toContain(token);
});

it('S25, S47: the same request many times at once is one login', async () => {
  const app = await enrol(service, 'crowd');
  service.clock.advance(60);
  const body = { code: app.code() };
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => send('/v1/users/crowd/verify', body, 'crowd')),
  );
  const tokens = new Set(
    answers.flatMap(({ body: answer }) => (answer.access_token as string | undefined) ?? []),
  );
  expect(tokens.size).toBe(1);
  for (const { status } of answers) expect([200, 409]).toContain(status);
});
