import { open, readFile, type FileHandle } from 'node:fs/promises';
import { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { OperatorError } from '../errors.js';
import type { Outcome } from '../inventory/imports.js';
import { sentEntries } from '../operator/token-import-operations.js';
import { FILE_KEY_FORM, readFileKey } from '../token-files/file-key.js';
import { formatOf, readTokenFile, type FormatName } from '../token-files/formats.js';
import { TokenFileError, type Entry } from '../token-files/token-file.js';
import { showProgress } from './progress.js';
import { withOperations, type Run } from './run-operation.js';

/** As many as one message to the service holds, and one transaction of its. */
const BATCH = 500;
/** What is shown of rows that were refused; the report has them all. */
const SHOWN = 20;

export interface ImportOptions {
  readonly realm?: string;
  readonly format?: FormatName;
  readonly keyFile?: string;
  readonly passwordFile?: string;
  readonly userField?: string;
  readonly lookAhead: number;
  readonly assignUsers?: boolean;
  readonly dryRun?: boolean;
  readonly report?: string;
}

export interface ImportSummary {
  readonly format: FormatName;
  readonly imported: number;
  readonly present: number;
  readonly refused: number;
  readonly dryRun: boolean;
  /** The first rows that were refused. */
  readonly refusals: readonly string[];
}

/**
 * Imports a file, batch by batch. It may be stopped at any time, and run again.
 *
 * @throws OperatorError where the file cannot be read at all
 */
export async function importTokens(
  config: Config,
  file: string,
  options: ImportOptions,
): Promise<ImportSummary> {
  const { format, entries } = await read(file, options);
  const report = options.report === undefined ? undefined : await openReport(options.report);
  const outcomes = await withOperations(config, (run) => send(run, format, entries, options));
  await report?.writeFile(reportOf(outcomes));
  await report?.close();
  const count = (wanted: Outcome['outcome']) =>
    outcomes.filter(({ outcome }) => outcome === wanted).length;
  return {
    format,
    imported: count('imported'),
    present: count('present'),
    refused: count('refused'),
    dryRun: options.dryRun === true,
    refusals: outcomes
      .filter(({ outcome }) => outcome === 'refused')
      .slice(0, SHOWN)
      .map((row) => `line ${row.line}, ${row.serial ?? row.user ?? '?'}: ${row.reason ?? ''}`),
  };
}

async function send(
  run: Run,
  format: FormatName,
  entries: readonly Entry[],
  { realm, lookAhead, assignUsers = false, dryRun = false }: ImportOptions,
): Promise<Outcome[]> {
  if (entries.length === 0) return [];
  const input = { ...(realm !== undefined && { realm }), format, lookAhead, assignUsers, dryRun };
  const outcomes: Outcome[] = [];
  const progress = showProgress(process.stderr, dryRun ? 'looked at' : 'imported', entries.length);
  try {
    for (let start = 0; start < entries.length; start += BATCH) {
      const batch = sentEntries(entries.slice(start, start + BATCH));
      outcomes.push(...((await run('tokens.import', { ...input, entries: batch })) as Outcome[]));
      progress.advance(batch.length);
    }
  } catch (error) {
    if (!isCutOff(error)) throw error;
    throw new OperatorError(
      'The service ended before it had answered. Run the import again: what is there is passed over.',
    );
  } finally {
    progress.stop();
  }
  return outcomes;
}

function isCutOff(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

async function read(
  file: string,
  options: ImportOptions,
): Promise<{ format: FormatName; entries: readonly Entry[] }> {
  const text = await textOf(file);
  const [key, password] = [
    options.keyFile === undefined ? undefined : await keyOf(options.keyFile),
    options.passwordFile === undefined ? undefined : (await textOf(options.passwordFile)).trim(),
  ];
  try {
    const format = options.format ?? formatOf(text);
    const { userField } = options;
    const entries = await readTokenFile(format, text, {
      key,
      password,
      userField,
      now: new Clock().now(),
    });
    return { format, entries };
  } catch (error) {
    if (!(error instanceof TokenFileError)) throw error;
    throw new OperatorError(`"${file}": ${error.message}`);
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(`"${file}" cannot be read: ${reason}.`);
  }
}

/** Before anything is imported: afterwards nobody would know what became of the rows. */
async function openReport(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'w');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(`"${file}" cannot be written: ${reason}. Nothing was imported.`);
  }
}

/** A key from a file: on the command line everybody on the machine could read it. */
export async function keyOf(file: string): Promise<Buffer> {
  const key = readFileKey((await textOf(file)).trim());
  if (key === undefined) throw new OperatorError(`"${file}" holds no key: ${FILE_KEY_FORM}.`);
  return key;
}

/** Every row, as comma-separated values (RFC 4180). */
function reportOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ line, serial, user, outcome, reason }) =>
    [String(line), serial ?? '', user ?? '', outcome, reason ?? ''].map(cell).join(','),
  );
  return ['line,serial,user,outcome,reason', ...rows, ''].join('\n');
}

/** A cell that a spreadsheet takes for text: one that begins like a formula gets an apostrophe. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
