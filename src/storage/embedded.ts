/**
 * PGlite, PostgreSQL in this process: for one service on one machine. It syncs nothing to the disk by
 * itself: a killed process loses nothing, a power loss may take the last seconds.
 *
 * Creating a database takes PGlite many seconds, so an initialised one is made at build time (seed.ts)
 * and unpacked at the first start: beside its place first and then moved, so that a start that was
 * killed half-way leaves no half a database.
 */
import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { Kysely, PGliteDialect } from 'kysely';
import type { Driver, Statement } from './database.js';
import type { Schema } from './schema.js';

const BIGINT = 20;
const parsers = { [BIGINT]: Number };

/**
 * The initialised database, which the build leaves beside the file that it bundles this one into. Not
 * compressed: a start is sooner done with 40 MB than with unpacking them.
 */
const seedFile = join(import.meta.dirname, 'seed.tar');

/**
 * Opens the embedded database of a data folder, which the caller has locked: two processes on one
 * folder would lose rows without an error.
 *
 * @param folder the data folder
 */
export async function openEmbedded(folder: string): Promise<Driver> {
  const place = join(folder, 'database');
  if (!existsSync(place)) {
    const incoming = `${place}.incoming`;
    await rm(incoming, { recursive: true, force: true });
    const unpacked = await PGlite.create({ dataDir: incoming, loadDataDir: await seed(seedFile) });
    await unpacked.close();
    await rename(incoming, place);
  }
  return embeddedDriver(await PGlite.create({ dataDir: place, parsers }));
}

/** A database that is gone with its process, for tests. */
export async function openInMemory(archive: string): Promise<Driver> {
  return embeddedDriver(await PGlite.create({ loadDataDir: await seed(archive), parsers }));
}

async function seed(archive: string): Promise<Blob> {
  return new Blob([await readFile(archive)], { type: 'application/x-tar' });
}

function embeddedDriver(pglite: PGlite): Driver {
  return {
    kind: 'embedded',
    kysely: new Kysely<Schema>({ dialect: new PGliteDialect({ pglite: beginning(pglite) }) }),
    async run<Row>({ text }: Statement, values: readonly unknown[]): Promise<Row[]> {
      const { rows } = await pglite.query<Row>(text, [...values]);
      return rows;
    },
    close: () => pglite.close(),
  };
}

/**
 * Kysely waits for ever for a transaction that cannot begin, and so does every statement behind it:
 * let it begin, and fail at its first statement.
 */
function beginning(pglite: PGlite): PGlite {
  const transaction = pglite.transaction.bind(pglite);
  pglite.transaction = async <Result>(work: (executor: Transaction) => Promise<Result>) => {
    const state = { hasBegun: false };
    try {
      return await transaction((executor) => {
        state.hasBegun = true;
        return work(executor);
      });
    } catch (error) {
      if (state.hasBegun) throw error;
      const query = () => {
        throw error;
      };
      return work({ query } as unknown as Transaction);
    }
  };
  return pglite;
}
