import { CsvError, parse } from 'csv-parse/sync';
import { TokenFileError, type ReadOptions } from './token-file.js';

export interface CsvRow {
  /** From 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * The rows of a file of comma-separated values (RFC 4180), without empty ones and those that begin with `#`.
 *
 * @throws TokenFileError where its quotes do not match
 */
export function readCsv(text: string, { mostRows }: Pick<ReadOptions, 'mostRows'>): CsvRow[] {
  try {
    const rows = parse(text, {
      bom: true,
      comment: '#',
      comment_no_infix: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      // The first may name columns, and one more shows that there are too many.
      ...(mostRows !== undefined && { to: mostRows + 2 }),
      trim: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return rows.map(({ record, info }) => ({ line: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // Where a mark is never closed the parser is at the end of the file; what it has read says where it opened.
    const row = Number(error['records']) + 1;
    throw new TokenFileError(`The file is no CSV: look at the quotation marks of its row ${row}.`);
  }
}
