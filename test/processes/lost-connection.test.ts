/** A connection that breaks while it is in use, but waits for nothing. Who hears of it? */
import { sql } from 'kysely';
import { isStorageUnavailable } from '../../src/storage/failure.js';
import { postgresDriver } from '../../src/storage/postgres.js';
import { until } from '../support/service-process.js';

const url = process.env['WATCHWORD_TEST_POSTGRES_URL'] ?? '';

it('S126: one that breaks within a transaction fails the next statement, not the process', async () => {
  if (process.env['WATCHWORD_TEST_DATABASE'] !== 'postgres') return;
  const driver = postgresDriver({ url, connections: 1 });
  const other = postgresDriver({ url, connections: 1 });
  const gone = async (pid: number) => {
    const { rows } = await sql`SELECT FROM pg_stat_activity WHERE pid = ${pid}`.execute(
      other.kysely,
    );
    return rows.length === 0;
  };
  const broken = driver.kysely.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(
      transaction,
    );
    const pid = rows[0]?.pid ?? 0;
    await sql`SELECT pg_terminate_backend(${pid})`.execute(other.kysely);
    await until(() => gone(pid));
    await sql`SELECT 1`.execute(transaction);
  });
  const error: unknown = await broken.catch((reason: unknown) => reason);
  expect([String(error), isStorageUnavailable(error)]).toEqual([expect.any(String), true]);
  // The next one gets a connection of its own.
  expect((await sql`SELECT 1 AS one`.execute(driver.kysely)).rows).toEqual([{ one: 1 }]);
  await Promise.all([driver.close(), other.close()]);
}, 30_000);
