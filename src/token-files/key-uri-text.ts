/**
 * The key URIs of authenticator apps, as others write them:
 * https://github.com/google/google-authenticator/wiki/Key-Uri-Format. Names of parameters are taken in any case,
 * secrets with or without padding, a plus sign in an issuer as the space that form encoders make of it, and the
 * colon between issuer and account literally or as %3A, for apps write each of these.
 */
import { decodeSecret } from '../otp/secret.js';
import { readAlgorithm, readCounter, readDigits, readPeriod, readType } from './fields.js';
import { entryOf, RowError, type Entry, type FileToken, type Subject } from './token-file.js';

const NO_URI = 'It is no key URI: that begins with otpauth://totp/ or otpauth://hotp/.';

/**
 * The entry that a key URI is: its user is the account of its label, its name the issuer.
 *
 * @param subject what is known of it otherwise, and goes before what the URI says
 */
export function keyUriEntry(line: number, text: string, subject: Partial<Subject> = {}): Entry {
  const uri = URL.canParse(text) ? new URL(text) : undefined;
  if (uri?.protocol !== 'otpauth:')
    return entryOf(line, subject, () => {
      throw new RowError(NO_URI);
    });
  const parameters = new Map<string, string>();
  for (const [name, value] of uri.searchParams) parameters.set(name.toLowerCase(), value);
  const { issuer, account } = labelOf(uri.pathname, parameters.get('issuer'));
  return entryOf(line, { user: account, label: issuer, ...subject }, () =>
    tokenOf(uri.hostname, parameters),
  );
}

function tokenOf(kind: string, parameters: ReadonlyMap<string, string>): FileToken {
  const type = readType(kind);
  // Bitwarden and others mark Steam's codes so: they are letters.
  if (parameters.get('encoder')?.toLowerCase() === 'steam')
    throw new RowError('Its codes are no digits: only apps that show digits can be imported.');
  const secret = parameters.get('secret');
  if (secret === undefined || secret === '') throw new RowError('It has no secret.');
  return {
    type,
    secret: decodeSecret(secret),
    algorithm: readAlgorithm(parameters.get('algorithm')),
    digits: readDigits(parameters.get('digits')),
    period: type === 'totp' ? readPeriod(parameters.get('period')) : 30,
    counter: type === 'hotp' ? readCounter(parameters.get('counter')) : 0,
    driftSteps: 0,
  };
}

function labelOf(path: string, issuer: string | undefined) {
  const label = path.replace(/^\//, '');
  const [before = '', ...after] = label.split(':');
  if (after.length > 0) return named(issuer ?? decoded(before), decoded(after.join(':')));
  return accountOf(decoded(label), issuer);
}

/**
 * The account in a name that may have the issuer in front, with a colon.
 *
 * @returns null for what is empty
 */
export function accountOf(name: string, issuer: string | undefined) {
  const prefix = `${issuer ?? ''}:`;
  if (name.startsWith(prefix)) return named(issuer, name.slice(prefix.length));
  const colon = name.indexOf(':');
  if (issuer !== undefined && issuer !== '') return named(issuer, name);
  return named(name.slice(0, Math.max(colon, 0)), name.slice(colon + 1));
}

function named(issuer: string | undefined, account: string) {
  const texts = { issuer: (issuer ?? '').trim(), account: account.trim() };
  return {
    issuer: texts.issuer === '' ? null : texts.issuer,
    account: texts.account === '' ? null : texts.account,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
