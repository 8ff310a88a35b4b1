import examples from 'libphonenumber-js/examples.mobile.json';
import { getCountries, getExampleNumber, type CountryCode } from 'libphonenumber-js/max';
import { canReceive, mask, readPhoneNumber } from '../../src/delivery/phone-number.js';

const mobiles = getCountries().flatMap((country) => {
  const number = getExampleNumber(country, examples)?.number;
  return number === undefined ? [] : [[country, number] as [CountryCode, string]];
});

/** Places whose numbers nothing tells from their neighbour's. */
const neighbours: Partial<Record<CountryCode, CountryCode>> = {
  ...{ AX: 'FI', BL: 'GP', CC: 'AU', CX: 'AU', EH: 'MA', IM: 'GB', MF: 'GP', SJ: 'NO', VA: 'IT' },
};
const ownOr = (country: CountryCode) => neighbours[country] ?? country;

it('S53: every country is told from every other, those that share a calling code included', () => {
  expect(mobiles.length).toBeGreaterThan(235);
  for (const [country, number] of mobiles)
    expect([number, readPhoneNumber(number)?.country]).toEqual([number, ownOr(country)]);
});

it('S56: every spelling of a number is one number', () => {
  const spellings = ['+14155550123', '+1 415 555 0123', ' +1 (415) 555-0123', '+1.415.555.0123'];
  const read = spellings.map((text) => readPhoneNumber(text)?.e164);
  expect(new Set(read)).toEqual(new Set(['+14155550123']));
});

it.each([
  '',
  '4155550123',
  '0014155550123',
  '+1415555012',
  '+141555501234',
  '+999123456789',
  '+1 415 CALL NOW',
  '+14155550123;ext=1',
  '+14155550123,,1',
  'tel:+14155550123',
  '+١٤١٥٥٥٥٠١٢٣',
  '+'.repeat(30),
])('%j is no number', (text) => {
  expect(readPhoneNumber(text)).toBeUndefined();
});

it.each([
  ['a mobile', '+4915123456789', true, true],
  ['one that may be either', '+14155550123', true, true],
  ['a landline', '+493012345678', false, true],
  ['a premium line', '+499001234567', false, false],
  ['a shared-cost line', '+491805123456', false, false],
  ['a toll-free line', '+18005550199', false, false],
  ['a toll-free line of no country', '+80012345678', false, false],
])('%s (%s) can get texts: %s, calls: %s', (_name, text, texts, calls) => {
  const number = readPhoneNumber(text);
  expect(number).toBeDefined();
  if (number === undefined) return;
  expect(canReceive(number, 'sms')).toBe(texts);
  expect(canReceive(number, 'whatsapp')).toBe(texts);
  expect(canReceive(number, 'voice')).toBe(calls);
});

it('networks of no country are of no country that a list could have', () => {
  for (const text of ['+870773111632', '+881612345678', '+883510001234567', '+80012345678'])
    expect(readPhoneNumber(text)?.country).toMatch(/^\+\d+$/);
});

it('S58: a mask shows the country and the last two digits', () => {
  expect(mask('+14155550123')).toBe('+1••••••••23');
  for (const [, number] of mobiles) {
    const shown = mask(number);
    expect(shown).toHaveLength(number.length);
    expect(shown.replace(/^\+\d{1,3}/, '').replace(/^•+/, '')).toMatch(/^\d{2}$/);
  }
});
