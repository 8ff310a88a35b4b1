/**
 * The log of Yubico's Personalization Tool (https://github.com/Yubico/yubikey-personalization-gui,
 * src/yubikeylogger.cpp, `logConfig`), in its two formats; its third is PSKC. Rows that are no OATH-HOTP are
 * refused, rows that only say when the log began are passed over.
 *
 * - “Traditional”: `OATH-HOTP, time, slot, public id, private id, secret, …, digits, moving factor, …`. The time is
 *   written as the machine's locale has it, often with a comma of its own, so members are counted from the end.
 *   It has no serial; the public id (the OATH token identifier) serves as one. A key that has one types it
 *   before each code.
 * - “Yubico”: `serial, public id, moving factor, secret, access code, time,`. It has no digits, and 6 is the
 *   tool's default. A row for HMAC challenge-response looks like one of HOTP without a public id: what was
 *   programmed so has to be taken out.
 */
import { readCsv } from './csv.js';
import { readCounter, readDigits, readHex } from './fields.js';
import {
  entryOf,
  RowError,
  type Entry,
  type FileToken,
  type TokenFileFormat,
} from './token-file.js';

const TRADITIONAL = /^(?:OATH-HOTP|Yubico OTP|Static Password|Challenge-Response|Configuration )/;
/** Members after the time, in the traditional format. */
const MEMBERS = 16;
/** HOTP secrets have 20 bytes; the AES keys of the other kinds have 16. */
const SECRET = /^[0-9a-f]{40}$/i;

export const yubicoCsv: TokenFileFormat = {
  looksLike: (text) =>
    /^(?:LOGGING START|OATH-HOTP|Yubico OTP|Static Password(?:: [^,\n]*)?|Challenge-Response: [^,\n]*),/m.test(
      text,
    ) || /^\d+,[cbdefghijklnrtuv]*,[0-9a-f]*,[0-9a-f]{32,40},/m.test(text),

  *read(text, options) {
    for (const { line, cells } of readCsv(text, options)) {
      const [first = ''] = cells;
      if (first === 'LOGGING START') continue;
      yield TRADITIONAL.test(first) ? traditional(line, cells) : byDevice(line, cells);
    }
  },
};

function traditional(line: number, cells: readonly string[]): Entry {
  const members = cells.length < MEMBERS + 2 ? [] : cells.slice(-MEMBERS);
  const [, publicId = '', , secret = '', , , , , , digits, counter] = members;
  return entryOf(line, named(publicId), () => {
    if (cells[0] !== 'OATH-HOTP') throw noHotp();
    if (members.length === 0) throw cutShort();
    if (publicId === '')
      throw new RowError(
        'It has no serial: choose the log format “Yubico format”, or write the serial where the public id stands.',
      );
    return tokenOf(secret, digits, counter);
  });
}

function byDevice(line: number, cells: readonly string[]): Entry {
  const [serial = '', , counter = '', secret = ''] = cells;
  return entryOf(line, named(serial), () => {
    if (cells.length < 4) throw cutShort();
    if (!/^\d{1,10}$/.test(serial)) throw new RowError('It has no serial of a YubiKey in front.');
    if (!SECRET.test(secret) || counter === '') throw noHotp();
    return tokenOf(secret, undefined, counter);
  });
}

function named(serial: string) {
  return { serial: serial === '' ? null : serial, manufacturer: 'Yubico', model: 'YubiKey' };
}

function tokenOf(
  secret: string,
  digits: string | undefined,
  counter: string | undefined,
): FileToken {
  return {
    type: 'hotp',
    secret: readHex(secret),
    algorithm: 'SHA1',
    digits: readDigits(digits),
    period: 30,
    counter: readCounter(counter),
    driftSteps: 0,
  };
}

function noHotp(): RowError {
  return new RowError('It is no OATH-HOTP configuration: nothing else of a YubiKey is supported.');
}

function cutShort(): RowError {
  return new RowError('The row is cut short: take it from the log again.');
}
