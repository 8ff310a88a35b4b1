/**
 * What `pi-tokenjanitor find … export` of privacyIDEA writes (https://github.com/privacyidea/privacyidea,
 * privacyidea/cli/pitokenjanitor/utils/findtokens.py), and its predecessor `privacyidea-token-janitor`:
 *
 * - `pi`: JSON, wrapped in Fernet (see fernet.ts) under the key that it prints; or the JSON itself
 * - `yaml`: a list with the same members, and `owner`
 * - `csv`: `owner, serial, key, type, digits[, period]` without a first line. No counter and no hash are in it, so
 *   tokens that count begin at 0: two codes in a row find them again
 * - `pskc`: see pskc.ts
 *
 * `otpkey` is hexadecimal, base32 with `--b32`. `owner` is `login@realm`, or `n/a`; the user is the login, or all
 * of it with the user field `owner`. What is `software` by its `tokenkind` is an app: with an owner it becomes
 * theirs, and its serial, which nobody ever saw, is left. `timeShift` counts seconds.
 */
import { isFernet, openFernet } from './fernet.js';
import {
  readAlgorithm,
  readCounter,
  readDigits,
  readHexOrBase32,
  readPeriod,
  readType,
} from './fields.js';
import { readCsv } from './csv.js';
import { readJson, textOfMember } from './json.js';
import { pskc } from './pskc.js';
import {
  entryOf,
  RowError,
  TokenFileError,
  type Entry,
  type FileToken,
  type ReadOptions,
  type TokenFileFormat,
} from './token-file.js';
import { yamlItems } from './yaml-items.js';

type Read = (...path: string[]) => string | undefined;

export const privacyidea: TokenFileFormat = {
  looksLike: (text) =>
    isFernet(text) ||
    /^(?:- | {2,})otpkey: /m.test(text) ||
    (/^\ufeff?\s*[[{]/.test(text) && text.includes('"otpkey"')) ||
    /^[^,\n]+, [^,\n]+, [0-9A-Za-z=]{26,}, (?:hotp|totp), \d/m.test(text),

  read(text, options) {
    if (!isFernet(text)) return readPlain(text, options);
    if (options.key === undefined)
      throw new TokenFileError(
        'The file is encrypted: give the key that privacyIDEA showed when it was exported.',
      );
    return fromJson(openFernet(text, options.key), options);
  },
};

function readPlain(text: string, options: ReadOptions): ReturnType<TokenFileFormat['read']> {
  const start = text.replace(/^\ufeff/, '').trimStart();
  if (start.startsWith('<')) return pskc.read(text, options);
  if (/^[[{]/.test(start)) return fromJson(text, options);
  return /^(?:-|#)/.test(start) ? fromYaml(text, options) : fromCsv(text, options);
}

function* fromJson(text: string, options: ReadOptions): Iterable<Entry> {
  const document = readJson(text);
  const list: readonly unknown[] = Array.isArray(document) ? document : [document];
  for (const [index, item] of list.entries())
    yield entry(index + 1, (...path) => textOfMember(item, ...path), options);
}

function* fromYaml(text: string, options: ReadOptions): Iterable<Entry> {
  for (const item of yamlItems(text)) {
    const { line } = item;
    try {
      const value = item.read();
      yield entry(line, (...path) => textOfMember(value, ...path), options);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      yield entryOf(line, {}, () => {
        throw error;
      });
    }
  }
}

function* fromCsv(text: string, options: ReadOptions): Iterable<Entry> {
  const columns = ['owner', 'serial', 'otpkey', 'type', 'otplen', 'timeStep'];
  for (const { line, cells } of readCsv(text, options))
    yield entry(
      line,
      (...path) => {
        const cell = cells[columns.indexOf(path.at(-1) ?? '')];
        return cell === '' ? undefined : cell;
      },
      options,
    );
}

function entry(line: number, member: Read, { userField }: ReadOptions): Entry {
  // Python writes what is missing as None.
  const read: Read = (...path) => {
    const text = member(...path);
    return text === 'None' || text === 'null' || text === '' ? undefined : text;
  };
  const info: Read = (name = '') => read('info_list', name) ?? read('tokeninfo', name);
  const user = userOf(read, userField);
  const isApp = user !== null && info('tokenkind') === 'software';
  const subject = {
    user,
    serial: isApp ? null : (read('serial') ?? null),
    label: read('description') ?? null,
  };
  return entryOf(line, subject, () => tokenOf(read, info));
}

function userOf(read: Read, userField = 'login'): string | null {
  const owner = read('owner');
  if (owner === 'n/a') return null;
  if (owner === undefined) return read('user', userField) ?? read('user', 'username') ?? null;
  const at = owner.lastIndexOf('@');
  return userField === 'owner' || at < 1 ? owner : owner.slice(0, at);
}

function tokenOf(read: Read, info: Read): FileToken {
  const type = readType(read('type') ?? read('tokentype'));
  const key = read('otpkey');
  if (key === undefined) throw new RowError('Its secret is not in the file.');
  const period = type === 'totp' ? readPeriod(info('timeStep') ?? read('timeStep')) : 30;
  const driftSteps = Math.round(Number(info('timeShift') ?? 0) / period);
  if (!(Math.abs(driftSteps) * period <= 86_400))
    throw new RowError('The drift of its clock is no number of seconds within a day.');
  return {
    type,
    secret: readHexOrBase32(key),
    algorithm: readAlgorithm(info('hashlib')),
    digits: readDigits(read('otplen')),
    period,
    counter: type === 'hotp' ? readCounter(read('count') ?? read('counter')) : 0,
    driftSteps: type === 'totp' ? driftSteps : 0,
  };
}
