/**
 * Writes PSKC files (RFC 6030) under a pre-shared key, piece by piece: AES in CBC mode and HMAC-SHA256 over what
 * is sealed, with a MAC key of the file's own (section 6). pskc.ts reads them, and pskctool and the XML schema of
 * the RFC take them.
 *
 * RFC 6030 wants an Id of every key, and has no word for an app that has no serial: its key carries the profile
 * `APP_PROFILE`, by which pskc.ts tells it from a token.
 */
import { APP_PROFILE } from './pskc.js';
import { cipherUriOf, encipher, sealValue } from './pskc-encryption.js';
import type { FileToken, Subject } from './token-file.js';

const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const MAC = 'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256';
const PSKC = 'urn:ietf:params:xml:ns:keyprov:pskc';

/** What seals the values of a file. */
export interface WriterKeys {
  /** 16, 24 or 32 bytes; see `faultOfKey`. */
  readonly key: Uint8Array;
  readonly macKey: Uint8Array;
}

/** A token or an app as it is written; `id` names it where it has no serial. */
export type WrittenToken = Pick<Subject, 'serial' | 'user' | 'manufacturer' | 'model' | 'label'> &
  FileToken & { readonly id: string };

/** What stands before the first key. */
export function pskcHead({ key, macKey }: WriterKeys): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer Version="1.0" xmlns="${PSKC}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc="${XENC}">
<EncryptionKey><ds:KeyName>Pre-shared key</ds:KeyName></EncryptionKey>
<MACMethod Algorithm="${MAC}"><MACKey>${cipherData(key, encipher(macKey, key).toString('base64'))}</MACKey></MACMethod>
`;
}

/** What stands after the last key. */
export const pskcTail = '</KeyContainer>\n';

/** One key, in lines of its own. */
export function pskcKey(token: WrittenToken, { key, macKey }: WriterKeys): string {
  const { serial, user, manufacturer, model, label, type } = token;
  const { cipherValue, valueMac } = sealValue(token.secret, key, macKey);
  const device = serial === null ? '' : deviceOf(serial, manufacturer, model);
  const moving =
    type === 'hotp'
      ? plain('Counter', token.counter)
      : `${plain('TimeInterval', token.period)}${plain('TimeDrift', token.driftSteps)}`;
  return `<KeyPackage>${device}<Key Id="${escaped(serial ?? token.id)}" Algorithm="${PSKC}:${type}">\
<AlgorithmParameters>${suiteOf(token)}<ResponseFormat Length="${token.digits}" Encoding="DECIMAL"/></AlgorithmParameters>\
${serial === null ? element('KeyProfileId', APP_PROFILE) : ''}${label === null ? '' : element('FriendlyName', label)}\
<Data><Secret><EncryptedValue>${cipherData(key, cipherValue)}</EncryptedValue><ValueMAC>${valueMac}</ValueMAC></Secret>${moving}</Data>\
${user === null ? '' : element('UserId', `UID=${nameValue(user)}`)}</Key></KeyPackage>
`;
}

/** The device that a token is; all of its names may be missing but the serial. */
function deviceOf(serial: string, manufacturer: string | null, model: string | null): string {
  const names = [
    manufacturer === null ? '' : element('Manufacturer', manufacturer),
    element('SerialNo', serial),
    model === null ? '' : element('Model', model),
  ];
  return `<DeviceInfo>${names.join('')}</DeviceInfo>`;
}

/** SHA1 is what a reader takes where nothing stands. */
function suiteOf({ algorithm }: FileToken): string {
  return algorithm === 'SHA1' ? '' : element('Suite', `HMAC-${algorithm}`);
}

function cipherData(key: Uint8Array, value: string): string {
  return `<xenc:EncryptionMethod Algorithm="${cipherUriOf(key)}"/><xenc:CipherData><xenc:CipherValue>${value}</xenc:CipherValue></xenc:CipherData>`;
}

function plain(name: string, value: number): string {
  return `<${name}><PlainValue>${value}</PlainValue></${name}>`;
}

function element(name: string, text: string): string {
  return `<${name}>${escaped(text)}</${name}>`;
}

const entities: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;' },
  ...{ '"': '&quot;', '\t': '&#9;', '\n': '&#10;', '\r': '&#13;' },
};

/** Text of XML; characters that XML 1.0 cannot carry are left out. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll(/[&<>"\t\n\r]/g, (sign) => entities[sign] ?? '');
}

/** A value of a distinguished name (RFC 4514 section 2.4): all but the plainest characters by their bytes. */
function nameValue(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9@._-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

/**
 * Why a key must not be used: files under it would be open to whoever guesses.
 *
 * @returns undefined for a key that looks as if it was made by chance
 */
export function faultOfKey(key: Uint8Array): string | undefined {
  const steps = new Set(
    Array.from(key.slice(1), (byte, index) => (byte - (key[index] ?? 0)) & 255),
  );
  // Of 16 random bytes fewer than 8 are different once in 10^10 keys, all are printable once in 10^7.
  if (new Set(key).size < 8 || steps.size < 3) return 'The key follows a pattern';
  if (key.every((byte) => byte >= 0x20 && byte < 0x7f)) return 'The key is a text';
  return undefined;
}
