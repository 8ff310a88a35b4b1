/** Logins by an authenticator app: Watchword in one process and in several, and the peers, in turn. */
import type { BenchDatabase } from './database.js';
import type { Book } from './book.js';
import { closedLoop, okOf, openLoop, percentile, post } from './load.js';
import { codeNow, type People } from './people.js';
import { pgbench, shortLogin, wholeLogin } from './pgbench.js';
import type { BetterAuth } from './peers.js';
import { KEY, type Program } from './service.js';

export const CONNECTIONS = 64;
const RATE_CONNECTIONS = 256;

export interface Logins {
  /** The next user's right code. */
  right(): Buffer;
  /** A wrong code, each for another user. */
  wrong(): Buffer;
  close(): void;
}

/** Requests that go round all users, so that nobody comes twice within a step. */
export function loginsOf({ userIds }: People): Logins {
  let code = codeNow();
  const ticking = setInterval(() => (code = codeNow()), 100);
  let turn = 0;
  const next = () => userIds[(turn = (turn + 1) % userIds.length)] ?? '';
  const verify = (typed: string) => post(`/v1/users/${next()}/verify`, KEY, { code: typed });
  return {
    right: () => verify(code),
    wrong: () => verify(String((Number(code) + 1) % 1_000_000).padStart(6, '0')),
    close: () => clearInterval(ticking),
  };
}

export const load = ({ port }: Program, next: () => Buffer | undefined, seconds: number) =>
  closedLoop({ port, connections: CONNECTIONS, next, seconds });

export interface Field {
  readonly database: BenchDatabase;
  /** A copy of the database, for pgbench. */
  readonly copy: string;
  readonly people: People;
  readonly logins: Logins;
  readonly one: Program;
  readonly several: Program;
  readonly handwritten: Program;
  readonly betterAuth: BetterAuth;
}

/** One round: everybody has their turn, and none runs beside another. */
export async function loginRound(book: Book, field: Field, seconds: number): Promise<void> {
  const { database, copy, people, logins, one, several, handwritten, betterAuth } = field;
  const { realmId, userIds } = people;
  const { length } = userIds;
  book.note(
    'pgbench: factor read and used',
    'a second',
    pgbench(copy, shortLogin(realmId, length), seconds),
  );
  await oneProcess(book, { database, one, logins }, seconds);
  book.note(
    'pgbench: all that a login writes',
    'a second',
    pgbench(copy, wholeLogin(realmId, length), seconds),
  );
  const all = await load(several, logins.right, seconds);
  book.note('logins, one process a core', 'a second', okOf(all) / all.seconds);
  const refused = await load(one, logins.wrong, seconds);
  book.note('wrong codes, one process', 'a second', okOf(refused, 422) / refused.seconds);
  const byHand = await load(handwritten, logins.right, seconds);
  book.note('written by hand', 'logins a second', okOf(byHand) / byHand.seconds);
  const theirs = await load(betterAuth.program, await betterAuth.logins(seconds), seconds);
  book.note('better-auth', 'logins a second', okOf(theirs) / theirs.seconds);
}

async function oneProcess(
  book: Book,
  { database, one, logins }: Pick<Field, 'database' | 'one' | 'logins'>,
  seconds: number,
): Promise<void> {
  const before = [one.cpuSeconds(), database.cpuSeconds(), await database.walSyncs()] as const;
  const outcome = await load(one, logins.right, seconds);
  const count = okOf(outcome);
  book.note('logins, one process', 'a second', count / outcome.seconds);
  book.note('its CPU', 'us a login', ((one.cpuSeconds() - before[0]) * 1e6) / count);
  book.note('PostgreSQL’s CPU', 'us a login', ((database.cpuSeconds() - before[1]) * 1e6) / count);
  book.note('WAL syncs', 'a login', ((await database.walSyncs()) - before[2]) / count);
  book.note('p50, 64 connections', 'ms', percentile(outcome.times, 0.5));
  book.note('p99, 64 connections', 'ms', percentile(outcome.times, 0.99));
  book.note('resident memory under load', 'MB', one.residentMb());
}

/** @returns the 99th percentile in milliseconds at a rate that does not wait for answers */
export async function latencyAt(
  { port }: Program,
  next: () => Buffer | undefined,
  rate: number,
  seconds: number,
): Promise<number> {
  const { times } = await openLoop({ port, connections: RATE_CONNECTIONS, next, rate, seconds });
  return percentile(times, 0.99);
}
