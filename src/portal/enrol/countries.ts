import Negotiator from 'negotiator';
import { diallings, type Dialling } from '../../delivery/dialling.js';

/** A country to choose, by its name in the language of the page. */
export interface Country extends Dialling {
  readonly name: string;
}

const named = new Map<string, readonly Country[]>();

/** All countries, sorted as the language sorts. @param locale one of texts/, so there are few */
export function countriesIn(locale: string): readonly Country[] {
  const known = named.get(locale);
  if (known !== undefined) return known;
  const names = new Intl.DisplayNames(locale, { type: 'region' });
  const { compare } = new Intl.Collator(locale);
  const countries = diallings
    .map((dialling) => ({ ...dialling, name: names.of(dialling.country) ?? dialling.country }))
    .sort((one, other) => compare(one.name, other.name));
  named.set(locale, countries);
  return countries;
}

/**
 * Where somebody probably is: what the application or the browser names with the language, as `de-AT`, else
 * where the language is spoken most.
 *
 * @param link the link's tag
 * @param accept the browser's Accept-Language
 */
export function likelyCountry(link: string | null, accept: string | undefined): string {
  const tags = [link, ...new Negotiator({ headers: { 'accept-language': accept } }).languages()];
  const locales = tags.flatMap((tag) => localeOf(tag) ?? []);
  const regions = locales.map(({ region }) => region);
  return regions.find((region) => region !== undefined) ?? locales[0]?.maximize().region ?? 'US';
}

function localeOf(tag: string | null): Intl.Locale | undefined {
  try {
    return tag === null || tag === '*' ? undefined : new Intl.Locale(tag);
  } catch {
    return undefined;
  }
}
