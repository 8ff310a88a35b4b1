/**
 * Errors that talk. A database's message names tables, columns, rows and hosts, a stack names files; and an
 * error half-way through a login is where a token might slip out unproved. Here the ground is taken away
 * from under the service in several ways, at several moments, and every answer is read.
 */
import { sql } from 'kysely';
import { IdempotencyRepository } from '../../src/http/idempotency.repository.js';
import { AttemptsRepository } from '../../src/challenges/attempts.repository.js';
import { SigningKeys } from '../../src/tokens/signing-keys.js';
import { startApplication, type Answer, type TestApplication } from '../support/application.js';
import { enrol, scan, type Authenticator } from '../support/authenticator.js';

interface Scene {
  readonly service: TestApplication;
  readonly app: Authenticator;
  readonly pending: Authenticator;
  readonly challengeId: string;
}

async function scene(): Promise<Scene> {
  const service = await startApplication();
  const app = await enrol(service, 'ada');
  const pending = await scan(service, 'ada');
  service.clock.advance(60);
  const opened = await service.call('POST', '/v1/challenges', { user_id: 'ada', type: 'totp' });
  return { service, app, pending, challengeId: (opened.body as { id: string }).id };
}

/** Every route, asked rightly. */
async function askEverything({ service, app, pending, challengeId }: Scene) {
  const code = { code: app.code() };
  const asked: readonly (readonly [string, string, object?])[] = [
    ['GET', '/v1/users/ada/factors'],
    ['POST', '/v1/users/ada/factors', { type: 'totp' }],
    ['GET', `/v1/factors/${pending.factorId}`],
    ['GET', `/v1/factors/${pending.factorId}/qr.svg`],
    ['GET', `/v1/factors/${pending.factorId}/qr.png`],
    ['GET', `/v1/factors/${pending.factorId}/qr.txt`],
    ['POST', `/v1/factors/${pending.factorId}/activate`, { code: pending.code() }],
    ['PATCH', `/v1/factors/${app.factorId}`, { name: 'new' }],
    ['DELETE', `/v1/factors/${pending.factorId}`],
    ['POST', '/v1/users/ada/verify', code],
    ['POST', '/v1/users/ada/verify', { ...code, factor_id: app.factorId }],
    ['POST', '/v1/challenges', { user_id: 'ada', type: 'totp' }],
    ['GET', `/v1/challenges/${challengeId}`],
    ['POST', `/v1/challenges/${challengeId}/verify`, code],
    ['DELETE', `/v1/challenges/${challengeId}`],
    ['GET', '/v1/audit'],
  ];
  const answers: (readonly [string, Answer])[] = [];
  for (const [method, path, body] of asked) {
    answers.push([`${method} ${path}`, await service.call(method, path, body)]);
    if (method !== 'POST') continue;
    const headers = { 'idempotency-key': `k${answers.length}` };
    answers.push([`${path} again`, await service.call(method, path, body, { headers })]);
  }
  return answers;
}

/** What an answer never names: the engine, its words, our tables and files, a stack, a token. */
const internal =
  /access_token|eyJ|postgres|pglite|sqlstate|relation|column|constraint|syntax|select |insert |pool|connection|econn|socket|\bat .*[(:]\d+|\.[jt]s\b|node_modules|\/srv|attempt_budgets|api_keys|audit_events|signing_keys|idempotency_answers|kysely|stack/i;

function expectNothingTold(what: string, { text, headers }: Answer, { app, service }: Scene) {
  expect(`${what}: ${text}`).not.toMatch(internal);
  expect(Object.values(headers).join('\n')).not.toMatch(internal);
  for (const secret of [app.secret, app.code(), service.first.key])
    expect(`${what}: ${text}`).not.toContain(secret);
}

it('S46, S121: with the database gone every route answers 503 and tells nothing', async () => {
  const all = await scene();
  await all.service.database.close();
  for (const [what, answer] of await askEverything(all)) {
    expect([what, answer.status, answer.body?.code]).toEqual([what, 503, 'storage_unavailable']);
    expectNothingTold(what, answer, all);
  }
  // A key that is not remembered cannot be looked up.
  all.service.clock.advance(60);
  const unknown = await all.service.call('GET', '/v1/audit');
  expect([unknown.status, unknown.body.code]).toEqual([503, 'storage_unavailable']);
  const ready = await all.service.call('GET', '/health/ready', undefined, { key: '' });
  expect([ready.status, ready.body]).toEqual([
    503,
    { status: 'unavailable', checks: { database: 'failing', keys: 'ok' } },
  ]);
  expect((await all.service.call('GET', '/health/live')).status).toBe(200);
  await all.service.app.close();
});

it.each([
  'factors',
  'attempt_budgets',
  'audit_events',
  'challenges',
  'idempotency_answers',
  'users',
])('S46, S121: without the table %s nothing is told and nothing proved', async (table) => {
  const all = await scene();
  await sql`DROP TABLE ${sql.table(table)} CASCADE`.execute(all.service.database.kysely);
  const failed: string[] = [];
  for (const [what, answer] of await askEverything(all)) {
    if (answer.status < 500) continue;
    failed.push(what);
    expect([what, answer.status, answer.body.code]).toEqual([what, 500, 'internal']);
    expectNothingTold(what, answer, all);
    expect(answer.body.request_id).toBe(answer.headers['x-request-id']);
  }
  expect(failed.length).toBeGreaterThan(0);
  // The reason is in the log, under the request's id.
  expect(all.service.logged.join('')).toContain('does not exist');
  if (['factors', 'attempt_budgets', 'audit_events', 'challenges'].includes(table))
    expect(failed).toContain('POST /v1/users/ada/verify');
  await all.service.close();
});

describe('S46: a login that breaks off', () => {
  let all: Scene;
  beforeAll(async () => {
    all = await scene();
  });
  afterAll(() => all.service.close());
  afterEach(() => jest.restoreAllMocks());
  beforeEach(() => all.service.clock.advance(3600));

  const lost = () => Object.assign(new Error('read ECONNRESET 10.1.2.3'), { code: 'ECONNRESET' });
  const verify = (headers?: Record<string, string>) =>
    all.service.call(
      'POST',
      '/v1/users/ada/verify',
      { code: all.app.code() },
      headers && { headers },
    );
  const expectNoToken = (answer: Answer, status: number) => {
    expect(answer.status).toBe(status);
    expectNothingTold('verify', answer, all);
  };

  it('while the attempt is charged gives no token, and takes no code', async () => {
    const attempts = all.service.app.get(AttemptsRepository);
    jest.spyOn(attempts, 'charge').mockRejectedValueOnce(lost());
    expectNoToken(await verify(), 503);
    expect((await verify()).status).toBe(200);
  });

  it('while the code is used up gives no token', async () => {
    const attempts = all.service.app.get(AttemptsRepository);
    jest.spyOn(attempts, 'consume').mockRejectedValueOnce(lost());
    expectNoToken(await verify(), 503);
  });

  it('after the code is used up, without anybody knowing, gives no token and no second chance', async () => {
    const attempts = all.service.app.get(AttemptsRepository);
    const consume = attempts.consume.bind(attempts);
    jest.spyOn(attempts, 'consume').mockImplementationOnce(async (consumption) => {
      await consume(consumption);
      throw lost();
    });
    expectNoToken(await verify(), 503);
    expectNoToken(await verify(), 422);
  });

  it('while it is signed gives no token', async () => {
    jest.spyOn(all.service.app.get(SigningKeys), 'current').mockImplementationOnce(() => {
      throw new Error('there is no active signing key in /srv/watchword/keys.js');
    });
    expectNoToken(await verify(), 500);
  });

  it('while its answer is kept for a retry gives no token', async () => {
    const answers = all.service.app.get(IdempotencyRepository);
    jest.spyOn(answers, 'answer').mockRejectedValueOnce(lost());
    expectNoToken(await verify({ 'idempotency-key': 'once' }), 503);
  });
});
