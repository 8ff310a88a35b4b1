/** RFC 6030: its sample documents, files that other programs made, and hostile ones. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTokenFile } from '../../src/token-files/formats.js';
import { TokenFileError, type Entry, type ReadOptions } from '../../src/token-files/token-file.js';

/** Before the policies of the RFC's samples are over. */
const now = new Date('2006-05-15T00:00:00Z');
const rfcSecret = '12345678901234567890';

const file = (path: string) => readFileSync(join(__dirname, path), 'utf8');
const read = (text: string, options: Partial<ReadOptions> = {}) =>
  readTokenFile('pskc', text, { now, ...options });
const rfc = (figure: string, options: Partial<ReadOptions> = {}) =>
  read(file(`rfc6030/${figure}.xml`), options);
const secretOf = ({ token }: Entry) => Buffer.from(token?.secret ?? []).toString();
const faultOf = async (text: string, options: Partial<ReadOptions> = {}) =>
  (await read(text, options))[0]?.fault;

const preShared = Buffer.from('12345678901234567890123456789012', 'hex');

describe('the sample documents of RFC 6030', () => {
  it('figure 2: a secret under 128 bits is refused (S3), the rest of the row is read', async () => {
    const [entry, ...others] = await rfc('figure2-minimal');
    expect(entry).toMatchObject({ serial: '12345678', manufacturer: 'Issuer-A', line: 5 });
    expect(entry?.fault).toContain('4 bytes');
    expect(others).toEqual([]);
  });

  it('figure 3: device, user and counter', async () => {
    const [entry] = await rfc('figure3-supplementary-data');
    expect(entry).toMatchObject({
      serial: '987654321',
      user: 'jsmith',
      manufacturer: 'Manufacturer',
      token: { type: 'hotp', digits: 8, counter: 0, algorithm: 'SHA1' },
    });
    expect(entry && secretOf(entry)).toBe(rfcSecret);
  });

  it('S20: figure 6, under a pre-shared key', async () => {
    const [entry] = await rfc('figure6-pre-shared-key', { key: preShared });
    expect(entry && secretOf(entry)).toBe(rfcSecret);
    expect(entry).toMatchObject({ serial: '987654321', token: { type: 'hotp', digits: 8 } });
  });

  it('S20: figure 7, under a password', async () => {
    const [entry] = await rfc('figure7-password', { password: 'qwerty' });
    expect(entry && secretOf(entry)).toBe(rfcSecret);
  });

  it('figure 10: several keys, each with its time, one serial twice', async () => {
    const at = async (time: string) =>
      (await rfc('figure10-bulk', { now: new Date(time) })).map(({ fault }) => fault ?? 'good');
    const early = 'Its policy says it has not begun: import it then.';
    expect(await at('2006-03-15T00:00:00Z')).toEqual([early, early, 'good', early]);
    const open = file('rfc6030/figure10-bulk.xml').replaceAll(/<StartDate>.*<\/StartDate>/g, '');
    const entries = await read(open, { now: new Date('2006-03-15T00:00:00Z') });
    expect(entries.map(({ serial, fault }) => [serial, fault])).toEqual([
      ['654321', undefined],
      ['123456', undefined],
      ['9999999', undefined],
      ['9999999', 'It stands in line 58 already.'],
    ]);
    const over = 'Its policy says it is over.';
    expect(await at('2006-05-15T00:00:00Z')).toEqual(['good', 'good', over, over]);
  });
});

describe('files that other programs made', () => {
  const expected = [
    {
      serial: 'FT-0001',
      token: { type: 'hotp', digits: 6, counter: 17, algorithm: 'SHA1' },
    },
    { serial: 'FT-0002', token: { type: 'totp', digits: 8, period: 60, algorithm: 'SHA1' } },
  ];
  const secrets = ['12345678901234567890', '12345678901234567891'];

  it.each([
    ['csv2pskc-plain', {}],
    ['csv2pskc-key', { key: Buffer.from('00112233445566778899aabbccddeeff', 'hex') }],
    ['csv2pskc-password', { password: 'correct horse' }],
    ['pskctool-signed', {}],
  ])('python-pskc 1.2 and pskctool 2.6.7: %s', async (name, options) => {
    const entries = await read(file(`files/${name}.xml`), options);
    expect(entries).toMatchObject(expected);
    expect(entries.map(secretOf)).toEqual(secrets);
  });

  it('pskctool, as it is installed here', async () => {
    if (spawnSync('pskctool', ['--version']).status !== 0) {
      if (process.env['CI'] === 'true')
        throw new Error('pskctool is missing: apt-get install pskctool');
      console.warn('pskctool is MISSING: only its file in the repository was read.');
      return;
    }
    const folder = mkdtempSync(join(tmpdir(), 'watchword-pskc-'));
    const [key, certificate, source] = ['key.pem', 'crt.pem', 'in.xml'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    const subject = ['-subj', '/CN=vendor', '-keyout', key, '-out', certificate];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], {
      stdio: 'ignore',
    });
    writeFileSync(source, file('rfc6030/figure3-supplementary-data.xml'));
    const signing = ['--sign', '--sign-key', key, '--sign-crt', certificate];
    const [entry] = await read(execFileSync('pskctool', [...signing, source]).toString());
    expect(entry && secretOf(entry)).toBe(rfcSecret);
    expect(entry).toMatchObject({ serial: '987654321', user: 'jsmith' });
  });

  it('privacyIDEA, which writes every name small', async () => {
    const small = file('rfc6030/figure6-pre-shared-key.xml').replaceAll(
      /(<\/?)([\w:]+)|(\s)(Algorithm|Length|Encoding|Id|Version)=/g,
      (...[, open, name, blank, attribute]: (string | undefined)[]) =>
        open === undefined
          ? `${blank ?? ''}${attribute?.toLowerCase() ?? ''}=`
          : `${open}${name?.toLowerCase() ?? ''}`,
    );
    expect(small).toContain('<keycontainer');
    const [entry] = await read(small, { key: preShared });
    expect(entry && secretOf(entry)).toBe(rfcSecret);
  });
});

describe('S20: the MAC is verified before anything is opened', () => {
  const text = file('rfc6030/figure6-pre-shared-key.xml');
  const changes: readonly (readonly [string, string, string])[] = [
    ['the ciphertext', 'AAECAwQFBgcICQoLDA0OD+cI', 'AAECAwQFBgcICQoLDA0OD+cJ'],
    ['the initialisation vector', 'AAECAwQFBgcICQoL', 'ABECAwQFBgcICQoL'],
    ['the MAC', 'Su+NvtQfmvfJ', 'Su+NvtQfmvfK'],
  ];

  it.each(changes)('another byte in %s', async (_what, from, to) => {
    expect(text).toContain(from);
    expect(await faultOf(text.replace(from, to), { key: preShared })).toContain('MAC does not fit');
  });

  it('no MAC at all', async () => {
    const without = text.replace(/<ValueMAC>[^<]*<\/ValueMAC>/, '');
    expect(await faultOf(without, { key: preShared })).toContain('no MAC');
    const method = text.replace(/<MACMethod[^]*<\/MACMethod>/, '');
    expect(await faultOf(method, { key: preShared })).toContain('no MAC');
  });

  it('another key or password', async () => {
    const key = Buffer.alloc(16, 7);
    const wrong = read(text, { key }).then(([entry]) => entry?.fault ?? 'opened');
    // A wrong key spoils the MAC's own key: its padding mostly, and else the MAC, does not fit.
    await expect(wrong.catch((error: unknown) => String(error))).resolves.toMatch(
      /does not (open|fit)/,
    );
    const password = rfc('figure7-password', { password: 'asdfgh' }).then(
      ([entry]) => entry?.fault ?? 'opened',
    );
    await expect(password.catch((error: unknown) => String(error))).resolves.toMatch(
      /does not (open|fit)/,
    );
  });

  it('no key or password where one is needed', async () => {
    await expect(rfc('figure6-pre-shared-key')).rejects.toThrow(/pre-shared key: give it/);
    await expect(rfc('figure7-password', { key: preShared })).rejects.toThrow(/password: give it/);
  });
});

describe('S20: entities and document types are off', () => {
  const container = (doctype: string, serial: string) => `<?xml version="1.0"?>
${doctype}<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>
<DeviceInfo><SerialNo>${serial}</SerialNo></DeviceInfo>
<Key Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp"><Data><Secret>
<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret></Data></Key>
</KeyPackage></KeyContainer>`;

  it.each([
    ['a billion laughs', `<!DOCTYPE x [${laughs()}]>`, '&lol9;'],
    ['a quadratic blow-up', `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(50_000)}">]>`, '&a;'.repeat(50)],
    ['an external entity', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', '&e;'],
    ['an external subset', '<!DOCTYPE x SYSTEM "http://attacker.example/x.dtd">', '1'],
    ['a parameter entity', '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://a.example/">%p;]>', '1'],
    ['a document type that does nothing', '<!DOCTYPE KeyContainer>', '1'],
  ])('%s', async (_what, doctype, serial) => {
    await expect(read(container(doctype, serial))).rejects.toThrow(/DOCTYPE/);
  });

  it('an entity that nobody declared', async () => {
    await expect(read(container('', '&who;'))).rejects.toThrow(TokenFileError);
  });

  it('the five that XML has itself, and characters by number, are text', async () => {
    const [entry] = await read(container('', 'A&amp;B&#x31;'));
    expect(entry).toMatchObject({ serial: 'A&B1', token: { type: 'hotp' } });
  });

  it.each([
    ['nothing', ''],
    ['no XML', 'serial,key'],
    ['another document', '<Tokens><Token/></Tokens>'],
    ['one that is cut off', container('', '1').slice(0, -20)],
    ['two roots', `${container('', '1')}<x/>`],
    ['elements that cross', '<KeyContainer><a><b></a></b></KeyContainer>'],
    ['a hundred thousand levels', '<a>'.repeat(100_000)],
    ['an unknown prefix', '<x:KeyContainer/>'],
  ])('%s is refused as a whole', async (_what, text) => {
    await expect(read(text)).rejects.toThrow(TokenFileError);
  });

  it('rounds of PBKDF2 without end are refused', async () => {
    const many = file('rfc6030/figure7-password.xml').replace('>1000<', '>999999999999<');
    await expect(read(many, { password: 'qwerty' })).rejects.toThrow(/rounds of PBKDF2/);
  });
});

describe('what is not supported is said of the row', () => {
  const text = file('rfc6030/figure3-supplementary-data.xml');
  it.each([
    ['pskc:hotp"', 'pskc:ocra"', 'neither a HOTP nor a TOTP'],
    ['Encoding="DECIMAL"', 'Encoding="HEXADECIMAL"', 'not decimal'],
    ['Encoding="DECIMAL"', 'Encoding="DECIMAL" CheckDigits="true"', 'check digit'],
    ['Length="8"', 'Length="10"', '6, 7 or 8 digits'],
    ['<PlainValue>0<', '<PlainValue>-1<', 'counter'],
    ['<PlainValue>0<', '<PlainValue>many<', 'counter'],
    ['<Data>', '<Policy><KeyUsage>Encrypt</KeyUsage></Policy><Data>', 'one-time passwords'],
    ['<Data>', '<Policy><PINPolicy PINUsageMode="Append"/></Policy><Data>', 'PIN'],
    ['<Data>', '<Policy><Moon/></Policy><Data>', 'not known'],
    ['<Data>', '<Policy><NumberOfTransactions>9</NumberOfTransactions></Policy><Data>', 'uses'],
    ['<Data>', '<Policy><StartDate>2999-05-01T00:00:00Z</StartDate></Policy><Data>', 'not begun'],
    ['<Data>', '<Policy><StartDate>soon</StartDate></Policy><Data>', 'not begun'],
    ['<AlgorithmParameters>', '<AlgorithmParameters><Suite>MD5</Suite>', 'SHA1, SHA256, SHA512'],
    [/<Secret>[^]*<\/Secret>/, '<Secret/>', 'not in the file'],
    ['MTIzNDU2', 'MTIz!!U2', 'not base64'],
  ])('%s → %s', async (from, to, fault) => {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    expect(await faultOf(changed)).toContain(fault);
  });
});

function laughs(): string {
  const more = Array.from({ length: 9 }, (_, n) => {
    const inner = `&lol${n};`.repeat(10);
    return `<!ENTITY lol${n + 1} "${inner}">`;
  });
  return ['<!ENTITY lol0 "lol">', ...more].join('');
}
