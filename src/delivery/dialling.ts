/** Numbers as people write them: with the country beside them, in groups. By libphonenumber's tables. */
import {
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';

/** A country as one dials it. */
export interface Dialling {
  /** ISO code. */
  readonly country: string;
  /** Without the `+`. */
  readonly callingCode: string;
  /** How many digits stand together in its mobile numbers, as `334`; without calling code and trunk prefix. */
  readonly groups: string;
}

export const diallings: readonly Dialling[] = getCountries().map((country) => {
  const callingCode = getCountryCallingCode(country);
  const example = getExampleNumber(country, examples)?.formatInternational() ?? '';
  const [, ...groups] = example.split(/\D+/).filter(Boolean);
  return { country, callingCode, groups: groups.map(({ length }) => length).join('') };
});

/**
 * A number in any spelling: with its calling code, by `+` or `00`, or as it is written in that country.
 *
 * @param country ISO code of the country that was chosen; it counts where the number names none
 * @returns it as E.164, which may still be no number that exists; undefined where it cannot be read
 */
export function writtenNumber(text: string, country: string): string | undefined {
  const region = isSupportedCountry(country) ? country : undefined;
  const written = text.normalize('NFKC');
  const parsed = parsePhoneNumberFromString(written, region);
  if (parsed?.isValid() === true) return parsed.number;
  // 00 is what most of the world dials before a calling code, also where the chosen country does not.
  const international = parsePhoneNumberFromString(written.replace(/^\s*00/, '+'));
  return (international ?? parsed)?.number;
}
