/**
 * The CSV that vendors of OATH tokens deliver and that LinOTP and privacyIDEA read:
 * `serial, key, type, digits, period, algorithm`, all but the first two optional. With a first line that
 * names columns they may stand in any order, and there may be `counter`, `user`, `manufacturer`, `model`.
 *
 * As those two do (privacyidea/lib/importotp.py, `parseOATHcsv`), it takes a token for HOTP where no type is
 * given. They tell the algorithm by the key's length; here too, where there is no column for it.
 */
import type { Algorithm } from '../otp/algorithm.js';
import { readCsv } from './csv.js';
import {
  readAlgorithm,
  readCounter,
  readDigits,
  readHexOrBase32,
  readPeriod,
  readType,
} from './fields.js';
import { entryOf, RowError, type FileToken, type TokenFileFormat } from './token-file.js';

const columns = [
  'serial',
  'key',
  'type',
  'digits',
  'period',
  'algorithm',
  'counter',
  'user',
  'manufacturer',
  'model',
] as const;
type Column = (typeof columns)[number];

/** Other names that a column goes by. */
const aliases: Readonly<Record<string, Column>> = {
  'serial number': 'serial',
  serialnumber: 'serial',
  serialno: 'serial',
  sn: 'serial',
  secret: 'key',
  'secret key': 'key',
  seed: 'key',
  otpkey: 'key',
  otplen: 'digits',
  length: 'digits',
  timestep: 'period',
  'time step': 'period',
  interval: 'period',
  timeinterval: 'period',
  'time interval': 'period',
  hash: 'algorithm',
  hashlib: 'algorithm',
  username: 'user',
  upn: 'user',
};

type Cells = Partial<Record<Column, string>>;

export const oathCsv: TokenFileFormat = {
  looksLike: (text) => /^[^\n,]{1,64},\s*[0-9a-zA-Z]{16,}/m.test(text),

  *read(text, options) {
    let order: readonly (Column | undefined)[] = columns;
    for (const [index, { line, cells }] of readCsv(text, options).entries()) {
      const named = index === 0 ? columnsOf(cells) : undefined;
      if (named === undefined) yield entry(line, cellsOf(order, cells));
      else order = named;
    }
  },
};

function entry(line: number, cells: Cells) {
  const { serial, user, manufacturer, model } = cells;
  const subject = {
    serial: serial ?? null,
    user: user ?? null,
    manufacturer: manufacturer ?? null,
    model: model ?? null,
  };
  return entryOf(line, subject, () => tokenOf(cells));
}

function tokenOf(cells: Cells): FileToken {
  if (cells.serial === undefined && cells.user === undefined)
    throw new RowError('It has no serial.');
  if (cells.key === undefined) throw new RowError('It has no secret.');
  const type = readType(cells.type ?? 'hotp');
  const secret = readHexOrBase32(cells.key);
  return {
    type,
    secret,
    algorithm:
      cells.algorithm === undefined ? algorithmFor(secret) : readAlgorithm(cells.algorithm),
    digits: readDigits(cells.digits),
    period: type === 'totp' ? readPeriod(cells.period) : 30,
    counter: readCounter(cells.counter),
    driftSteps: 0,
  };
}

function algorithmFor({ length }: Uint8Array): Algorithm {
  if (length === 64) return 'SHA512';
  return length === 32 ? 'SHA256' : 'SHA1';
}

/** @returns which column is which, or undefined where the row names none */
function columnsOf(cells: readonly string[]): (Column | undefined)[] | undefined {
  const named = cells.map((cell) => {
    const name = cell.toLowerCase();
    return columns.find((column) => column === name) ?? aliases[name];
  });
  return named.includes('key') && (named.includes('serial') || named.includes('user'))
    ? named
    : undefined;
}

function cellsOf(order: readonly (Column | undefined)[], cells: readonly string[]): Cells {
  const read: Cells = {};
  for (const [index, cell] of cells.entries()) {
    const column = order[index];
    if (column !== undefined && cell !== '') read[column] = cell;
  }
  return read;
}
