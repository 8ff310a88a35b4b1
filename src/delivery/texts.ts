/**
 * What is written and said to a phone, in its language. The texts are files of their own (texts/), one a
 * language: `code` is the message, `brief` what remains of it where there is little room, `changed` the
 * notice to a number that was replaced, `recovered` the one that a recovery code was used, `bypassed` the same of an
 * operator's, `spoken` a call in `spokenLanguage`.
 *
 * Rules:
 * - A message is one segment, whatever the realm is called: 160 GSM-7 units, or 70 UCS-2 units as soon as
 *   one character is not of that alphabet. What does not fit gives way in this order: the end of the
 *   realm's name, the realm, the words.
 * - The last line binds the code to a host, `@host #code` (the origin-bound one-time code format, S60),
 *   so that a phone fills it in there and nowhere else. Nothing follows it but the Android app's hash,
 *   which its SMS Retriever wants last.
 * - A name of the other direction stands in isolates (U+2068, U+2069) in right-to-left texts, so that it
 *   moves nothing around it.
 */
import { SegmentedMessage } from 'sms-segments-calculator';
import ar from './texts/ar.json' with { type: 'json' };
import cs from './texts/cs.json' with { type: 'json' };
import da from './texts/da.json' with { type: 'json' };
import de from './texts/de.json' with { type: 'json' };
import el from './texts/el.json' with { type: 'json' };
import en from './texts/en.json' with { type: 'json' };
import es from './texts/es.json' with { type: 'json' };
import fa from './texts/fa.json' with { type: 'json' };
import fi from './texts/fi.json' with { type: 'json' };
import fr from './texts/fr.json' with { type: 'json' };
import he from './texts/he.json' with { type: 'json' };
import hi from './texts/hi.json' with { type: 'json' };
import hu from './texts/hu.json' with { type: 'json' };
import id from './texts/id.json' with { type: 'json' };
import it from './texts/it.json' with { type: 'json' };
import ja from './texts/ja.json' with { type: 'json' };
import ko from './texts/ko.json' with { type: 'json' };
import nb from './texts/nb.json' with { type: 'json' };
import nl from './texts/nl.json' with { type: 'json' };
import pl from './texts/pl.json' with { type: 'json' };
import pt from './texts/pt.json' with { type: 'json' };
import ptBR from './texts/pt-BR.json' with { type: 'json' };
import ro from './texts/ro.json' with { type: 'json' };
import ru from './texts/ru.json' with { type: 'json' };
import sv from './texts/sv.json' with { type: 'json' };
import th from './texts/th.json' with { type: 'json' };
import tr from './texts/tr.json' with { type: 'json' };
import uk from './texts/uk.json' with { type: 'json' };
import vi from './texts/vi.json' with { type: 'json' };
import zh from './texts/zh.json' with { type: 'json' };
import zhTW from './texts/zh-TW.json' with { type: 'json' };

const texts = {
  ar,
  cs,
  da,
  de,
  el,
  en,
  es,
  fa,
  fi,
  fr,
  he,
  hi,
  hu,
  id,
  it,
  ja,
  ko,
  nb,
  nl,
  pl,
  pt,
  'pt-BR': ptBR,
  ro,
  ru,
  sv,
  th,
  tr,
  uk,
  vi,
  zh,
  'zh-TW': zhTW,
} as const;

export type Locale = keyof typeof texts;
export const locales = Object.keys(texts) as Locale[];

const rightToLeft = new Set<Locale>(['ar', 'fa', 'he']);
/** A shorter piece of a name says nothing. */
const LEAST_NAME = 6;
/** Instead of a name that no piece of fits: an alphabet of its own, or signs of many units each. */
const NO_NAME = '...';

/** Lines that make a phone fill in the code by itself. */
export interface Binding {
  readonly origin: string | undefined;
  readonly androidHash: string | undefined;
}

/** The language that is nearest to a tag, as `pt-BR` or `de-AT`; undefined where there is none. */
export function nearestLocale(tag: string): Locale | undefined {
  const [language = '', ...subtags] = tag.split('-');
  const region = subtags.find((subtag) => /^[A-Za-z]{2}$/.test(subtag)) ?? '';
  const wanted = [`${language.toLowerCase()}-${region.toUpperCase()}`, language.toLowerCase()];
  return (
    locales.find((locale) => wanted[0] === locale) ?? locales.find((locale) => wanted[1] === locale)
  );
}

/** The message that carries a code, in one segment. */
export function codeMessage(
  locale: Locale,
  realm: string,
  code: string,
  { origin, androidHash }: Binding,
): string {
  const { code: full, brief } = texts[locale];
  const lines = [
    ...(origin === undefined ? [] : [`@${origin} #${code}`]),
    ...(androidHash === undefined ? [] : [androidHash]),
  ];
  const written = (text: string) => [text, ...lines].join('\n');
  const withCode = full.replace('{code}', code);
  const withName = (name: string) =>
    written(withCode.replace('{realm}', () => isolated(locale, name)));
  const choices = [written(brief.replace('{code}', code)), written(code)];
  return longestName(realm, withName) ?? choices.find(isOneSegment) ?? written(code);
}

/** The notice to a number that no longer is the user's. */
export function changedMessage(locale: Locale, realm: string): string {
  return noticeOf(texts[locale].changed, locale, realm);
}

/** The notice to a user's numbers that a recovery code was used. */
export function recoveredMessage(locale: Locale, realm: string): string {
  return noticeOf(texts[locale].recovered, locale, realm);
}

/** The notice to a user's numbers that a code of an operator's was used. */
export function bypassedMessage(locale: Locale, realm: string): string {
  return noticeOf(texts[locale].bypassed, locale, realm);
}

function noticeOf(text: string, locale: Locale, realm: string): string {
  const withName = (name: string) => text.replace('{realm}', () => isolated(locale, name));
  return longestName(realm, withName) ?? text.replace('{realm}', NO_NAME);
}

/** What a call says: the code twice, digit by digit, and the language it is said in. */
export function spokenMessage(locale: Locale, realm: string, code: string) {
  const { spoken, spokenLanguage } = texts[locale];
  const digits = code.split(/(?=.)/).join(', ');
  return {
    text: spoken.replaceAll('{digits}', digits).replace('{realm}', () => realm),
    language: spokenLanguage,
  };
}

export function isOneSegment(text: string): boolean {
  return new SegmentedMessage(text).segmentsCount === 1;
}

/**
 * The text with as much of the realm's name as one segment has room for; a shorter name never needs more
 * room, so the longest is found by halving.
 *
 * @returns undefined where not even its beginning fits
 */
function longestName(realm: string, write: (name: string) => string): string | undefined {
  if (isOneSegment(write(realm))) return write(realm);
  const characters = Array.from(new Intl.Segmenter().segment(realm), ({ segment }) => segment);
  const cut = (length: number) => write(characters.slice(0, length).join('').trimEnd());
  let fits = LEAST_NAME;
  let tooLong = characters.length;
  if (tooLong <= fits || !isOneSegment(cut(fits))) return undefined;
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (isOneSegment(cut(middle))) fits = middle;
    else tooLong = middle;
  }
  return cut(fits);
}

function isolated(locale: Locale, name: string): string {
  return rightToLeft.has(locale) ? `\u2068${name}\u2069` : name;
}
