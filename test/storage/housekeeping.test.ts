/** Housekeeping: what has expired goes, and nothing that still counts. */
import { AttemptsRepository } from '../../src/challenges/attempts.repository.js';
import { CONSECUTIVE_LIMIT, SLOW_WINDOW_SECONDS } from '../../src/challenges/lockout.js';
import { deleteExpired } from '../../src/storage/housekeeping.js';
import type { Schema } from '../../src/storage/schema.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, scan } from '../support/authenticator.js';
import { codeAt, enrolPhone, openLogin, otherThan, verify } from '../support/phones.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const DAY = 86_400;

const sweep = () => deleteExpired(service.database, service.clock.now());
const rowsOf = async (table: keyof Schema & ('factors' | 'challenges' | 'idempotency_answers')) =>
  (await service.database.kysely.selectFrom(table).selectAll().execute()).length;
const guess = (userId: string, code: string) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code });
const budgetOf = (userId: string) =>
  service.database.kysely
    .selectFrom('attempt_budgets')
    .selectAll()
    .where('user_id', '=', userId)
    .executeTakeFirst();

it('deletes enrolments nobody finished, a day after they ended, and no finished one', async () => {
  const app = await enrol(service, 'ada');
  await scan(service, 'ada');
  service.clock.advance(600 + DAY);
  expect(await sweep()).toBe(0);
  service.clock.advance(1);
  expect(await sweep()).toBe(1);
  expect(await sweep()).toBe(0);
  service.clock.advance(400 * DAY);
  await sweep();
  expect((await guess('ada', app.code())).status).toBe(200);
});

it('keeps an ended challenge for a day to be asked about', async () => {
  const { body } = await service.call('POST', '/v1/challenges', { user_id: 'bea', type: 'totp' });
  const show = () => service.call('GET', `/v1/challenges/${body.id as string}`);
  service.clock.advance(300 + DAY);
  await sweep();
  expect((await show()).body.status).toBe('expired');
  service.clock.advance(1);
  await sweep();
  expect((await show()).status).toBe(404);
  expect(await rowsOf('challenges')).toBe(0);
});

it('S47: keeps a stored answer for its day', async () => {
  const headers = { 'idempotency-key': 'once' };
  const send = () => service.call('POST', '/v1/users/cy/verify', { code: '123456' }, { headers });
  await send();
  service.clock.advance(DAY - 1);
  await sweep();
  expect((await send()).headers).toHaveProperty('idempotency-replayed', 'true');
  service.clock.advance(2);
  await sweep();
  expect(await rowsOf('idempotency_answers')).toBe(0);
});

it('S44: never shortens the slow count', async () => {
  const app = await enrol(service, 'di');
  service.clock.advance(60);
  for (let n = 0; n < 4; n++) await guess('di', wrongCode(app, n));
  expect((await guess('di', app.code())).status).toBe(200);
  service.clock.advance(SLOW_WINDOW_SECONDS);
  await sweep();
  expect(await budgetOf('di')).toMatchObject({ consecutive: 0, slow_count: 4 });
  service.clock.advance(2 * DAY);
  await sweep();
  expect(await budgetOf('di')).toBeUndefined();
});

it('S32: never forgets failures in a row, however long ago: the last is the last', async () => {
  await enrol(service, 'eli');
  const { realmId } = service.first.application;
  const attempts = service.app.get(AttemptsRepository);
  let granted = 0;
  for (let n = 0; n < 110; n++) {
    service.clock.advance(40 * DAY);
    const now = service.clock.now();
    const attempt = {
      realmId,
      userId: 'eli',
      budget: 'totp',
      types: ['totp'] as const,
      factorId: null,
      challengeId: null,
    };
    if ((await attempts.charge({ ...attempt, now }))?.granted) granted += 1;
    service.clock.advance(35 * DAY);
    await sweep();
  }
  expect(granted).toBe(CONSECUTIVE_LIMIT);
});

it('S32: a lock that only an operator lifts outlives it', async () => {
  service.clock.advance(1000 * DAY);
  await sweep();
  expect((await guess('eli', '123456')).body.code).toBe('locked');
});

it('forgets what was counted against a name that has no user', async () => {
  await guess('nobody', '123456');
  service.clock.advance(30 * DAY);
  await sweep();
  expect(await budgetOf('nobody')).toBeDefined();
  service.clock.advance(2 * DAY);
  await sweep();
  expect(await budgetOf('nobody')).toBeUndefined();
});

it('keeps the audit, which is nobody’s to tidy up', async () => {
  const count = async () =>
    (await service.database.kysely.selectFrom('audit_events').select('id').execute()).length;
  const before = await count();
  service.clock.advance(4000 * DAY);
  await sweep();
  expect(await count()).toBe(before);
  expect(before).toBeGreaterThan(5);
});

it('on several replicas at once each row goes once', async () => {
  for (const userId of ['f1', 'f2', 'f3']) await scan(service, userId);
  service.clock.advance(2 * DAY);
  const deleted = await Promise.all([sweep(), sweep(), sweep()]);
  expect(deleted.reduce((sum, count) => sum + count, 0)).toBe(3);
});

it('S32: failures on a number are remembered as long as somebody has it', async () => {
  const phone = '+14155550123';
  const failing = async () => {
    const challenge = await openLogin(service, phone);
    return (await verify(service, challenge, otherThan(await codeAt(service, phone)))).body;
  };
  await enrolPhone(service, 'phone', phone);
  service.clock.advance(31);
  expect(await failing()).toMatchObject({ attempts_left: 4 });
  service.clock.advance(40 * DAY);
  await sweep();
  expect(await failing()).toMatchObject({ attempts_left: 3 });
});

it('deletes messages after a month and counters after two days, and no pause', async () => {
  const { kysely } = service.database;
  await openLogin(service, '+14155550124');
  await kysely
    .insertInto('send_counters')
    .values({
      ...{ key: 'pause/country/DE', since: service.clock.now(), used: 0, spent_micros: 0 },
      ...{
        verified: 0,
        recent: [],
        paused_until: new Date(service.clock.now().getTime() + 90 * DAY * 1000),
      },
    })
    .execute();
  service.clock.advance(3 * DAY);
  await sweep();
  const counters = await kysely.selectFrom('send_counters').select('key').execute();
  expect(counters).toEqual([{ key: 'pause/country/DE' }]);
  expect(await kysely.selectFrom('messages').select('id').execute()).not.toEqual([]);
  service.clock.advance(28 * DAY);
  await sweep();
  expect(await kysely.selectFrom('messages').select('id').execute()).toEqual([]);
});
