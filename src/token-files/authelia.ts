/**
 * What Authelia writes at `authelia storage user totp export`: YAML with `totp_configurations`
 * (https://github.com/authelia/authelia, internal/model/totp_configuration.go), and at its subcommand `csv`
 * (internal/commands/storage_run.go). At `uri` it writes key URIs: see otpauth-list.ts.
 *
 * In the YAML `secret` is base64 of a text, and that text is base32 without padding; in the CSV it is the base32.
 */
import { decodeSecret } from '../otp/secret.js';
import { readCsv } from './csv.js';
import { readAlgorithm, readDigits, readPeriod } from './fields.js';
import { textOfMember } from './json.js';
import {
  entryOf,
  RowError,
  TokenFileError,
  type Entry,
  type ReadOptions,
  type TokenFileFormat,
} from './token-file.js';
import { yamlItems } from './yaml-items.js';

type Member = 'issuer' | 'username' | 'algorithm' | 'digits' | 'period' | 'secret';
const csvColumns = ['issuer', 'username', 'algorithm', 'digits', 'period', 'secret'] as const;

export const authelia: TokenFileFormat = {
  looksLike: (text) =>
    /^totp_configurations:/m.test(text) || text.trimStart().startsWith(csvColumns.join(',')),

  read: (text, options) =>
    /^totp_configurations:/m.test(text) ? fromYaml(text) : fromCsv(text, options),
};

function* fromYaml(text: string): Iterable<Entry> {
  for (const item of yamlItems(text, 'totp_configurations')) {
    let value: unknown;
    try {
      value = item.read();
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      yield { ...entryOf(item.line, {}, () => fail(error)) };
      continue;
    }
    yield entry(item.line, (name) => textOfMember(value, name), fromBase64);
  }
}

function* fromCsv(text: string, options: ReadOptions): Iterable<Entry> {
  const [head, ...rows] = readCsv(text, options);
  if (head?.cells.join(',') !== csvColumns.join(','))
    throw new TokenFileError(
      'The file is no export of Authelia’s: make one with authelia storage user totp export.',
    );
  for (const { line, cells } of rows) {
    const member = (name: Member) => {
      const cell = cells[csvColumns.indexOf(name)];
      return cell === '' ? undefined : cell;
    };
    yield entry(line, member, (secret) => secret);
  }
}

function entry(
  line: number,
  member: (name: Member) => string | undefined,
  toBase32: (secret: string) => string,
): Entry {
  const subject = { user: member('username') ?? null, label: member('issuer') ?? null };
  return entryOf(line, subject, () => {
    const secret = member('secret');
    if (secret === undefined) throw new RowError('It has no secret.');
    return {
      type: 'totp',
      secret: decodeSecret(toBase32(secret)),
      algorithm: readAlgorithm(member('algorithm')),
      digits: readDigits(member('digits')),
      period: readPeriod(member('period')),
      counter: 0,
      driftSteps: 0,
    };
  });
}

/** Base32 that somebody wrote in by hand is no base64 of base32, so neither is taken for the other. */
function fromBase64(secret: string): string {
  const text = Buffer.from(secret, 'base64').toString('latin1');
  return /^[A-Z2-7]{16,}=*$/.test(text) ? text : secret;
}

function fail(error: RowError): never {
  throw error;
}
