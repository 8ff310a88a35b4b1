/**
 * `npm run bench`: Watchword, PostgreSQL by itself and a service written by hand, one after another in each
 * round, on one durable PostgreSQL. Prints a table and writes bench/results.json. Loopback only; it takes
 * about five minutes. bench/README.md says how to read it.
 */
import { execSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../test/support/postgres.js';
import { cpuSecondsOf } from './cpu.js';
import { closedLoop, openLoop, percentile, post, type Outcome } from './load.js';
import { addHandwrittenPeople, addPeople } from './people.js';
import { pgbench } from './pgbench.js';
import { KEY, KEYS, startProgram, startWatchword, type Program } from './service.js';
import { median, printed, round, type Row } from './table.js';

const argument = (name: string, fallback: number) =>
  Number(process.argv.find((text) => text.startsWith(`--${name}=`))?.split('=')[1] ?? fallback);
const ROUNDS = argument('rounds', 5);
const SECONDS = argument('seconds', 4);
const PEOPLE = argument('people', 200_000);
const CONNECTIONS = 64;
const folder = join(import.meta.dirname, '../../bench');

const rows = new Map<string, Row>();
function note(name: string, unit: string, value: number): number {
  const row = rows.get(name) ?? { name, unit, values: [] };
  row.values.push(value);
  rows.set(name, row);
  return value;
}
const middle = (name: string) => median(rows.get(name)?.values ?? []);
const okOf = ({ statuses }: Outcome, status = 200) => statuses.get(status) ?? 0;

const postgres = await startPostgres({ durable: true });
const watchword = await startWatchword(3900, { WATCHWORD_DATABASE_URL: postgres.url });
const people = await addPeople(postgres.url, KEYS, PEOPLE);
await addHandwrittenPeople(postgres.url, PEOPLE);
const handwritten = await startHandwritten();
const client = new pg.Client(postgres.url);
await client.connect();

let code = people.code();
const ticking = setInterval(() => (code = people.code()), 100);
let turn = 0;
const nextUser = () => people.userIds[(turn = (turn + 1) % people.userIds.length)] ?? '';
const right = () => post(`/v1/users/${nextUser()}/verify`, KEY, { code });
let stranger = 0;
const wrong = () => {
  const digits = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
  return post(
    `/v1/users/${people.userIds[(stranger += 1) % people.userIds.length] ?? ''}/verify`,
    KEY,
    {
      code: digits,
    },
  );
};

await load(watchword, right, 3);
for (let round = 0; round < ROUNDS; round++) {
  console.log(`round ${round + 1} of ${ROUNDS}`);
  note(
    'pgbench, the same transaction',
    'a second',
    pgbench(postgres.url, people.realmId, PEOPLE, SECONDS),
  );
  const [node, database, syncs] = [
    watchword.cpuSeconds(),
    cpuSecondsOf(postgres.pid),
    await walSyncs(),
  ];
  const logins = await load(watchword, right, SECONDS);
  const count = okOf(logins);
  note('TOTP logins, one process', 'a second', count / logins.seconds);
  note('Node’s CPU', 'us a login', ((watchword.cpuSeconds() - node) * 1e6) / count);
  note('PostgreSQL’s CPU', 'us a login', ((cpuSecondsOf(postgres.pid) - database) * 1e6) / count);
  note('WAL syncs', 'a login', ((await walSyncs()) - syncs) / count);
  note('p50, 64 connections', 'ms', percentile(logins.times, 0.5));
  note('p99, 64 connections', 'ms', percentile(logins.times, 0.99));
  const refused = await load(watchword, wrong, SECONDS);
  note('wrong codes', 'a second', okOf(refused, 422) / refused.seconds);
  const byHand = await load(handwritten, right, SECONDS);
  note('written by hand', 'logins a second', okOf(byHand) / byHand.seconds);
}
const rate = middle('TOTP logins, one process') / 2;
const half = await openLoop({ ...target(watchword, right, SECONDS * 2), connections: 256, rate });
note('p99 at half of that rate, open loop', 'ms', percentile(half.times, 0.99));
note('resident memory under load', 'MB', watchword.residentMb());
let newcomer = 0;
const enrolments = await load(
  watchword,
  () => post(`/v1/users/new-${(newcomer += 1)}/factors`, KEY, { type: 'totp' }),
  SECONDS,
);
note('enrolments with SVG', 'a second', okOf(enrolments, 201) / enrolments.seconds);
await watchword.stop();
await handwritten.stop();
const again = await startWatchword(3902, { WATCHWORD_DATABASE_URL: postgres.url });
note('start to ready, PostgreSQL', 'ms', again.readyMs);
await again.stop();
await client.end();
await postgres.stop();
clearInterval(ticking);

const figures = {
  vs_pgbench: middle('TOTP logins, one process') / middle('pgbench, the same transaction'),
  node_us_per_login: middle('Node’s CPU'),
  postgres_us_per_login: middle('PostgreSQL’s CPU'),
  wal_syncs_per_login: middle('WAL syncs'),
  vs_handwritten: middle('TOTP logins, one process') / middle('written by hand'),
  p99_ms_half_load: middle('p99 at half of that rate, open loop'),
  wrong_vs_right: middle('wrong codes') / middle('TOTP logins, one process'),
  enrolments_per_second: middle('enrolments with SVG'),
  start_ms: middle('start to ready, PostgreSQL'),
  rss_mb: middle('resident memory under load'),
};
console.log(`\n${printed([...rows.values()])}\n`);
for (const [name, value] of Object.entries(figures))
  console.log(`${name.padEnd(24)}${round(value)}`);
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, 'results.json'),
  `${JSON.stringify(
    {
      commit: execSync('git rev-parse --short HEAD').toString().trim(),
      node: process.version,
      date: new Date().toISOString(),
      figures,
      rows: [...rows.values()],
    },
    null,
    2,
  )}\n`,
);
process.exit(0);

function target({ port }: Program, next: () => Buffer, seconds: number) {
  return { port, connections: CONNECTIONS, next, seconds };
}

function load(program: Program, next: () => Buffer, seconds: number): Promise<Outcome> {
  return closedLoop(target(program, next, seconds));
}

async function walSyncs(): Promise<number> {
  const { rows: found } = await client.query<{ wal_sync: string }>(
    'SELECT wal_sync FROM pg_stat_wal',
  );
  return Number(found[0]?.wal_sync ?? NaN);
}

function startHandwritten(): Promise<Program> {
  const peers = join(folder, 'peers');
  if (!existsSync(join(peers, 'node_modules'))) {
    const installed = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: peers,
      stdio: 'inherit',
    });
    if (installed.status !== 0) throw new Error('the peers cannot be installed');
  }
  return startProgram(
    [join(peers, 'handwritten.js')],
    3901,
    { DATABASE_URL: postgres.url, PORT: '3901', NODE_ENV: 'production' },
    '/ready',
  );
}
