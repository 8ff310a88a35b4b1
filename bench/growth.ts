/** The same load on few users and on many: databases on one server, in turn. */
import pg from 'pg';
import type { Book } from './book.js';
import type { BenchDatabase } from './database.js';
import { okOf, post } from './load.js';
import { load } from './logins.js';
import { addPeople, codeNow } from './people.js';
import { KEY, KEYS, startWatchword, type Program } from './service.js';

/** Those who log in, spread over all of them. */
const MOST_REAL = 100_000;
const ROUNDS = 3;
const WARM_UP_SECONDS = 30;

interface Crowd {
  readonly size: number;
  readonly service: Program;
  readonly bytes: number;
  next(): Buffer | undefined;
  /** Nobody twice. */
  nextNewcomer(): Buffer | undefined;
  /** Lets everybody log in anew. */
  rest(): Promise<void>;
}

export const nameOf = (size: number) => `logins among ${size.toLocaleString('en')} users`;

export async function measureGrowth(
  book: Book,
  database: BenchDatabase,
  port: number,
  sizes: readonly number[],
  seconds: number,
): Promise<void> {
  const crowds: Crowd[] = [];
  for (const size of sizes) {
    console.log(`${size} users are added`);
    const crowd = await gather(database, port + crowds.length, size);
    // Everybody once, so that no round is the first to touch a page since the last checkpoint.
    await load(crowd.service, crowd.nextNewcomer, WARM_UP_SECONDS);
    crowds.push(crowd);
  }
  for (let round = 0; round < ROUNDS; round++)
    for (const { size, service, next, rest } of crowds) {
      await rest();
      const outcome = await load(service, next, seconds);
      book.note(nameOf(size), 'a second', okOf(outcome) / outcome.seconds);
    }
  const [least, most] = [crowds[0], crowds.at(-1)];
  if (least !== undefined && most !== undefined && least !== most)
    book.note(
      'what a user takes on disk, with their factor and indexes',
      'bytes',
      (most.bytes - least.bytes) / (most.size - least.size),
    );
  for (const { service } of crowds) await service.stop();
}

async function gather(database: BenchDatabase, port: number, size: number): Promise<Crowd> {
  const url = await database.create(`growth_${size}`);
  const service = await startWatchword(port, { WATCHWORD_DATABASE_URL: url });
  const { userIds } = await addPeople(url, KEYS, size, Math.max(1, Math.floor(size / MOST_REAL)));
  let turn = 0;
  const next = () => {
    // The codes of three steps are good at any time, so everybody may come three times.
    const userId = userIds[turn % userIds.length] ?? '';
    const stepsAway = Math.floor(turn++ / userIds.length) - 1;
    if (stepsAway > 1) return undefined;
    return post(`/v1/users/${userId}/verify`, KEY, { code: codeOf(stepsAway) });
  };
  return {
    size,
    service,
    bytes: await database.sizeOf(url),
    next,
    nextNewcomer: () => (turn < userIds.length ? next() : undefined),
    async rest() {
      // Many have room for all rounds.
      if (userIds.length >= MOST_REAL) return;
      turn = 0;
      const client = new pg.Client(url);
      await client.connect();
      await client.query('UPDATE factors SET last_step = 0, drift_steps = 0 WHERE last_step > 0');
      await client.query('VACUUM factors');
      await client.end();
    },
  };
}

const kept = new Map<number, { code: string; until: number }>();

/** A code is computed ten times a second, and not for each request. */
function codeOf(stepsAway: number): string {
  const known = kept.get(stepsAway);
  if (known !== undefined && performance.now() < known.until) return known.code;
  const code = codeNow(stepsAway);
  kept.set(stepsAway, { code, until: performance.now() + 100 });
  return code;
}
