/**
 * The data folder of an embedded service: its lock, its generated keys, its operator's socket.
 * Everything in it is for the owner alone.
 */
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { link, open, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { types } from 'node:util';
import { tryLock } from 'fs-native-extensions';

const LOCK_TRIES = 10;
const LOCK_PAUSE_MS = 50;

/** Another process holds the folder, or it cannot be used. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

export class DataFolder {
  private constructor(
    readonly path: string,
    private readonly lockDescriptor: number,
  ) {}

  /** Where the command line reaches the service that holds the folder. */
  static socketOf(folder: string): string {
    return join(resolve(folder), 'operator.sock');
  }

  get socket(): string {
    return DataFolder.socketOf(this.path);
  }

  /**
   * Makes the folder where it is missing and locks it for the life of this process. The lock is the
   * kernel's (flock): any death releases it, and nobody has to clean up after one.
   *
   * @throws DataFolderError naming the folder, if another process holds it
   */
  static lock(folder: string): DataFolder {
    const path = resolve(folder);
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      chmodSync(path, 0o700);
    } catch (cause) {
      throw new DataFolderError(
        `The data folder ${path} cannot be used. Give this user the right to write there, or set WATCHWORD_DATA_DIR.`,
        { cause },
      );
    }
    const descriptor = openSync(join(path, 'lock'), 'a', 0o600);
    if (!locked(descriptor)) {
      closeSync(descriptor);
      throw new DataFolderError(
        `The data folder ${path} is in use by another Watchword process. Stop that one, or set WATCHWORD_DATA_DIR to another folder.`,
      );
    }
    return new DataFolder(path, descriptor);
  }

  /** Gives the folder back before the process ends. */
  release(): void {
    closeSync(this.lockDescriptor);
  }

  /**
   * The text of a file that is made once, readable by the owner alone, and complete or not there: it
   * is synced under another name before it gets its own.
   */
  async readOrMake(name: string, make: () => string): Promise<string> {
    const place = join(this.path, name);
    const made = `${place}.incoming`;
    try {
      return await readFile(place, 'utf8');
    } catch (error) {
      if (!(types.isNativeError(error) && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    await rm(made, { force: true });
    const file = await open(made, 'wx', 0o600);
    try {
      await file.writeFile(make());
      await file.sync();
    } finally {
      await file.close();
    }
    await link(made, place);
    await rm(made);
    return readFile(place, 'utf8');
  }
}

/**
 * Tries for a moment: a process that was killed just now may not have let go yet, and whatever restarts it
 * should not have to try twice.
 */
function locked(descriptor: number): boolean {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < LOCK_TRIES; tries++) {
    if (tryLock(descriptor)) return true;
    Atomics.wait(nobody, 0, 0, LOCK_PAUSE_MS);
  }
  return false;
}
