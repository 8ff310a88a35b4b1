/** The members of a token as files spell them. Each throws a RowError that says what to do. */
import { algorithms, type Algorithm } from '../otp/algorithm.js';
import { checkedSecret, decodeSecret } from '../otp/secret.js';
import { RowError } from './token-file.js';

/** `SHA1`, `sha-256`, `HmacSHA512`, `HMAC-SHA1` and the like; nothing at all is SHA1. */
export function readAlgorithm(text: string | undefined): Algorithm {
  const wanted = (text ?? '').trim().toUpperCase().replace(/^HMAC/, '').replaceAll(/[-_]/g, '');
  const found = algorithms.find((name) => name === (wanted === '' ? 'SHA1' : wanted));
  if (found === undefined) throw new RowError('Its algorithm is none of SHA1, SHA256, SHA512.');
  return found;
}

export function readDigits(text: string | number | undefined): 6 | 7 | 8 {
  const digits = text === undefined || text === '' ? 6 : Number(text);
  if (digits !== 6 && digits !== 7 && digits !== 8)
    throw new RowError('Its codes have another length than 6, 7 or 8 digits.');
  return digits;
}

/** @returns seconds */
export function readPeriod(text: string | number | undefined): number {
  const period = text === undefined || text === '' ? 30 : Number(text);
  if (!Number.isInteger(period) || period < 15 || period > 120)
    throw new RowError('Its period is no whole number of seconds from 15 to 120.');
  return period;
}

export function readCounter(text: string | number | undefined): number {
  const counter = text === undefined || text === '' ? 0 : Number(text);
  if (!Number.isInteger(counter) || counter < 0 || counter > 2 ** 48)
    throw new RowError('Its counter is no whole number from 0 to 2^48.');
  return counter;
}

export function readType(text: string | undefined): 'hotp' | 'totp' {
  const type = (text ?? '').trim().toLowerCase();
  if (type === 'hotp' || type === 'totp') return type;
  throw new RowError('It is neither a HOTP nor a TOTP token: nothing else is supported.');
}

/** @throws SecretError where its length is no good */
export function readHex(text: string): Uint8Array {
  const hex = text.trim();
  if (!isHex(hex)) throw new RowError('Its secret is not hexadecimal.');
  return checkedSecret(Buffer.from(hex, 'hex'));
}

/** Hexadecimal where it can be that, base32 where it cannot. @throws SecretError */
export function readHexOrBase32(text: string): Uint8Array {
  return isHex(text.trim()) ? readHex(text) : decodeSecret(text);
}

/** @throws SecretError where its length is no good */
export function readBase64(text: string): Uint8Array {
  const base64 = text.replaceAll(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw new RowError('It is not base64.');
  return Buffer.from(base64, 'base64');
}

function isHex(text: string): boolean {
  return /^(?:[0-9a-f]{2})+$/i.test(text);
}
