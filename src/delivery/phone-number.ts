/**
 * Telephone numbers: one spelling (E.164), the country, and what kind of line it is, by libphonenumber's
 * tables. Those know ranges, not subscribers: a number may be right and belong to nobody.
 */
import { parsePhoneNumberFromString, type PhoneNumberType } from 'libphonenumber-js/max';
import type { Channel } from './channel.js';

export interface PhoneNumber {
  /** `+` and digits: the one spelling of it (S56). */
  readonly e164: string;
  /** ISO code; for networks of no country the calling code, as `+870`, which no list of countries has. */
  readonly country: string;
  /** The number without its last four digits: what numbers bought in a row have in common (S54). */
  readonly prefix: string;
  readonly line: PhoneNumberType | undefined;
}

const LAST_DIGITS = 4;
const SHOWN_DIGITS = 2;

const mobile = new Set<PhoneNumberType | undefined>([
  'MOBILE',
  'FIXED_LINE_OR_MOBILE',
  'PERSONAL_NUMBER',
]);
const speaking = new Set<PhoneNumberType | undefined>([...mobile, 'FIXED_LINE', 'VOIP']);

/** @returns undefined where the text is no number that could exist */
export function readPhoneNumber(text: string): PhoneNumber | undefined {
  // Only the international form: a number without its country would be read as somebody else's.
  if (!/^\s*\+[\d\s().-]{6,30}$/.test(text)) return undefined;
  const parsed = parsePhoneNumberFromString(text);
  if (parsed?.isValid() !== true) return undefined;
  const { number, country, countryCallingCode } = parsed;
  return {
    e164: number,
    country: country ?? `+${countryCallingCode}`,
    prefix: number.slice(0, -LAST_DIGITS),
    line: parsed.getType(),
  };
}

/**
 * Whether such a line can get a code that way. Premium, shared-cost and toll-free lines never do: calling
 * or texting them is how bills are pumped. Internet lines get texts in some countries and calls in all.
 */
export function canReceive({ line }: PhoneNumber, channel: Channel): boolean {
  return channel === 'voice' ? speaking.has(line) : mobile.has(line) || line === 'VOIP';
}

/** The number as it is shown: country and last two digits (S58). */
export function mask(e164: string): string {
  const { countryCallingCode = '' } = parsePhoneNumberFromString(e164) ?? {};
  const hidden = e164.length - 1 - countryCallingCode.length - SHOWN_DIGITS;
  return `+${countryCallingCode}${'•'.repeat(hidden)}${e164.slice(-SHOWN_DIGITS)}`;
}
