/**
 * What Google Authenticator shows as QR codes under “Transfer accounts”, read by any scanner:
 * `otpauth-migration://offline?data=…`, one a line. The data is base64 of a protobuf message that Google does not
 * document; its fields are as the apps that read it have them, such as Aegis
 * (https://github.com/beemdevelopment/Aegis, app/src/main/proto/google_auth.proto) and
 * https://github.com/qistoph/otp_export. Accounts have no period there: it is always 30 seconds.
 *
 * An export of more than ten accounts is several QR codes. A file that lacks one of them is refused as a whole,
 * for nobody would miss the accounts until they need them.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { checkedSecret } from '../otp/secret.js';
import type { Algorithm } from '../otp/algorithm.js';
import { accountOf } from './key-uri-text.js';
import { linesOf } from './lines.js';
import {
  entryOf,
  RowError,
  TokenFileError,
  type Entry,
  type FileToken,
  type TokenFileFormat,
} from './token-file.js';

type Fields = ReadonlyMap<number, readonly (Uint8Array | number)[]>;

const payload = { accounts: 1, batchSize: 3, batchIndex: 4, batchId: 5 } as const;
const account = {
  ...{ secret: 1, name: 2, issuer: 3, algorithm: 4 },
  ...{ digits: 5, type: 6, counter: 7 },
} as const;

/** By their numbers; 0 is what is left out. 4 is MD5, which nobody can use. */
const algorithms: readonly (Algorithm | undefined)[] = ['SHA1', 'SHA1', 'SHA256', 'SHA512'];
const digits: readonly (6 | 7 | 8 | undefined)[] = [6, 6, 8, 7];
const types: readonly ('hotp' | 'totp' | undefined)[] = ['totp', 'hotp', 'totp'];

export const googleAuthenticator: TokenFileFormat = {
  looksLike: (text) => /^\ufeff?(?:\s|#[^\n]*\n)*otpauth-migration:/i.test(text),

  read(text) {
    const entries: Entry[] = [];
    const batches = new Map<number, { size: number; seen: Set<number> }>();
    for (const { line, content } of linesOf(text)) {
      const fields = payloadOf(line, content);
      const batch = batches.get(numberOf(fields, payload.batchId)) ?? {
        size: Math.max(1, numberOf(fields, payload.batchSize)),
        seen: new Set(),
      };
      batch.seen.add(numberOf(fields, payload.batchIndex));
      batches.set(numberOf(fields, payload.batchId), batch);
      for (const bytes of fields.get(payload.accounts) ?? [])
        if (typeof bytes !== 'number') entries.push(entry(line, bytes));
    }
    for (const { size, seen } of batches.values()) requireAll(size, seen);
    return entries;
  },
};

function requireAll(size: number, seen: ReadonlySet<number>): void {
  for (let index = 0; index < size; index++)
    if (!seen.has(index))
      throw new TokenFileError(
        `The export was shown as ${size} QR codes, and number ${index + 1} is not in the file: add it.`,
      );
}

function payloadOf(line: number, content: string): Fields {
  const [, data] =
    /^otpauth-migration:\/\/offline\/?\?(?:[^#]*&)?data=([^&#]*)/i.exec(content) ?? [];
  try {
    if (data === undefined) throw new RangeError('no data');
    // A plus sign that was not escaped is one, and no space.
    const base64 = decodeURIComponent(data).replaceAll(' ', '+');
    if (!/^[\w+/-]+={0,2}$/.test(base64)) throw new RangeError('no base64');
    return fieldsOf(Buffer.from(base64, 'base64'));
  } catch {
    throw new TokenFileError(
      `Line ${line} is no export of Google Authenticator’s: scan its QR code again. It begins with otpauth-migration://offline?data=.`,
    );
  }
}

function entry(line: number, bytes: Uint8Array): Entry {
  let fields: Fields;
  try {
    fields = fieldsOf(bytes);
  } catch {
    throw new TokenFileError(`Line ${line} is cut short: scan its QR code again.`);
  }
  const issuer = textOf(fields, account.issuer);
  const names = accountOf(textOf(fields, account.name), issuer);
  return entryOf(line, { user: names.account, label: names.issuer }, () => tokenOf(fields));
}

function tokenOf(fields: Fields): FileToken {
  const algorithm = algorithms[numberOf(fields, account.algorithm)];
  const length = digits[numberOf(fields, account.digits)];
  const type = types[numberOf(fields, account.type)];
  if (algorithm === undefined) throw new RowError('Its algorithm is none of SHA1, SHA256, SHA512.');
  if (length === undefined || type === undefined)
    throw new RowError('It is neither a HOTP nor a TOTP account of 6, 7 or 8 digits.');
  const counter = type === 'hotp' ? numberOf(fields, account.counter) : 0;
  if (counter < 0 || counter > 2 ** 48)
    throw new RowError('Its counter is no whole number from 0 to 2^48.');
  return {
    ...{ type, algorithm, digits: length, period: 30, counter, driftSteps: 0 },
    secret: checkedSecret(bytesOf(fields, account.secret)),
  };
}

/** The fields of a message that are numbers or bytes; of others it has none. @throws where it is cut short */
function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | number)[]>();
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire === WireType.Varint) add(fields, field, Number(reader.int64()));
    else if (wire === WireType.LengthDelimited) add(fields, field, reader.bytes());
    else reader.skip(wire, field);
  }
  return fields;
}

function add<Value>(fields: Map<number, Value[]>, field: number, value: Value): void {
  const values = fields.get(field);
  if (values === undefined) fields.set(field, [value]);
  else values.push(value);
}

/** Protobuf has it that the last of several counts. */
function numberOf(fields: Fields, field: number): number {
  const value = fields.get(field)?.at(-1);
  return typeof value === 'number' ? value : 0;
}

function bytesOf(fields: Fields, field: number): Uint8Array {
  const value = fields.get(field)?.at(-1);
  return value === undefined || typeof value === 'number' ? new Uint8Array() : value;
}

function textOf(fields: Fields, field: number): string {
  return Buffer.from(bytesOf(fields, field)).toString('utf8');
}
