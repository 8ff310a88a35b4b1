/** The PostgreSQL of a run: one of its own, durable, or the given one. */
import pg from 'pg';
import { createDatabase, startPostgres } from '../test/support/postgres.js';
import { cpuSecondsOf } from './cpu.js';

export interface BenchDatabase {
  readonly version: string;
  /** Makes a database, empty or as a copy of another, to which nobody is connected, and answers its URL. */
  create(name: string, template?: string): Promise<string>;
  /** Of the server and all its backends; NaN where it is not ours to look at. */
  cpuSeconds(): number;
  walSyncs(): Promise<number>;
  /** Bytes on disk. */
  sizeOf(url: string): Promise<number>;
  stop(): Promise<void>;
}

/** What its documents advise for a machine like this; the peers and pgbench have it as well. */
const settings = ["shared_buffers = '1GB'", "max_wal_size = '8GB'", "checkpoint_timeout = '15min'"];

const nameIn = (url: string) => new URL(url).pathname.slice(1);

export async function openBenchDatabase(): Promise<BenchDatabase> {
  const given = process.env['BENCH_DATABASE_URL'];
  const own = given === undefined ? await startPostgres({ durable: true }) : undefined;
  const url = given ?? own?.url ?? '';
  if (own !== undefined) {
    const first = new pg.Client(url);
    await first.connect();
    for (const setting of settings) await first.query(`ALTER SYSTEM SET ${setting}`);
    await first.end();
    await own.restart();
  }
  const client = new pg.Client(url);
  await client.connect();
  const one = async (query: string, values: unknown[] = []) =>
    Object.values((await client.query<Record<string, unknown>>(query, values)).rows[0] ?? {})[0];
  return {
    version: String(await one('SHOW server_version')),
    // A new name each time: the given server may have one of an earlier run.
    create: (name, template) =>
      createDatabase(url, `bench_${name}_${Date.now()}`, template && nameIn(template)),
    cpuSeconds: () => (own === undefined ? NaN : cpuSecondsOf(own.pid)),
    walSyncs: async () => Number(await one('SELECT wal_sync FROM pg_stat_wal')),
    sizeOf: async (database) =>
      Number(await one('SELECT pg_database_size($1)', [nameIn(database)])),
    async stop() {
      await client.end();
      await own?.stop();
    },
  };
}
