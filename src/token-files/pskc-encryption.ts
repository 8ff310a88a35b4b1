/** Encryption and integrity of PSKC files: RFC 6030 section 6, on XML Encryption in CBC mode. */
import { createCipheriv, createDecipheriv, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { sameBytes } from '../crypto/digest.js';
import { readBase64 } from './fields.js';
import { RowError, TokenFileError, type ReadOptions } from './token-file.js';
import { at, textAt, type Element } from './xml.js';

const derive = promisify(pbkdf2);

const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const BLOCK_BYTES = 16;
/** What a file may ask for. RFC 6030 has 1,000 in its example; a million takes half a second. */
const MOST_ITERATIONS = 10_000_000;
const MOST_KEY_BYTES = 64;

/** By the bytes of their keys. */
const ciphers: ReadonlyMap<number, string> = new Map([
  [16, 'aes-128-cbc'],
  [24, 'aes-192-cbc'],
  [32, 'aes-256-cbc'],
]);
const ciphersOfXml: ReadonlyMap<string, number> = new Map([
  ['aes128-cbc', 16],
  ['aes192-cbc', 24],
  ['aes256-cbc', 32],
]);

const macs: ReadonlyMap<string, string> = new Map([
  ['hmac-sha1', 'sha1'],
  ['hmac-sha224', 'sha224'],
  ['hmac-sha256', 'sha256'],
  ['hmac-sha384', 'sha384'],
  ['hmac-sha512', 'sha512'],
]);

/** What opens the values of a file; null in a file whose values are plain. */
export interface FileKeys {
  readonly key: Uint8Array;
  readonly mac: { readonly hash: string; readonly key: Uint8Array } | null;
}

/**
 * The keys that a container's values are opened with.
 *
 * @returns null where it names no encryption
 * @throws TokenFileError where a key is missing, wrong, or made in a way that is not supported
 */
export async function keysOf(
  container: Element,
  { key: preShared, password }: Pick<ReadOptions, 'key' | 'password'>,
): Promise<FileKeys | null> {
  const encryption = at(container, 'encryptionkey');
  const macMethod = at(container, 'macmethod');
  if (encryption === undefined) return null;
  const derivation = at(encryption, 'derivedkey', 'keyderivationmethod');
  if (derivation !== undefined && password === undefined)
    throw new TokenFileError('The file is encrypted under a password: give it.');
  if (derivation === undefined && preShared === undefined)
    throw new TokenFileError('The file is encrypted under a pre-shared key: give it.');
  const key =
    derivation === undefined
      ? (preShared ?? new Uint8Array())
      : await derived(derivation, password ?? '');
  return { key, mac: macMethod === undefined ? null : macOf(macMethod, key) };
}

/**
 * Opens an encrypted value. Its MAC is verified first: nothing is deciphered that somebody else may have made
 * (S20), which also keeps padding from telling anything.
 *
 * @param holder the element that has `EncryptedValue` and `ValueMAC`
 * @throws RowError where it does not open
 */
export function openValue(holder: Element, keys: FileKeys): Buffer {
  const encrypted = at(holder, 'encryptedvalue');
  const sealed = Buffer.from(readBase64(textAt(encrypted, 'cipherdata', 'ciphervalue') ?? ''));
  const mac = textAt(holder, 'valuemac');
  if (keys.mac === null || mac === undefined)
    throw new RowError('Its secret has no MAC (ValueMAC), so it cannot be trusted.');
  const expected = createHmac(keys.mac.hash, keys.mac.key).update(sealed).digest();
  if (!sameBytes(expected, Buffer.from(readBase64(mac))))
    throw new RowError(
      'Its MAC does not fit: the key or password is another one, or it was changed.',
    );
  return decipher(sealed, keys.key, at(encrypted, 'encryptionmethod'));
}

/** Seals a value, as `openValue` opens it. @returns the texts of `CipherValue` and `ValueMAC` */
export function sealValue(plain: Uint8Array, key: Uint8Array, macKey: Uint8Array) {
  const sealed = encipher(plain, key);
  const mac = createHmac('sha256', macKey).update(sealed).digest('base64');
  return { cipherValue: sealed.toString('base64'), valueMac: mac };
}

/** @returns the initialisation vector and what follows it */
export function encipher(plain: Uint8Array, key: Uint8Array): Buffer {
  const iv = randomBytes(BLOCK_BYTES);
  const cipher = createCipheriv(cipherOf(key), key, iv);
  return Buffer.concat([iv, cipher.update(plain), cipher.final()]);
}

/** The name that XML Encryption has for AES in CBC mode under such a key. */
export function cipherUriOf(key: Uint8Array): string {
  return `${XENC}aes${key.length * 8}-cbc`;
}

function decipher(sealed: Buffer, key: Uint8Array, method: Element | undefined): Buffer {
  requireCipher(method, key);
  if (sealed.length < 2 * BLOCK_BYTES || sealed.length % BLOCK_BYTES !== 0)
    throw new RowError('Its secret is cut short.');
  const iv = sealed.subarray(0, BLOCK_BYTES);
  const deciphering = createDecipheriv(cipherOf(key), key, iv).setAutoPadding(false);
  const padded = Buffer.concat([
    deciphering.update(sealed.subarray(BLOCK_BYTES)),
    deciphering.final(),
  ]);
  // XML Encryption section 5.2: the last byte is the length of the padding, the others may be anything.
  const padding = padded.at(-1) ?? 0;
  if (padding < 1 || padding > BLOCK_BYTES) throw new RowError('Its secret does not open.');
  return padded.subarray(0, -padding);
}

function requireCipher(method: Element | undefined, key: Uint8Array): void {
  const name = (method?.attributes['algorithm'] ?? '').split('#').at(-1)?.toLowerCase() ?? '';
  const bytes = ciphersOfXml.get(name);
  if (bytes === undefined)
    throw new RowError('It is encrypted with something else than AES in CBC mode.');
  if (bytes !== key.length) throw new RowError(`It is encrypted under a key of ${bytes} bytes.`);
}

function cipherOf(key: Uint8Array): string {
  const cipher = ciphers.get(key.length);
  if (cipher === undefined) throw new TokenFileError('The key must have 16, 24 or 32 bytes.');
  return cipher;
}

/** RFC 6030 section 6: the MAC's key comes encrypted; without one it is the key of the values. */
function macOf(method: Element, key: Uint8Array): FileKeys['mac'] {
  const name = (method.attributes['algorithm'] ?? '').split('#').at(-1)?.toLowerCase() ?? '';
  const hash = macs.get(name);
  if (hash === undefined)
    throw new TokenFileError('The file’s MAC is none of HMAC-SHA1 to SHA512.');
  const macKey = at(method, 'mackey');
  const sealed = textAt(macKey, 'cipherdata', 'ciphervalue');
  if (sealed === undefined) return { hash, key };
  try {
    const opened = decipher(Buffer.from(readBase64(sealed)), key, at(macKey, 'encryptionmethod'));
    return { hash, key: opened };
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    throw new TokenFileError('The key or the password does not open this file.');
  }
}

/** PBKDF2 (RFC 8018), as RFC 6030 section 6.2 writes it. */
async function derived(method: Element, password: string): Promise<Buffer> {
  if (!/#pbkdf2$/i.test(method.attributes['algorithm'] ?? ''))
    throw new TokenFileError('The file’s key is derived by something else than PBKDF2.');
  const parameters = at(method, 'pbkdf2-params') ?? method;
  const salt = readSalt(textAt(parameters, 'salt', 'specified') ?? textAt(parameters, 'salt'));
  const iterations = Number(textAt(parameters, 'iterationcount'));
  const length = Number(textAt(parameters, 'keylength') ?? 16);
  const prf = at(parameters, 'prf')?.attributes['algorithm'] ?? 'hmac-sha1';
  const hash = macs.get(prf.split('#').at(-1)?.toLowerCase() ?? '');
  const isGood =
    Number.isInteger(iterations) &&
    iterations > 0 &&
    Number.isInteger(length) &&
    length > 0 &&
    length <= MOST_KEY_BYTES;
  if (!isGood || hash === undefined)
    throw new TokenFileError('The file does not say how its key is derived from the password.');
  if (iterations > MOST_ITERATIONS)
    throw new TokenFileError(`The file asks for more than ${MOST_ITERATIONS} rounds of PBKDF2.`);
  return derive(password, salt, iterations, length, hash);
}

function readSalt(text: string | undefined): Uint8Array {
  try {
    if (text !== undefined) return readBase64(text);
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
  }
  throw new TokenFileError('The file has no salt for its password.');
}
