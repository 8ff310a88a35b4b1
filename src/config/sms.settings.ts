/** Codes to a phone: who carries them, where to, how many, for how much. docs/sms.md explains each. */
import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import { count, list, setting, table } from './setting.js';

export const providerNames = ['twilio', 'webhook', 'console'] as const;
export type ProviderName = (typeof providerNames)[number];

/** The last line of a message, `@host #code`, has to fit with everything else into one segment. */
const ORIGIN_CHARACTERS = 34;
const MICROS = 1_000_000;

const number = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be E.164 numbers, as +14155550123');
const country = /^[A-Z]{2}$/;
const providers = (separator: string) =>
  z
    .string()
    .transform((value) => value.split(separator).map((name) => name.trim()))
    .pipe(z.array(z.enum(providerNames)).min(1))
    .refine((names) => new Set(names).size === names.length, 'must name each provider once');
const money = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, 'must be an amount, as 0.0079')
  .transform((amount) => Math.round(Number(amount) * MICROS));
const countries = list.refine(
  (codes) => codes.every((code) => country.test(code) && isSupportedCountry(code)),
  'must be ISO 3166 codes, as US,GB',
);

const hostShape = /^([a-z0-9-]+\.)+[a-z]{2,}$/;

/** The host of an address, where codes can be bound to it; undefined where its name is too long, or none. */
export function hostOfCodes(address: string): string | undefined {
  const { protocol, hostname } = new URL(address);
  const isFit = protocol === 'https:' && hostShape.test(hostname);
  return isFit && hostname.length <= ORIGIN_CHARACTERS ? hostname : undefined;
}

export const smsSettings = {
  smsProviders: setting(
    'WATCHWORD_SMS_PROVIDERS',
    z.union([z.literal('none').transform((): ProviderName[] => []), providers(',')]),
    'console',
    '`twilio`, `webhook`, `console` in the order they are tried, comma-separated; `none` sends nothing. Production refuses `console`, which keeps messages in the inbox at /dev/inbox.',
  ),
  smsCountries: setting(
    'WATCHWORD_SMS_COUNTRIES',
    countries,
    undefined,
    'ISO codes of the countries that may get codes. Unset: none, except with the console provider alone.',
  ),
  smsRoutes: setting(
    'WATCHWORD_SMS_ROUTES',
    table(country, providers('|'), 'DE=webhook|twilio'),
    undefined,
    'Providers of a country, in order, where they differ: `DE=webhook|twilio,IN=webhook`.',
  ),
  smsPrices: setting(
    'WATCHWORD_SMS_PRICES',
    table(/^([A-Z]{2}|\*)(\/(sms|voice|whatsapp))?$/, money, 'US=0.0079 or US/voice=0.014'),
    '*=0.10',
    'What a message costs by country and, after a slash, by channel; `*` is every other country.',
  ),
  smsRealmDailyMessages: setting(
    'WATCHWORD_SMS_REALM_DAILY_MESSAGES',
    count(0, 100_000_000),
    '1000',
    'Messages a realm may send in a day (UTC).',
  ),
  smsRealmDailySpend: setting(
    'WATCHWORD_SMS_REALM_DAILY_SPEND',
    money,
    '100.00',
    'Money a realm may spend in a day, in the currency of the prices.',
  ),
  smsDailyMessages: setting(
    'WATCHWORD_SMS_DAILY_MESSAGES',
    count(0, 100_000_000),
    '5000',
    'Messages that all realms together may send in a day.',
  ),
  smsDailySpend: setting(
    'WATCHWORD_SMS_DAILY_SPEND',
    money,
    '500.00',
    'Money that all realms together may spend in a day.',
  ),
  smsPerNumber: setting(
    'WATCHWORD_SMS_PER_NUMBER',
    count(1, 1000),
    '20',
    'Messages one number may get in a day, beside the five in ten minutes that always hold.',
  ),
  smsPerUser: setting(
    'WATCHWORD_SMS_PER_USER',
    count(1, 1000),
    '10',
    'Messages one user may cause in an hour, over all numbers.',
  ),
  smsPerAddress: setting(
    'WATCHWORD_SMS_PER_ADDRESS',
    count(1, 100_000),
    '20',
    'Messages one client address (`client_ip`; IPv6: one /64) may cause in an hour.',
  ),
  smsPerPrefix: setting(
    'WATCHWORD_SMS_PER_PREFIX',
    count(1, 100_000),
    '200',
    'Messages that a realm may send in an hour to numbers that differ in the last four digits only.',
  ),
  smsPerApplication: setting(
    'WATCHWORD_SMS_PER_APPLICATION',
    count(1, 10_000_000),
    '500',
    'Messages one application may cause in an hour.',
  ),
  smsUnverified: setting(
    'WATCHWORD_SMS_UNVERIFIED_PER_PREFIX',
    count(2, 100_000),
    '10',
    'Codes to such numbers that may stay unused in an hour: beyond, and with fewer than one in four used, they get none for an hour.',
  ),
  smsAllowedNumbers: setting(
    'WATCHWORD_SMS_ALLOWED_NUMBERS',
    list.pipe(z.array(number)),
    undefined,
    'Numbers that country, rate and prefix limits do not hold for; the daily budgets do.',
    true,
  ),
  smsCodeDigits: setting('WATCHWORD_SMS_CODE_DIGITS', count(6, 10), '6', 'Digits of a code.'),
  smsCodeSeconds: setting(
    'WATCHWORD_SMS_CODE_SECONDS',
    count(60, 600),
    '300',
    'How long a code is good for.',
  ),
  smsLocale: setting(
    'WATCHWORD_SMS_LOCALE',
    z.string().regex(/^[a-z]{2}(-[A-Za-z]{2,4})?$/, 'must be a language tag, as de'),
    'en',
    'Language of messages where the request names none.',
  ),
  smsOrigin: setting(
    'WATCHWORD_SMS_ORIGIN',
    z
      .string()
      .max(ORIGIN_CHARACTERS)
      .regex(hostShape, 'must be a host name, as login.example.com')
      .optional(),
    undefined,
    `Host that codes are bound to by a last line \`@host #code\`; phones then fill them in there alone. At most ${ORIGIN_CHARACTERS} characters.`,
  ),
  smsAndroidHash: setting(
    'WATCHWORD_SMS_ANDROID_HASH',
    z
      .string()
      .regex(/^[A-Za-z0-9+/]{11}$/, 'must be the 11 characters that Android computes of the app')
      .optional(),
    undefined,
    'Hash of an Android app, for its SMS Retriever.',
  ),
  webhookUrl: setting(
    'WATCHWORD_SMS_WEBHOOK_URL',
    z.url({ protocol: /^https?$/ }).optional(),
    undefined,
    'Where the `webhook` provider posts messages.',
  ),
  webhookSecret: setting(
    'WATCHWORD_SMS_WEBHOOK_SECRET',
    z
      .string()
      .regex(
        /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/,
        'must be "whsec_" and base64; make one with: echo "whsec_$(openssl rand -base64 32)"',
      )
      .optional(),
    undefined,
    'Signs those posts (Standard Webhooks) and checks the status reports that come back.',
    true,
  ),
  testNumbers: setting(
    'WATCHWORD_TEST_NUMBERS',
    table(/^\+[1-9]\d{6,14}$/, z.string().regex(/^\d{6,10}$/), '+15005550006=123456'),
    undefined,
    'Numbers with a fixed code to which nothing is sent: `+15005550006=123456`.',
    true,
  ),
  testNumbersInProduction: setting(
    'WATCHWORD_TEST_NUMBERS_IN_PRODUCTION',
    table(
      /^\+[1-9]\d{6,14}$/,
      z.iso.date().transform((date) => new Date(`${date}T00:00:00Z`)),
      '+15005550006=2030-12-31',
    ),
    undefined,
    'Test numbers that production allows, each up to a day: `+15005550006=2030-12-31`.',
    true,
  ),
} as const;
