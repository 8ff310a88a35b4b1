import type { Config } from '../config.js';
import { Database } from './database.js';
import type { DataFolder } from './data-folder.js';
import { openEmbedded } from './embedded.js';
import { migrate } from './migrations.js';
import { postgresDriver } from './postgres.js';

/**
 * Opens the configured database and brings its schema up to date.
 *
 * @param folder the locked data folder; needed for the embedded database alone
 * @param onIdleError told of PostgreSQL's connections that broke while idle
 * @throws the database's error when it cannot be reached or migrated
 */
export async function openDatabase(
  config: Pick<Config, 'databaseUrl' | 'databaseConnections'>,
  folder: DataFolder | undefined,
  onIdleError?: (error: Error) => void,
): Promise<Database> {
  if (config.databaseUrl === undefined) {
    if (folder === undefined) throw new Error('the embedded database needs a locked data folder');
    const driver = await openEmbedded(folder.path);
    await migrate(driver.kysely);
    return new Database(driver);
  }
  await migratePostgres(config.databaseUrl);
  return new Database(
    postgresDriver({
      url: config.databaseUrl,
      connections: config.databaseConnections,
      ...(onIdleError && { onIdleError }),
    }),
  );
}

/**
 * Brings a PostgreSQL database up to this version's schema.
 *
 * @returns the names of the migrations that were run
 */
export async function migratePostgres(url: string): Promise<string[]> {
  const driver = postgresDriver({ url, connections: 2, statementTimeoutMs: 0 });
  try {
    return await migrate(driver.kysely);
  } finally {
    await driver.close();
  }
}
