/**
 * PSKC, the Portable Symmetric Key Container: RFC 6030, in which vendors deliver tokens.
 *
 * Elements are told by their local names without regard to capitals: privacyIDEA writes its exports through an
 * HTML parser, which makes every name small (privacyidea/lib/importotp.py, `export_pskc`).
 *
 * Not supported, and said of the row: keys by reference, other algorithms than HOTP and TOTP, codes that are not
 * decimal or carry a check digit, encrypted counters. XML signatures are not verified: a file is trusted as far
 * as its MAC and the way it came. A policy that this service cannot keep (a PIN in the code, a number of uses, a key
 * that is over or has not begun) refuses the row, as section 5 asks; the end of a key that is not over yet is not
 * kept.
 */
import { readAlgorithm, readBase64, readCounter, readDigits, readPeriod } from './fields.js';
import { checkedSecret } from '../otp/secret.js';
import { keysOf, openValue, type FileKeys } from './pskc-encryption.js';
import {
  entryOf,
  RowError,
  TokenFileError,
  type Entry,
  type FileToken,
  type ReadOptions,
  type TokenFileFormat,
} from './token-file.js';
import { at, readXml, textAt, type Element } from './xml.js';

interface Package {
  readonly element: Element;
  readonly line: number;
}

/** The profile of keys that stand in no token: they are a user's, and have no serial. See pskc-writer.ts. */
export const APP_PROFILE = 'watchword:app';

export const pskc: TokenFileFormat = {
  looksLike: (text) => /^\ufeff?\s*</.test(text),

  async read(text, options) {
    const packages: Package[] = [];
    const container = readXml(text, (element, depth, line) => {
      if (depth !== 1 || element.name !== 'keypackage') return false;
      packages.push({ element, line });
      return true;
    });
    if (container.name !== 'keycontainer')
      throw new TokenFileError('The file is no PSKC: its first element is no KeyContainer.');
    const keys = await keysOf(container, options);
    return entriesOf(packages, keys, options);
  },
};

function* entriesOf(
  packages: readonly Package[],
  keys: FileKeys | null,
  options: ReadOptions,
): Iterable<Entry> {
  for (const { element, line } of packages) {
    const device = at(element, 'deviceinfo');
    const key = at(element, 'key');
    const isApp = textAt(key, 'keyprofileid') === APP_PROFILE;
    const subject = {
      serial: isApp ? null : (textAt(device, 'serialno') ?? key?.attributes['id'] ?? null),
      user: userOf(textAt(key, 'userid')) ?? userOf(textAt(device, 'userid')),
      manufacturer: textAt(device, 'manufacturer') ?? textAt(key, 'issuer') ?? null,
      model: textAt(device, 'model') ?? null,
      label: textAt(key, 'friendlyname') ?? null,
    };
    yield entryOf(line, subject, () => tokenOf(key, keys, options));
  }
}

function tokenOf(key: Element | undefined, keys: FileKeys | null, { now }: ReadOptions): FileToken {
  const type = (key?.attributes['algorithm'] ?? '').split(/[:#]/).at(-1)?.toLowerCase();
  if (key === undefined || (type !== 'hotp' && type !== 'totp'))
    throw new RowError('It is neither a HOTP nor a TOTP key: nothing else is supported.');
  refusePolicy(at(key, 'policy'), now);
  const parameters = at(key, 'algorithmparameters');
  const format = at(parameters, 'responseformat');
  refuseFormat(format);
  const suite = at(parameters, 'suite');
  const data = at(key, 'data');
  return {
    type,
    secret: secretOf(at(data, 'secret'), keys),
    algorithm: readAlgorithm(suite?.text === '' ? suite.attributes['hashalgo'] : suite?.text),
    digits: readDigits(format?.attributes['length']),
    period: type === 'totp' ? readPeriod(plainOf(data, 'timeinterval')) : 30,
    counter: type === 'hotp' ? readCounter(plainOf(data, 'counter')) : 0,
    driftSteps: type === 'totp' ? readDrift(plainOf(data, 'timedrift')) : 0,
  };
}

function secretOf(secret: Element | undefined, keys: FileKeys | null): Uint8Array {
  const plain = textAt(secret, 'plainvalue');
  if (plain !== undefined) return checkedSecret(readBase64(plain));
  if (secret === undefined || at(secret, 'encryptedvalue') === undefined)
    throw new RowError('Its secret is not in the file.');
  if (keys === null) throw new RowError('Its secret is encrypted, and the file names no key.');
  return checkedSecret(openValue(secret, keys));
}

function plainOf(data: Element | undefined, name: string): string | undefined {
  const member = at(data, name);
  if (at(member, 'encryptedvalue') !== undefined)
    throw new RowError(`Its ${name} is encrypted, which is not supported.`);
  return textAt(member, 'plainvalue') ?? textAt(data, name);
}

function readDrift(text: string | undefined): number {
  const steps = Number(text ?? 0);
  if (!Number.isInteger(steps) || Math.abs(steps) > 5760)
    throw new RowError('The drift of its clock is no number of steps within a day.');
  return steps;
}

function refuseFormat(format: Element | undefined): void {
  const { encoding = 'DECIMAL', checkdigits = 'false' } = format?.attributes ?? {};
  if (encoding.toUpperCase() !== 'DECIMAL') throw new RowError('Its codes are not decimal.');
  if (checkdigits === 'true' || checkdigits === '1')
    throw new RowError('Its codes have a check digit, which is not supported.');
}

/** RFC 6030 section 5: what a policy forbids, or says in words that are not known, must not be done. */
function refusePolicy(policy: Element | undefined, now: Date): void {
  if (policy === undefined) return;
  const known = ['startdate', 'expirydate', 'pinpolicy', 'keyusage', 'numberoftransactions'];
  if (policy.children.some(({ name }) => !known.includes(name)))
    throw new RowError('Its policy says something that is not known here.');
  if (at(policy, 'numberoftransactions') !== undefined)
    throw new RowError('Its policy allows a number of uses, which is not counted here.');
  const begins = textAt(policy, 'startdate');
  if (begins !== undefined && !(new Date(begins) <= now))
    throw new RowError('Its policy says it has not begun: import it then.');
  const over = textAt(policy, 'expirydate');
  if (over !== undefined && !(new Date(over) > now))
    throw new RowError('Its policy says it is over.');
  const usages = policy.children.filter(({ name }) => name === 'keyusage');
  if (usages.length > 0 && !usages.some(({ text }) => text.toUpperCase() === 'OTP'))
    throw new RowError('Its policy does not allow one-time passwords.');
  const pin = at(policy, 'pinpolicy')?.attributes['pinusagemode']?.toLowerCase();
  if (pin !== undefined && pin !== 'local')
    throw new RowError('Its codes need a PIN that is checked by the server.');
}

/**
 * The user in a distinguished name (RFC 4514), as `UID=jsmith,DC=example-bank,DC=net`; a text that is no such
 * name is the user itself. One that names an organisation alone is nobody.
 */
function userOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  const [, value] = /^(?:UID|CN)\s*=((?:\\.|[^,+\\])*)/i.exec(text) ?? [];
  if (value === undefined) return text.includes('=') ? null : text;
  return value
    .trim()
    .replaceAll(
      /(?:\\[0-9a-f]{2})+|\\(.)/gi,
      (run, single: string | undefined) =>
        single ?? Buffer.from(run.replaceAll('\\', ''), 'hex').toString(),
    );
}
