/**
 * `npm run bench`: Watchword, PostgreSQL by itself, a service written by hand and better-auth, one after
 * another in each round, on one durable PostgreSQL. Prints a table and writes bench/results.json. Loopback
 * only. bench/README.md says how to read it.
 */
import { execSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Book } from './book.js';
import { openBenchDatabase } from './database.js';
import { measureEmbedded } from './embedded.js';
import { measureEnrolments } from './enrolments.js';
import { measureGrowth, nameOf } from './growth.js';
import { latencyAt, load, loginRound, loginsOf } from './logins.js';
import { startBetterAuth, startHandwritten } from './peers.js';
import { addHandwrittenPeople, addPeople } from './people.js';
import { startPhoneBench } from './phone.js';
import { KEYS, startWatchword } from './service.js';
import { printed, round } from './table.js';

const argument = (name: string, fallback: number) =>
  Number(process.argv.find((text) => text.startsWith(`--${name}=`))?.split('=')[1] ?? fallback);
const ROUNDS = argument('rounds', 5);
const SECONDS = argument('seconds', 4);
const PEOPLE = argument('people', 400_000);
const MOST_PEOPLE = argument('most', 5_000_000);
const WARM_UP_SECONDS = argument('warm-up', 10);
const CALLERS = argument('callers', 4_000);
const sizes = [10_000, 1_000_000, 5_000_000].filter((size) => size <= MOST_PEOPLE);

const book = new Book();
const database = await openBenchDatabase();

console.log('getting ready');
const url = await database.create('logins');
const first = await startWatchword(3900, { WATCHWORD_DATABASE_URL: url });
await first.stop();
const people = await addPeople(url, KEYS, PEOPLE);
// pgbench has a copy to itself, so that its garbage is not the service's to clear away.
const copy = await database.create('pgbench', url);
const one = await startWatchword(3900, { WATCHWORD_DATABASE_URL: url });
const several = await startWatchword(3901, {
  WATCHWORD_DATABASE_URL: url,
  WATCHWORD_WORKERS: 'auto',
});
const byHand = await database.create('by_hand');
await addHandwrittenPeople(byHand, PEOPLE);
const handwritten = await startHandwritten(byHand, 3902);
const betterAuth = await startBetterAuth(await database.create('better_auth'), 3903);
const phone = await startPhoneBench(url, copy, people.realmId, 3904, CALLERS);
const logins = loginsOf(people);
for (const program of [one, several, handwritten])
  await load(program, logins.right, WARM_UP_SECONDS);

for (let number = 1; number <= ROUNDS; number++) {
  console.log(`round ${number} of ${ROUNDS}`);
  const field = { database, copy, people, logins, one, several, handwritten, betterAuth };
  await loginRound(book, field, SECONDS);
  await phone.round(book, SECONDS);
  const rate = book.middle('logins, one process') / 2;
  book.note('p99 at half of the top rate', 'ms', await latencyAt(one, logins.right, rate, SECONDS));
}
await measureEnrolments(book, one, logins, book.middle('logins, one process') / 4, SECONDS);
logins.close();
for (const program of [one, several, handwritten, betterAuth.program, phone]) await program.stop();

for (let number = 0; number < ROUNDS; number++) {
  const again = await startWatchword(3900, { WATCHWORD_DATABASE_URL: url });
  book.note('start to ready, PostgreSQL', 'ms', again.readyMs);
  await again.stop();
}
console.log('the embedded database');
await measureEmbedded(book, 3900, CALLERS, ROUNDS, SECONDS / 10);
await measureGrowth(book, database, 3910, sizes, SECONDS);
await database.stop();

const top = book.middle('logins, one process');
const figures = {
  vs_pgbench: top / book.middle('pgbench: all that a login writes'),
  vs_pgbench_read_and_use: top / book.middle('pgbench: factor read and used'),
  vs_pgbench_workers:
    book.middle('logins, one process a core') / book.middle('pgbench: all that a login writes'),
  node_us_per_login: book.middle('its CPU'),
  postgres_us_per_login: book.middle('PostgreSQL’s CPU'),
  wal_syncs_per_login: book.middle('WAL syncs'),
  vs_handwritten: top / book.middle('written by hand'),
  vs_better_auth: top / book.middle('better-auth'),
  p99_ms_half_load: book.middle('p99 at half of the top rate'),
  wrong_vs_right: book.middle('wrong codes, one process') / top,
  growth_5m_vs_10k: book.middle(nameOf(5_000_000)) / book.middle(nameOf(10_000)),
  growth_1m_vs_10k: book.middle(nameOf(1_000_000)) / book.middle(nameOf(10_000)),
  phone_vs_pgbench:
    book.middle('codes by SMS, sent and verified') /
    book.middle('pgbench: all that a code by SMS writes'),
  enrolments_per_second: book.middle('enrolments with SVG'),
  p99_beside_enrolments_vs_quiet: book.middle('the one by the other'),
  pglite_logins_per_second: book.middle('logins, one process, embedded PGlite'),
  start_ms: book.middle('start to ready, PostgreSQL'),
  rss_mb: book.middle('resident memory under load'),
};
console.log(`\n${printed(book.all)}\n`);
for (const [name, value] of Object.entries(figures))
  console.log(`${name.padEnd(32)}${round(value)}`);
const results = {
  commit: execSync('git rev-parse --short HEAD').toString().trim(),
  node: process.version,
  postgres: database.version,
  date: new Date().toISOString(),
  figures,
  rows: book.all,
};
const file = join(import.meta.dirname, '../../bench/results.json');
writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
process.exit(0);
