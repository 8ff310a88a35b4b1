import type { Config } from '../config.js';
import { openGround } from '../ground.js';
import { migratePostgres } from '../storage/open.js';

/**
 * Brings the schema up to date and does nothing else.
 *
 * @returns the migrations that were run; the embedded database runs its own when it is opened
 */
export async function migrateOnly(config: Config): Promise<string[]> {
  if (config.databaseUrl !== undefined) return migratePostgres(config.databaseUrl);
  const ground = await openGround(config);
  await ground.close();
  return [];
}
