/**
 * Four replicas of one PostgreSQL, started at once on an empty database. What do they make more than
 * once, and what does one know that the others do not?
 */
import { populate } from '../support/population.js';
import { sql } from 'kysely';
import { postgresDriver } from '../../src/storage/postgres.js';
import {
  installation,
  startProcess,
  until,
  watchwordJson,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

describe('four replicas', () => {
  let shared: Environment;
  let replicas: ServiceProcess[];

  beforeAll(async () => {
    shared = await installation();
    replicas = await Promise.all(Array.from({ length: 4 }, () => startProcess(shared)));
  }, 60_000);
  afterAll(() => Promise.all(replicas.map((replica) => replica.end('SIGTERM'))));

  it('S36: migrate, sign and register once', async () => {
    const driver = postgresDriver({ url: shared['WATCHWORD_DATABASE_URL'] ?? '', connections: 1 });
    const { rows } = await sql<Record<string, number>>`SELECT
      (SELECT count(*) - count(DISTINCT name) FROM kysely_migration) AS migrated_twice,
      (SELECT count(*) FROM signing_keys) AS signing,
      (SELECT count(*) FROM realms) AS realms,
      (SELECT count(*) FROM applications) AS applications,
      (SELECT count(*) FROM api_keys) AS keys`.execute(driver.kysely);
    await driver.close();
    expect(rows).toEqual([{ migrated_twice: 0, signing: 1, realms: 1, applications: 1, keys: 1 }]);
    // Each signs with that key and answers to that API key.
    const published = await Promise.all(
      replicas.map((one) => one.call('GET', '/.well-known/jwks.json')),
    );
    for (const { body } of published) expect(body).toEqual(published[0]?.body);
    const answers = await Promise.all(replicas.map((one) => one.call('GET', '/v1/audit')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('S23, S25: a code, directly and for challenges, on every replica at once, is good once', async () => {
    const { WATCHWORD_DATABASE_URL: url = '', WATCHWORD_ENCRYPTION_KEYS: keys = '' } = shared;
    const citizens = await populate(url, keys, 25);
    const paths = await Promise.all(
      citizens.flatMap(({ userId }) =>
        replicas.map(async (replica) => {
          const body = { user_id: userId, type: 'totp' };
          const challenge = await replica.call('POST', '/v1/challenges', body);
          return [`/v1/users/${userId}/verify`, `/v1/challenges/${challenge.body.id}/verify`];
        }),
      ),
    );
    const codes = new Map(citizens.map((citizen) => [citizen.userId, citizen.code()]));
    // 25 users, each with 4 challenges and 4 × the direct way, each of them on 5 connections.
    const requests = Array.from({ length: 1000 }, (_, n) => {
      const user = citizens[n % 25]?.userId ?? '';
      const turn = Math.floor(n / 25);
      const path = paths[(n % 25) * 4 + (turn % 4)]?.[turn >= 20 ? 1 : 0] ?? '';
      return { user, path, replica: replicas[Math.floor(turn / 4) % 4] };
    });
    const replies = await Promise.all(
      requests.map(async ({ user, path, replica }) => ({
        user,
        reply: await replica?.call('POST', path, { code: codes.get(user) }),
      })),
    );
    const winners = replies.filter(({ reply }) => reply?.status === 200).map(({ user }) => user);
    expect(winners.sort()).toEqual(citizens.map(({ userId }) => userId).sort());
    const statuses = new Set(replies.map(({ reply }) => reply?.status));
    expect([200, 409, 422, 429]).toEqual(expect.arrayContaining([...statuses]));
  }, 60_000);

  it('S107: a new key works on all at once, a revoked one on none after a few seconds', async () => {
    const [application] = await watchwordJson<{ id: string }[]>(shared, 'applications', 'list');
    const create = ['keys', 'create', '--application', application?.id ?? ''];
    const { id, key } = await watchwordJson<{ id: string; key: string }>(shared, ...create);
    const statuses = () =>
      Promise.all(
        replicas.map(async (one) => {
          const headers = { authorization: `Bearer ${key}` };
          return (await one.call('GET', '/v1/audit', undefined, headers)).status;
        }),
      );
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    await watchwordJson(shared, 'keys', 'revoke', id);
    await until(async () => (await statuses()).every((status) => status === 401), 15_000);
  }, 60_000);
});
