/** The formats there are, and how a file is read whose format nobody named. */
import { setImmediate as turn } from 'node:timers/promises';
import { authelia } from './authelia.js';
import { googleAuthenticator } from './google-authenticator.js';
import { keycloak } from './keycloak.js';
import { kratos } from './kratos.js';
import { oathCsv } from './oath-csv.js';
import { otpauthList } from './otpauth-list.js';
import { privacyidea } from './privacyidea.js';
import { pskc } from './pskc.js';
import { yubicoCsv } from './yubico-csv.js';
import {
  TokenFileError,
  type Entry,
  type ReadOptions,
  type TokenFileFormat,
} from './token-file.js';

/** In the order in which a file's looks are compared with them. */
const byName = {
  pskc,
  otpauth: otpauthList,
  'google-authenticator': googleAuthenticator,
  authelia,
  keycloak,
  kratos,
  privacyidea,
  'yubico-csv': yubicoCsv,
  'oath-csv': oathCsv,
} as const satisfies Record<string, TokenFileFormat>;

export type FormatName = keyof typeof byName;
export const formatNames = Object.keys(byName) as [FormatName, ...FormatName[]];

/**
 * @returns the format that a text looks like
 * @throws TokenFileError where it looks like none
 */
export function formatOf(text: string): FormatName {
  const found = formatNames.find((name) => byName[name].looksLike(text));
  if (found !== undefined) return found;
  if (text.includes('\0'))
    throw new TokenFileError('The file is no text in UTF-8: unpack it, or save it as UTF-8.');
  throw new TokenFileError(
    `It cannot be told what kind of file this is. Name the format: ${formatNames.join(', ')}.`,
  );
}

/** Rows that are read in one go. Each may be deciphered: ten thousand of them would hold up every login. */
const ROWS_A_TURN = 200;

/**
 * The tokens of a file, in its order. Of several with one serial, or with one user and secret, the first one
 * counts: a file says nothing twice.
 *
 * @throws TokenFileError where the file as a whole cannot be read
 */
export async function readTokenFile(
  format: FormatName,
  text: string,
  options: ReadOptions,
): Promise<Entry[]> {
  const seen = new Map<string, number>();
  const entries: Entry[] = [];
  for (const entry of await byName[format].read(text, options)) {
    if (entries.length >= (options.mostRows ?? Infinity))
      throw new TokenFileError(
        `It holds more than ${options.mostRows} tokens: import it with watchword tokens import.`,
      );
    if (entries.length % ROWS_A_TURN === 0) await turn();
    const name = nameOf(entry);
    const first = seen.get(name);
    if (entry.fault === undefined && first !== undefined) {
      const { token: _token, ...rest } = entry;
      entries.push({ ...rest, fault: `It stands in line ${first} already.` });
    } else {
      if (entry.fault === undefined) seen.set(name, entry.line);
      entries.push(entry);
    }
  }
  return entries;
}

function nameOf({ serial, user, token }: Entry): string {
  if (serial !== null) return `serial ${serial.trim().toUpperCase()}`;
  const secret = Buffer.from(token?.secret ?? []).toString('base64');
  return JSON.stringify([user?.normalize('NFC'), secret]);
}
