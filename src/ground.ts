import type { TlsFiles } from './certificates/tls-files.js';
import { Clock } from './clock.js';
import type { Config } from './config.js';
import { Keyring } from './crypto/keyring.js';
import { DataFolder } from './storage/data-folder.js';
import type { Database } from './storage/database.js';
import { openDatabase } from './storage/open.js';

/** What stands before the application does. */
export interface Ground {
  readonly config: Config;
  readonly clock: Clock;
  readonly database: Database;
  readonly keyring: Keyring;
  /** Left out where no connections are taken. */
  readonly tls?: TlsFiles;
}

export interface OpenGround extends Ground {
  /** The locked data folder, where the database is the embedded one. */
  readonly folder: DataFolder | undefined;
  close(): Promise<void>;
}

/**
 * Opens all that a service or a command needs: the data folder with its lock, the database with its
 * schema brought up to date, the keys.
 *
 * @throws DataFolderError, KeyringError, or the database's error; nothing stays open then
 */
export async function openGround(
  config: Config,
  onIdleError?: (error: Error) => void,
): Promise<OpenGround> {
  const folder = config.databaseUrl === undefined ? DataFolder.lock(config.dataFolder) : undefined;
  try {
    const keys = config.encryptionKeys ?? (await generatedKeys(folder));
    const keyring = Keyring.parse(keys);
    const database = await openDatabase(config, folder, onIdleError);
    const close = async () => {
      await database.close();
      folder?.release();
    };
    return { config, clock: new Clock(), database, keyring, folder, close };
  } catch (error) {
    folder?.release();
    throw error;
  }
}

async function generatedKeys(folder: DataFolder | undefined): Promise<string> {
  if (folder === undefined) throw new Error('keys are generated in embedded mode only');
  return (await folder.readOrMake('encryption-keys', () => `${Keyring.generate()}\n`)).trim();
}
