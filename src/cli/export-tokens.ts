import { randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import type { Config } from '../config.js';
import { OperatorError } from '../errors.js';
import type { ExportPage, ExportPlace } from '../inventory/exports.js';
import { faultOfKey, pskcHead, pskcTail } from '../token-files/pskc-writer.js';
import { keyOf } from './import-tokens.js';
import { withOperations, type Run } from './run-operation.js';

/** As long as the hash of the MAC. */
const MAC_KEY_BYTES = 32;

export interface ExportOptions {
  readonly realm?: string;
  readonly keyFile: string;
  readonly output?: string;
}

export interface ExportSummary {
  readonly format: 'pskc';
  readonly exported: number;
  readonly output: string;
}

type Write = (text: string) => Promise<void>;

/**
 * Writes a realm's tokens and apps into a file sealed under a key, page by page. A file that was broken off is not
 * there: it gets its name when it is whole. Without a name it goes to the standard output.
 *
 * @throws OperatorError where the key is weak, or the file cannot be written
 */
export async function exportTokens(config: Config, options: ExportOptions): Promise<ExportSummary> {
  const key = await keyOf(options.keyFile);
  const fault = faultOfKey(key);
  if (fault !== undefined)
    throw new OperatorError(
      `${fault}: make one with openssl rand -hex 32, and write it into "${options.keyFile}".`,
    );
  const { output } = options;
  const exported = await withOperations(config, (run) =>
    output === undefined
      ? writeAll(run, key, options.realm, toStandardOutput)
      : intoFile(output, (write) => writeAll(run, key, options.realm, write)),
  );
  return { format: 'pskc', exported, output: output ?? '-' };
}

async function writeAll(
  run: Run,
  key: Buffer,
  realm: string | undefined,
  write: Write,
): Promise<number> {
  const macKey = randomBytes(MAC_KEY_BYTES);
  const input = {
    ...(realm !== undefined && { realm }),
    key: key.toString('base64'),
    macKey: macKey.toString('base64'),
  };
  let exported = 0;
  let place: ExportPlace | null = { part: 'tokens', after: '' };
  while (place !== null) {
    const page = (await run('tokens.export', { ...input, place })) as ExportPage;
    // After the first page: what is refused leaves nothing behind.
    if (exported === 0 && place.part === 'tokens') await write(pskcHead({ key, macKey }));
    await write(page.keys.join(''));
    exported += page.keys.length;
    place = page.next;
  }
  await write(pskcTail);
  return exported;
}

function toStandardOutput(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error == null) resolve();
      else reject(error);
    });
  });
}

/** A file that nobody else can read, and that replaces none. */
async function intoFile(path: string, write: (write: Write) => Promise<number>): Promise<number> {
  const partial = `${path}.part`;
  let file: FileHandle;
  try {
    await (await open(path, 'wx', 0o600)).close();
    file = await open(partial, 'w', 0o600);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(`"${path}" cannot be written: ${reason}. Name a new file.`);
  }
  try {
    const written = await write(async (text) => {
      // Not `write`, which may write a part of it on a disk that is nearly full.
      await file.appendFile(text);
    });
    await file.close();
    await rename(partial, path);
    return written;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    await rm(path, { force: true });
    throw error;
  }
}
