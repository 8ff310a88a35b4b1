/**
 * The process is killed, fifty times, at any moment of a crowd of logins, activations and guesses. What
 * was answered must stay true: a code that earned a token earns no second one, a factor that was
 * activated is there, an attempt that was charged is counted.
 */
import { gather, lookBack, newLedger, storm, type Crowd } from '../support/process-crowd.js';
import { createDatabase, startPostgres, type Postgres } from '../support/postgres.js';
import { installation, startProcess, until } from '../support/service-process.js';

const ROUNDS = 50;
const DATABASE_ROUNDS = 4;
/** The kill comes after so many answers of the twenty that a storm has, and then at once. */
const MOST_ANSWERS = 18;
const isEmbedded = process.env['WATCHWORD_TEST_DATABASE'] === 'pglite';

let postgres: Postgres | undefined;
beforeAll(async () => {
  if (!isEmbedded) postgres = await startPostgres({ durable: true });
}, 60_000);
afterAll(() => postgres?.stop());

it('S125: kill -9 at any moment: no code twice, nothing acknowledged lost', async () => {
  const environment = await installation(postgres?.url);
  const ledger = newLedger();
  let before: Crowd | undefined;
  for (let round = 0; round <= ROUNDS; round++) {
    const service = await startProcess(environment);
    if (before !== undefined) await lookBack(service, before, ledger);
    if (round === ROUNDS) {
      expect(await service.end('SIGTERM')).toBe(0);
      break;
    }
    before = await gather(service, `round-${round}`);
    await storm(service, before, ledger, round % MOST_ANSWERS, () => service.end('SIGKILL'));
  }
  expect([...ledger.spent].filter(([, times]) => times > 1)).toEqual([]);
  expect(ledger.lost).toEqual([]);
  // The kills met the crowd at work: some were answered, some were not.
  expect(ledger.answered).toBeGreaterThan(ROUNDS);
  expect(ledger.interrupted).toBeGreaterThan(ROUNDS);
}, 900_000);

if (!isEmbedded)
  it('S46, S125, S126: the database is killed: 503 and no token, and it comes back by itself', async () => {
    if (postgres === undefined) throw new Error('there is no PostgreSQL');
    const service = await startProcess(await installation(await createDatabase(postgres.url)));
    const ledger = newLedger();
    const readiness = async () => (await service.call('GET', '/health/ready')).status;
    for (let round = 0; round < DATABASE_ROUNDS; round++) {
      const crowd = await gather(service, `outage-${round}`);
      await storm(service, crowd, ledger, round * 2, () => postgres?.kill9());
      for (const { userId, code } of crowd.people) {
        const reply = await service.call('POST', `/v1/users/${userId}/verify`, { code });
        expect([reply.status, reply.body.code]).toEqual([503, 'storage_unavailable']);
      }
      expect(await readiness()).toBe(503);
      expect((await service.call('GET', '/health/live')).status).toBe(200);
      await postgres.restart();
      await until(async () => (await readiness()) === 200);
      await lookBack(service, crowd, ledger);
    }
    expect([...ledger.spent].filter(([, times]) => times > 1)).toEqual([]);
    expect(ledger.lost).toEqual([]);
    expect(ledger.interrupted).toBeGreaterThan(0);
    expect((await service.call('GET', '/metrics')).status).toBe(200);
    expect(await service.end('SIGTERM')).toBe(0);
  }, 300_000);
