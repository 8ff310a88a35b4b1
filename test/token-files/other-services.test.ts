/** Exports of other services and apps, as data of theirs under files/: what is read, and what is said of the rest. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { formatOf, readTokenFile, type FormatName } from '../../src/token-files/formats.js';
import { TokenFileError, type Entry, type ReadOptions } from '../../src/token-files/token-file.js';

const now = new Date('2026-01-01T00:00:00Z');
const file = (name: string) => readFileSync(join(__dirname, 'files', name), 'utf8');
const read = (format: FormatName, text: string, options: Partial<ReadOptions> = {}) =>
  readTokenFile(format, text, { now, ...options });

/** An entry in a line: where, whose or which, and the token or what is wrong with it. */
function shown({ line, serial, user, label, token, fault }: Entry): string {
  const who = [serial ?? '-', user ?? '-', label ?? '-'].join(' ');
  if (token === undefined) return `${line} ${who}: ${fault}`;
  const { type, algorithm, digits, period, counter, driftSteps, secret } = token;
  const text = Buffer.from(secret).toString('latin1');
  const spelt = /^[\x20-\x7e]+$/.test(text) ? text : Buffer.from(secret).toString('hex');
  const moving = type === 'hotp' ? `at ${counter}` : `every ${period} drift ${driftSteps}`;
  return `${line} ${who}: ${type} ${algorithm} ${digits} ${moving} ${spelt}`;
}
const shownOf = async (format: FormatName, name: string, options: Partial<ReadOptions> = {}) =>
  (await read(format, file(name), options)).map(shown);

const rfc = '12345678901234567890';
const short = 'The secret has 10 bytes: use one of 16 to 64 bytes (26 to 103 base32 characters).';

it.each([
  ['key-uris.txt', 'otpauth'],
  ['google-authenticator.txt', 'google-authenticator'],
  ['authelia.yml', 'authelia'],
  ['authelia.csv', 'authelia'],
  ['keycloak.json', 'keycloak'],
  ['kratos.json', 'kratos'],
  ['privacyidea.json', 'privacyidea'],
  ['privacyidea.yml', 'privacyidea'],
  ['privacyidea.csv', 'privacyidea'],
  ['privacyidea.fernet', 'privacyidea'],
  ['yubico-traditional.csv', 'yubico-csv'],
  ['yubico-format.csv', 'yubico-csv'],
  ['csv2pskc-plain.xml', 'pskc'],
])('%s is told to be %s', (name, format) => {
  expect(formatOf(file(name))).toBe(format);
  expect(formatOf(`\ufeff${file(name).replaceAll('\n', '\r\n')}`)).toBe(format);
});

it('key URIs: the user is the account of the label, however it is written', async () => {
  expect(await shownOf('otpauth', 'key-uris.txt')).toEqual([
    `2 - alice@example.com Example: totp SHA1 6 every 30 drift 0 ${rfc}`,
    '3 - bob Example: totp SHA256 8 every 60 drift 0 12345678901234567891',
    '5 - carol@example.com -: hotp SHA1 6 at 7 12345678901234567892',
    '6 - dé Big Bank: totp SHA1 6 every 30 drift 0 12345678901234567893',
    '7 - erin Steam: Its codes are no digits: only apps that show digits can be imported.',
    '8 - frank -: It is neither a HOTP nor a TOTP token: nothing else is supported.',
    `9 - grace -: ${short}`,
    '10 - heidi -: It has no secret.',
    '11 - - -: It is no key URI: that begins with otpauth://totp/ or otpauth://hotp/.',
  ]);
});

describe('Google Authenticator', () => {
  const text = file('google-authenticator.txt');
  const [, published = '', two = '', one = ''] = text.split('\n');

  it('several QR codes in any order, with escaped and bare signs of base64', async () => {
    expect([two, one]).toEqual([expect.stringMatching(/\+/), expect.stringMatching(/%2F/)]);
    expect(await shownOf('google-authenticator', 'google-authenticator.txt')).toEqual([
      `2 - alice@google.com Example: ${short}`,
      `3 - zoë Größe: totp SHA256 6 every 30 drift 0 ${Buffer.from(
        Array.from({ length: 32 }, (_, n) => 0xe0 + n),
      ).toString('hex')}`,
      '3 - md5@example.com Old: Its algorithm is none of SHA1, SHA256, SHA512.',
      `4 - alice@example.com Example: totp SHA1 6 every 30 drift 0 ${rfc}`,
      '4 - bob -: hotp SHA1 8 at 40 abcdefghijklmnopqrst',
    ]);
  });

  it('a file that lacks one of the QR codes is refused as a whole', async () => {
    await expect(read('google-authenticator', two)).rejects.toThrow(
      '2 QR codes, and number 1 is not in the file',
    );
    await expect(read('google-authenticator', `${published}\n${one}`)).rejects.toThrow('number 2');
  });

  it.each([
    ['cut short', one.slice(0, -9)],
    ['no data', 'otpauth-migration://offline?data='],
    ['no base64', 'otpauth-migration://offline?data=%%%'],
    ['no message', 'otpauth-migration://offline?data=//////8='],
    ['another scheme', 'otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'],
    ['a size without end', 'otpauth-migration://offline?data=GP////8H'],
  ])('%s is refused with its line', async (_what, line) => {
    await expect(read('google-authenticator', `\n${line}`)).rejects.toThrow(/[Ll]ine 2|QR codes/);
  });
});

it('Authelia: base64 of base32 in its YAML, base32 in its CSV; every name is text', async () => {
  expect(await shownOf('authelia', 'authelia.yml')).toEqual([
    '3 - john auth.example.com: totp SHA1 6 every 30 drift 0 12345678901234567890123456789012',
    `11 - 0042 auth.example.com: totp SHA512 8 every 45 drift 0 ${rfc}`,
    '19 - fred auth.example.com: The secret is not base32: use the letters A to Z and the digits 2 to 7.',
  ]);
  expect(await shownOf('authelia', 'authelia.csv')).toEqual([
    '2 - john Authelia: totp SHA1 6 every 30 drift 0 12345678901234567890123456789012',
    `3 - mary Authelia: totp SHA256 6 every 45 drift 0 ${rfc}`,
    '4 - fred Authelia: Its codes have another length than 6, 7 or 8 digits.',
  ]);
});

describe('Keycloak', () => {
  const raw = `1 - ada Phone: totp SHA1 6 every 30 drift 0 GtA0hRn3vkUzbTIMgPGl`;

  it('a secret is its text, and base32 only where that is said', async () => {
    expect(await shownOf('keycloak', 'keycloak.json')).toEqual([
      raw,
      `2 - ada Watch: totp SHA512 8 every 60 drift 0 ${rfc}`,
      '3 - bob -: hotp SHA256 6 at 41 abcdefghijklmnopqrst',
      '4 - cy -: hotp SHA1 6 at 3 oldstyle-of-keycloak7',
      '5 - dot -: Its secret is not in the file: export with kc.sh export; the Admin API leaves secrets out.',
      '6 - eli -: Its secretEncoding is another one than BASE32.',
      '7 - eli -: Its secretData is no JSON.',
    ]);
  });

  it('the user by another member or attribute; one user, or a list of them', async () => {
    const realm = JSON.parse(file('keycloak.json')) as { users: object[] };
    const [ada] = realm.users;
    for (const [userField, name] of [
      ['email', 'ada@example.com'],
      ['employeeId', 'E-1'],
    ] as const)
      for (const document of [realm, ada, [ada], [realm]]) {
        const [entry] = await read('keycloak', JSON.stringify(document), { userField });
        expect(entry && shown(entry)).toBe(raw.replace('ada', name));
      }
  });
});

it('Kratos: a key URI, whose user is the identity’s id or one of its traits', async () => {
  const uri = `totp SHA1 6 every 30 drift 0 ${rfc}`;
  const missing = 'Its secret is not in the file: export with ?include_credential=totp.';
  expect(await shownOf('kratos', 'kratos.json')).toEqual([
    `1 - 0b2c7a1e-9a4e-4a7e-b9a6-1f2f3c4d5e6f Acme: ${uri}`,
    `3 - 2b2c7a1e-9a4e-4a7e-b9a6-1f2f3c4d5e6f -: ${missing}`,
  ]);
  const userField = 'traits.email';
  const expected = [`1 - ada@example.com Acme: ${uri}`, `3 - cy@example.com -: ${missing}`];
  expect(await shownOf('kratos', 'kratos.json', { userField })).toEqual(expected);
  // Pages of it, each answer a line.
  const pages = (JSON.parse(file('kratos.json')) as unknown[]).map((one) => JSON.stringify([one]));
  const entries = await read('kratos', pages.join('\n'), { userField });
  expect(entries.map(shown)).toEqual(expected);
});

describe('privacyIDEA', () => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, n) => n));

  it('JSON, as it is and wrapped: apps are their owner’s, tokens keep their serial', async () => {
    const expected = [
      `1 OATH00012345 ada Feitian c100: hotp SHA1 6 at 17 ${rfc}`,
      '2 - bob -: totp SHA256 8 every 60 drift -2 12345678901234567891',
      '3 TOTP00FF - -: totp SHA1 6 every 30 drift 0 12345678901234567892',
      '4 SPASS1 - -: It is neither a HOTP nor a TOTP token: nothing else is supported.',
    ];
    expect(await shownOf('privacyidea', 'privacyidea.json')).toEqual(expected);
    expect(await shownOf('privacyidea', 'privacyidea.fernet', { key })).toEqual(expected);
  });

  it('S20: the wrapped one needs its key, and no byte of it changed', async () => {
    const text = file('privacyidea.fernet');
    await expect(read('privacyidea', text)).rejects.toThrow('give the key');
    const wrong = { key: Buffer.alloc(32) };
    await expect(read('privacyidea', text, wrong)).rejects.toThrow('does not open');
    await expect(read('privacyidea', text, { key: key.subarray(16) })).rejects.toThrow(
      TokenFileError,
    );
    for (const at of [8, 40, text.length - 4]) {
      const other = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      await expect(read('privacyidea', other, { key })).rejects.toThrow('does not open');
    }
  });

  it('YAML and CSV, in hexadecimal or base32', async () => {
    expect(await shownOf('privacyidea', 'privacyidea.yml')).toEqual([
      `1 OATH00012345 ada Feitian c100: hotp SHA1 6 at 17 ${rfc}`,
      '11 - bob -: totp SHA256 8 every 60 drift -2 12345678901234567891',
      '23 - - -: It is no YAML: leave it as it was exported.',
    ]);
    expect(await shownOf('privacyidea', 'privacyidea.csv')).toEqual([
      `1 OATH00012345 ada -: hotp SHA1 6 at 0 ${rfc}`,
      '2 TOTP0001A2B3 bob@example.com -: totp SHA1 8 every 60 drift 0 12345678901234567891',
      '3 TOTP00FF - -: totp SHA1 6 every 30 drift 0 12345678901234567892',
    ]);
    const [entry] = await read('privacyidea', file('privacyidea.csv'), { userField: 'owner' });
    expect(entry?.user).toBe('ada@acme');
  });
});

describe('Yubico', () => {
  const yubikey = (hex: string, digits: number, counter: number) =>
    `hotp SHA1 ${digits} at ${counter} ${hex}`;
  const other = 'It is no OATH-HOTP configuration: nothing else of a YubiKey is supported.';

  it('the traditional log, whose times have commas or not', async () => {
    expect(await shownOf('yubico-csv', 'yubico-traditional.csv')).toEqual([
      `2 vvgutbiedkvi - -: ${other}`,
      `3 cccccccccccc - -: ${yubikey('916821d3a138bf855e70069605559a206ba854cd', 6, 0)}`,
      `4 ubnu00000001 - -: ${yubikey('bf7efc1c8b6f23604930a9ce693bdd6c3265be00', 8, 160)}`,
      '5 - - -: It has no serial: choose the log format “Yubico format”, or write the serial where the public id stands.',
      `6 - - -: ${other}`,
      `7 - - -: ${other}`,
      '8 - - -: The row is cut short: take it from the log again.',
    ]);
  });

  it('the Yubico format, by the serial of the device', async () => {
    expect(await shownOf('yubico-csv', 'yubico-format.csv')).toEqual([
      `1 508326 - -: ${yubikey('69cfb9202438ca68964ec3244bfa4843d073a43b', 6, 0)}`,
      `2 1382042 - -: ${yubikey('bf7efc1c8b6f23604930a9ce693bdd6c3265be00', 6, 1600)}`,
      `3 508326 - -: ${other}`,
      `4 508327 - -: ${other}`,
      `5 0 - -: ${yubikey('69cfb9202438ca68964ec3244bfa4843d073a43c', 6, 0)}`,
    ]);
  });
});

it.each<[FormatName, string, RegExp]>([
  ['keycloak', '{"realm":"x"}', /kc\.sh export/],
  ['keycloak', '{"users":[', /no JSON: look at line 1/],
  ['kratos', '{"error":{"code":404}}', /include_credential=totp/],
  ['authelia', 'totp_configurations: []', /no list under "totp_configurations:"/],
  ['authelia', 'totp_configurations:\n- a: 1\nother: 2', /ends at line 3/],
  ['authelia', 'who,knows', /authelia storage user totp export/],
  ['authelia', 'issuer,username,algorithm,digits,period,secret\n"', /quotation marks/],
  ['oath-csv', 'A,abc,hotp\nB,"abc,hotp\nC,abc,hotp\n', /quotation marks of its row 2/],
  ['privacyidea', '- ', /./],
])('%s: a file that is something else says what to do', async (format, text, hint) => {
  const whole = await read(format, text).then(
    (entries) => entries.map(({ fault }) => fault ?? 'good').join(),
    (error: unknown) => {
      expect(error).toBeInstanceOf(TokenFileError);
      return String(error);
    },
  );
  expect(whole).toMatch(hint);
  expect(whole).not.toBe('good');
});

it('a file in UTF-16, or packed, is told from one that nobody knows', () => {
  const wide = Buffer.from(`T1,${'0'.repeat(40)},hotp\n`, 'utf16le').toString('utf8');
  expect(() => formatOf(wide)).toThrow(/UTF-8/);
  expect(() => formatOf('what is this?')).toThrow(/Name the format/);
});

it('a long file leaves turns to everybody else while it is read', async () => {
  let turns = 0;
  let isReading = true;
  const others = async () => {
    for (; isReading; turns += 1) await setImmediate();
  };
  const waiting = others();
  const rows = Array.from({ length: 2000 }, (_, n) => `T${n},${'0'.repeat(40)},hotp`);
  expect(await read('oath-csv', rows.join('\n'))).toHaveLength(2000);
  isReading = false;
  await waiting;
  expect(turns).toBeGreaterThanOrEqual(10);
});
