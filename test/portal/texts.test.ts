/** The words of the pages, in every language there is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { locales } from '../../src/delivery/texts.js';
import { problems } from '../../src/portal/problem.page.js';
import { languages, textsFor, textsOf } from '../../src/portal/texts.js';

const folder = join(__dirname, '../../src/portal/texts');
const files = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
const read = (locale: string) =>
  JSON.parse(readFileSync(join(folder, `${locale}.json`), 'utf8')) as Record<string, string>;
const english = read('en');
/** Words of letters, without those that are the same in every language and those that name a placeholder. */
const wordsOf = (text: string) =>
  text.replace(/\{\w+\}|QR|SMS|WhatsApp/g, ' ').match(/[\p{L}\p{M}]+/gu) ?? [];
/** The letters of languages that are not written in Latin ones. */
const scripts = new Map([
  ['ar', /^[\p{Script=Arabic}\p{M}]+$/u],
  ['el', /^\p{Script=Greek}+$/u],
  ['fa', /^[\p{Script=Arabic}\p{M}]+$/u],
  ['he', /^\p{Script=Hebrew}+$/u],
  ['hi', /^\p{Script=Devanagari}+$/u],
  ['ja', /^[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}ー々]+$/u],
  ['ko', /^\p{Script=Hangul}+$/u],
  ['ru', /^\p{Script=Cyrillic}+$/u],
  ['th', /^\p{Script=Thai}+$/u],
  ['uk', /^\p{Script=Cyrillic}+$/u],
  ['zh', /^\p{Script=Han}+$/u],
  ['zh-TW', /^\p{Script=Han}+$/u],
]);
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

it('every file is a language of the pages', () => {
  expect(Object.keys(languages).sort()).toEqual(files.sort());
});

describe.each(files)('%s', (locale) => {
  const texts = read(locale);

  it('says everything that English says, and nothing else', () => {
    expect(Object.keys(texts).sort()).toEqual(Object.keys(english).sort());
  });

  it('has each placeholder once, where English has it', () => {
    for (const [key, text] of Object.entries(texts))
      expect([key, placeholders(text).sort()]).toEqual([
        key,
        placeholders(english[key] ?? '').sort(),
      ]);
  });

  it('is text, with no markup and no loose ends', () => {
    for (const [key, text] of Object.entries(texts)) {
      expect([key, text]).toEqual([key, text.trim()]);
      expect([key, text]).toEqual([key, expect.stringMatching(/^[^<>&]+$/) as string]);
    }
  });

  it('has been translated: no sentence of English is left', () => {
    if (locale === 'en') return;
    const left = Object.entries(texts).filter(
      ([key, text]) => text === english[key] && wordsOf(text).length > 2,
    );
    expect(left).toEqual([]);
  });

  it('is written in its own letters, but for names', () => {
    const letters = scripts.get(locale);
    if (letters === undefined) return;
    const foreign = Object.entries(texts).filter(([, text]) =>
      wordsOf(text).some((word) => !letters.test(word)),
    );
    expect(foreign).toEqual([]);
  });

  it('has no straight quotation marks', () => {
    expect(Object.entries(texts).filter(([, text]) => /["'`]/.test(text))).toEqual([]);
  });

  it('is written from the side it is read from', () => {
    const { direction } = textsOf(locale);
    const letters = Object.values(texts).join('');
    expect(direction).toBe(/[\p{Script=Arabic}\p{Script=Hebrew}]/u.test(letters) ? 'rtl' : 'ltr');
    expect(new Intl.Locale(locale).toString()).toBe(locale);
  });
});

it('speaks every language that messages to a phone are written in', () => {
  expect(files).toEqual(expect.arrayContaining([...locales]));
});

it('each problem has a title and a text', () => {
  for (const problem of Object.values(problems))
    for (const part of ['title', 'text'])
      expect(english[`problem.${problem}.${part}`]).toEqual(expect.any(String));
});

it('takes the link’s language, then the browser’s, then the realm’s, then English', () => {
  expect(textsFor(null, undefined, null).locale).toBe('en');
  expect(textsFor('xx', 'yy;q=0.9, en-GB;q=0.8, *;q=0.1', 'zz').locale).toBe('en');
  expect(textsFor('EN-us', 'yy', null).locale).toBe('en');
  expect(textsFor('de-AT', 'fr', 'it').locale).toBe('de');
  expect(textsFor(null, 'xx, fr-CA;q=0.9', 'it').locale).toBe('fr');
  expect(textsFor(null, 'xx', 'it').locale).toBe('it');
  expect(textsFor('../../etc/passwd', '\u0000', null).locale).toBe('en');
  expect(textsFor('constructor', '__proto__', 'toString').locale).toBe('en');
});

it('takes the file that the reader can read where there are several, or one by another name', () => {
  const taken = (tag: string) => textsFor(tag, undefined, null).locale;
  expect(taken('pt-br')).toBe('pt-BR');
  expect(taken('pt-PT')).toBe('pt');
  expect(taken('zh-Hans-CN')).toBe('zh');
  expect(taken(`de${'-x'.repeat(5000)}`)).toBe('de');
  for (const tag of ['zh-TW', 'zh-HK', 'zh-Hant', 'zh-Hant-HK']) expect(taken(tag)).toBe('zh-TW');
  for (const tag of ['nb-NO', 'no', 'nn-NO']) expect(taken(tag)).toBe('nb');
});

it('keeps a value of the other direction from turning what is around it', () => {
  const application = 'Example (US)';
  for (const locale of ['ar', 'fa', 'he'])
    expect(textsOf(locale).say('leave', { application })).toContain(`\u2068${application}\u2069`);
  expect(textsOf('de').say('leave', { application })).toBe(`Zurück zu ${application}`);
});

it('puts values in the places of placeholders, as they are', () => {
  const texts = textsOf('en');
  const application = '{time} <b>$&</b>';
  expect(texts.say('leave', { application })).toBe(`Back to ${application}`);
  expect(texts.weave('wait', { time: 'T' })).toEqual(['Try again in ', 'T', '.']);
});
