import { SegmentedMessage } from 'sms-segments-calculator';
import {
  changedMessage,
  codeMessage,
  isOneSegment,
  locales,
  nearestLocale,
  recoveredMessage,
  spokenMessage,
} from '../../src/delivery/texts.js';

const bare = { origin: undefined, androidHash: undefined };
const bound = { origin: 'login.example.com', androidHash: undefined };
const fullest = { origin: `${'a'.repeat(30)}.com`, androidHash: 'FA+9qCX9VSu' };
/** As long as a realm's name can be, in both alphabets of a message. */
const realms = ['W'.repeat(64), 'Я'.repeat(64), '👩‍👩‍👧'.repeat(8), 'Acme {code} & Söhne €', '$&'];

it('speaks at least fifteen languages', () => {
  expect(locales.length).toBeGreaterThanOrEqual(15);
});

describe.each(locales)('%s', (locale) => {
  it('every message is one segment, whatever the realm, the code and the last lines', () => {
    for (const realm of realms)
      for (const code of ['123456', '1234567890']) {
        for (const binding of [bare, bound, fullest]) {
          const text = codeMessage(locale, realm, code, binding);
          expect([text, new SegmentedMessage(text).segmentsCount]).toEqual([text, 1]);
          expect(text).toContain(code);
        }
        expect(isOneSegment(changedMessage(locale, realm))).toBe(true);
        expect(isOneSegment(recoveredMessage(locale, realm))).toBe(true);
      }
  });

  it('keeps its words and an ordinary realm, and asks not to share the code', () => {
    const text = codeMessage(locale, 'Acme', '123456', bare);
    expect(text).toContain('Acme');
    expect(text.replace(/[^\p{L}]/gu, '').length).toBeGreaterThan('Acme'.length + 10);
    expect(text).not.toMatch(/[{}]/);
    const withOrigin = codeMessage(locale, 'Acme', '123456', bound);
    expect(withOrigin.split('\n')[0]?.length).toBeGreaterThan('123456'.length + 8);
  });

  it('S60: the last line binds the code to its host, and nothing follows but the app’s hash', () => {
    const lines = codeMessage(locale, 'Acme', '123456', bound).split('\n');
    expect(lines.at(-1)).toBe('@login.example.com #123456');
    const both = codeMessage(locale, 'Acme', '123456', { ...bound, androidHash: 'FA+9qCX9VSu' });
    expect(both.split('\n').slice(-2)).toEqual(['@login.example.com #123456', 'FA+9qCX9VSu']);
  });

  it('a call says every digit twice', () => {
    const { text, language } = spokenMessage(locale, 'Acme', '120045');
    expect(text.split('1, 2, 0, 0, 4, 5')).toHaveLength(3);
    expect(text).not.toMatch(/[{}]/);
    expect(language).toMatch(/^[a-z]{2}-[A-Z]{2}$/);
  });
});

it.each(['ar', 'fa', 'he'] as const)(
  '%s reads from right to left, whatever the name is',
  (locale) => {
    const text = codeMessage(locale, 'Acme', '123456', bare);
    expect(text.startsWith('\u200f')).toBe(true);
    expect(text).toContain('\u2068Acme\u2069');
  },
);

it('a realm’s name is data: no placeholder, no pattern', () => {
  expect(codeMessage('en', '{code} $& $1', '123456', bare)).toBe(
    '123456 is your {code} $& $1 code. Do not share it with anyone.',
  );
  expect(spokenMessage('en', '{digits}', '123456').text).toContain('Your {digits} code');
});

it.each([
  ['de-AT', 'de'],
  ['PT-br', 'pt-BR'],
  ['pt', 'pt'],
  ['zh-TW', 'zh-TW'],
  ['zh-Hant-TW', 'zh-TW'],
  ['xx', undefined],
  ['', undefined],
])('the nearest language to %j is %s', (tag, locale) => {
  expect(nearestLocale(tag)).toBe(locale);
});
