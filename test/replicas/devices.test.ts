/**
 * Two replicas on one PostgreSQL, and device tokens that reach both of them at once. What stops a device from having
 * two newest tokens, and its token from bringing guesses on each of them?
 */
import { sql } from 'kysely';
import { hashApiKey } from '../../src/applications/api-key.js';
import { auditContext } from '../../src/applications/application.js';
import { Callers } from '../../src/applications/callers.js';
import { DEVICE_ATTEMPTS } from '../../src/devices/device.js';
import { DevicesService } from '../../src/devices/devices.service.js';
import { FactorsService } from '../../src/factors/factors.service.js';
import type { Executor } from '../../src/storage/database.js';
import type { TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { check, endsOf, listDevices, remember } from '../support/devices.js';
import { startReplicas } from '../support/replicas.js';
import { wrongCode } from '../support/totp-codes.js';

const DEVICES = 10;
let replicas: readonly [TestApplication, TestApplication];
let key: { readonly key: string };
let users = 0;

beforeAll(async () => {
  replicas = (await startReplicas()).both;
  const [first] = replicas;
  const { realmName } = first.first.application;
  key = { key: (await first.register(realmName, 'bank', { rememberDeviceSeconds: 86_400 })).key };
});
afterAll(() => Promise.all(replicas.map((replica) => replica.close())));

/** Devices, one a user. */
async function known(): Promise<{ app: Authenticator; token: string }[]> {
  const devices = [];
  for (let n = 0; n < DEVICES; n++) {
    const app = await enrol(replicas[0], `user ${(users += 1)}`);
    devices.push({ app, token: (await remember(replicas[0], app, key)).token });
  }
  return devices;
}
const on = (n: number) => replicas[n % 2] ?? replicas[0];

it('twenty uses of one token on both make one successor, and one rotation', async () => {
  const devices = await known();
  const rounds = await Promise.all(
    devices.map(({ app, token }) =>
      Promise.all(Array.from({ length: 20 }, (_, n) => check(on(n), app.userId, token, key))),
    ),
  );
  for (const [n, answers] of rounds.entries()) {
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const successors = new Set(answers.map(({ body }) => body.device.token as string));
    expect(successors.size).toBe(1);
    const { app } = devices[n] ?? { app: { userId: '' } };
    const path = `/v1/audit?user_id=${encodeURIComponent(app.userId)}`;
    const { body } = await on(0).call('GET', path);
    const types = (body.data as { type: string }[]).map(({ type }) => type);
    expect(types.filter((type) => type === 'device.recognised')).toHaveLength(1);
  }
});

it('an old token on one and the newest on the other: the device has ended on both, once', async () => {
  for (const { app, token } of await known()) {
    const second = (await check(on(0), app.userId, token, key)).body.device.token as string;
    on(0).clock.advance(11);
    const answers = await Promise.all([
      check(on(0), app.userId, second, key),
      check(on(1), app.userId, token, key),
      check(on(0), app.userId, token, key),
    ]);
    const third = (answers[0].body.device as { token: string } | undefined)?.token ?? second;
    for (const n of [0, 1]) expect((await check(on(n), app.userId, third, key)).status).toBe(422);
    expect(await endsOf(on(0), app.userId)).toEqual(['token_reused']);
  }
});

it('S30, S36: of two guesses on both at once, where the device bears one, one is compared', async () => {
  const app = await enrol(replicas[0], `user ${(users += 1)}`);
  const { token } = await remember(replicas[0], app, key);
  const path = `/v1/users/${encodeURIComponent(app.userId)}/verify`;
  const guess = (n: number, body: object = { device_token: token }) =>
    on(n).call('POST', path, { code: wrongCode(app, n), ...body }, key);
  for (let n = 0; n < 5; n++) await guess(n, {});
  for (let n = 1; n < DEVICE_ATTEMPTS; n++) await guess(n);
  const { kysely } = on(0).database;
  // Both have begun before either can end.
  const { begun: guesses } = await kysely.transaction().execute(async (held) => {
    const budgets = held.selectFrom('attempt_budgets').select('kind');
    await budgets.where('user_id', '=', app.userId).forUpdate().execute();
    const begun = [guess(0), guess(1)];
    while ((await waiting(held)) < 2);
    return { begun };
  });
  const codes = (await Promise.all(guesses)).map(({ body }) => body.code as string);
  expect(codes.sort()).toEqual(['code_incorrect', 'locked']);
  expect(await endsOf(on(0), app.userId)).toEqual(['attempts_spent']);
});

it('S79: is not remembered beside a revocation of its factor that is under way', async () => {
  const [{ app: service, database }] = replicas;
  const { userId, factorId } = await enrol(replicas[0], `user ${(users += 1)}`);
  const holder = await service.get(Callers).ofKey(hashApiKey(key.key));
  if (holder === undefined) throw new Error('the key is nobody’s');
  const caller = { ...holder, requestId: 'test' };
  const proof = { userId, factor: { id: factorId, type: 'totp' }, provedAt: on(0).clock.now() };
  const { remembered } = await database.transaction(async (executor) => {
    const context = auditContext(caller);
    expect(await service.get(FactorsService).revokeIn(executor, context, factorId)).toBe(true);
    const begun = service.get(DevicesService).remember(caller, proof);
    const over = { is: false };
    void begun.finally(() => (over.is = true));
    while (!over.is && (await waiting(executor)) < 1);
    return { remembered: begun };
  });
  expect(await remembered).toBeUndefined();
  expect(await listDevices(replicas[0], userId, key)).toEqual([]);
});

/** Statements that wait for somebody's lock. */
async function waiting(executor: Executor): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*) AS count FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(executor);
  return rows[0]?.count ?? 0;
}
