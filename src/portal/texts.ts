/**
 * What the pages say. A language is a file in texts/; its keys and placeholders are those of en.json, which a
 * test looks after. A placeholder is a name in braces; what stands in its place is text, never markup.
 */
import Negotiator from 'negotiator';
import type { ComponentChild } from 'preact';
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

export type TextKey = keyof typeof en;

/** To add a language: its file in texts/, and a line here. */
export const languages: Readonly<Record<string, Readonly<Record<TextKey, string>>>> = {
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
};

const rightToLeft = new Set(['ar', 'fa', 'he', 'ur']);
const PLACEHOLDER = /\{(\w+)\}/;

/** The texts of one language. */
export interface Texts {
  readonly locale: string;
  readonly direction: 'ltr' | 'rtl';
  /** @param values by the names of placeholders */
  readonly say: (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;
  /** The same with elements in the places of placeholders. */
  readonly weave: (
    key: TextKey,
    values: Readonly<Record<string, ComponentChild>>,
  ) => ComponentChild[];
}

/**
 * The language of a page.
 *
 * @param wanted tags in order, as `de-AT`: the link's own, then the realm's
 * @param accept the browser's Accept-Language, which counts after the first and before the others
 */
export function textsFor(
  link: string | null,
  accept: string | undefined,
  realm: string | null,
): Texts {
  const asked = new Negotiator({ headers: { 'accept-language': accept } }).languages();
  const wanted = [link, ...asked, realm].map((tag) => tag && nearest(tag));
  return textsOf(wanted.find((locale) => locale !== null && locale !== undefined) || 'en');
}

/** The texts of a language that there is. */
export function textsOf(locale: string): Texts {
  const texts = languages[locale] ?? en;
  const direction = rightToLeft.has(locale.split('-')[0] ?? '') ? 'rtl' : 'ltr';
  // A name of the other direction stands in isolates (U+2068, U+2069), so that it moves nothing around it.
  const isolated = (value: string | number) => `\u2068${value}\u2069`;
  const shown = (value: string | number) => (direction === 'rtl' ? isolated(value) : String(value));
  return {
    locale,
    direction,
    say: (key, values = {}) => pieces(texts[key], (name) => shown(values[name] ?? '')).join(''),
    weave: (key, values) => pieces<ComponentChild>(texts[key], (name) => values[name]),
  };
}

/** Languages whose readers read another one's file. */
const readAs: ReadonlyMap<string, string> = new Map([
  ['nn', 'nb'],
  ['no', 'nb'],
  ['zh-hant', 'zh-TW'],
  ['zh-hk', 'zh-TW'],
  ['zh-mo', 'zh-TW'],
]);
/** A language, its script and its region are within them; a header may bring thousands. */
const SUBTAGS_READ = 4;

/** The language for a tag of a browser or an application, shortened until there is one (RFC 4647, 3.4). */
function nearest(tag: string): string | undefined {
  const subtags = tag.toLowerCase().split('-', SUBTAGS_READ);
  const ranges = subtags.map((_, at) => subtags.slice(0, subtags.length - at).join('-'));
  const names = Object.keys(languages);
  return ranges
    .map((range) => names.find((name) => name.toLowerCase() === range) ?? readAs.get(range))
    .find((name) => name !== undefined);
}

function pieces<Value>(text: string, valueOf: (name: string) => Value): (string | Value)[] {
  // Splitting by an expression with a group puts what the group has found between the parts.
  return text.split(PLACEHOLDER).map((part, index) => (index % 2 === 1 ? valueOf(part) : part));
}
