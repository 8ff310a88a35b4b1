/** The words of the pages, in every language there is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problems } from '../../src/portal/problem.page.js';
import { languages, textsFor, textsOf } from '../../src/portal/texts.js';

const folder = join(__dirname, '../../src/portal/texts');
const files = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
const read = (locale: string) =>
  JSON.parse(readFileSync(join(folder, `${locale}.json`), 'utf8')) as Record<string, string>;
const english = read('en');
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
});

it('each problem has a title and a text', () => {
  for (const problem of problems)
    for (const part of ['title', 'text'])
      expect(english[`problem.${problem}.${part}`]).toEqual(expect.any(String));
});

it('takes the link’s language, then the browser’s, then the realm’s, then English', () => {
  expect(textsFor(null, undefined, null).locale).toBe('en');
  expect(textsFor('xx', 'yy;q=0.9, en-GB;q=0.8, *;q=0.1', 'zz').locale).toBe('en');
  expect(textsFor('EN-us', 'yy', null).locale).toBe('en');
  expect(textsFor('../../etc/passwd', '\u0000', null).locale).toBe('en');
});

it('puts values in the places of placeholders, as they are', () => {
  const texts = textsOf('en');
  const application = '{time} <b>$&</b>';
  expect(texts.say('leave', { application })).toBe(`Back to ${application}`);
  expect(texts.weave('wait', { time: 'T' })).toEqual(['Try again in ', 'T', '.']);
});
