/** PSKC as this service writes it: read back by itself, by pskctool, and by nobody without the key. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTokenFile } from '../../src/token-files/formats.js';
import {
  faultOfKey,
  pskcHead,
  pskcKey,
  pskcTail,
  type WrittenToken,
} from '../../src/token-files/pskc-writer.js';

const key = randomBytes(32);
const keys = { key, macKey: randomBytes(32) };
const nobody = { serial: null, user: null, manufacturer: null, model: null, label: null };
const counting = { type: 'hotp', algorithm: 'SHA1', digits: 6, period: 30, driftSteps: 0 } as const;
const written: WrittenToken[] = [
  {
    ...nobody,
    ...{ ...counting, counter: 2 ** 40, secret: randomBytes(20), id: 'hwt_1' },
    ...{ serial: 'A&B<"1">', manufacturer: 'Feitian & Co', model: 'c100' },
  },
  {
    ...{ ...nobody, id: 'hwt_2', serial: 'T2', user: ' jörg\\, "x"=1;<a>+#🙂 ', label: '<Mine>' },
    ...{ type: 'totp', algorithm: 'SHA512', digits: 8, period: 60, counter: 0, driftSteps: -3 },
    secret: randomBytes(64),
  },
  {
    ...{ ...nobody, id: 'fac_3', user: 'CN=x,DC=y', label: 'My\u0001 phone' },
    ...{ ...counting, type: 'totp', counter: 0, secret: randomBytes(16) },
  },
];
const file = pskcHead(keys) + written.map((token) => pskcKey(token, keys)).join('') + pskcTail;
const read = (text: string, options = {}) =>
  readTokenFile('pskc', text, { now: new Date(), ...options });

function saved(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'watchword-pskc-')), 'out.xml');
  writeFileSync(path, file);
  return path;
}

it('is read back as it was written', async () => {
  const entries = await read(file, { key });
  expect(entries.map(({ fault }) => fault)).toEqual([undefined, undefined, undefined]);
  expect(entries.map(({ token, ...names }) => ({ ...names, ...token }))).toEqual(
    written.map(({ id: _id, secret, label, ...token }) => ({
      ...token,
      line: expect.any(Number) as number,
      label: label?.replace('\u0001', '') ?? null,
      // Read into a Buffer of another pool.
      secret: Buffer.from(secret),
    })),
  );
});

it('S20: shows no secret, and opens with no other key and no changed byte', async () => {
  for (const { secret } of written)
    for (const encoding of ['base64', 'hex', 'latin1'] as const)
      expect(file).not.toContain(Buffer.from(secret).toString(encoding));
  await expect(read(file)).rejects.toThrow('give it');
  const wrong = await read(file, { key: randomBytes(32) }).catch((error: unknown) => String(error));
  expect(JSON.stringify(wrong)).toMatch(/does not (open|fit)/);
  const changed = file.replace(
    /(<Data>.*?<xenc:CipherValue>)(..)/,
    (_all, start: string, two: string) => start + (two === 'AA' ? 'BB' : 'AA'),
  );
  expect((await read(changed, { key }))[0]?.fault).toContain('MAC does not fit');
});

/** Whether another program is there; without it a warning, and in the continuous integration an error. */
function isThere(program: string): boolean {
  if (spawnSync(program, ['--version']).status === 0) return true;
  if (process.env['CI'] === 'true') throw new Error(`${program} is missing: install it with apt`);
  console.warn(`${program} is MISSING: what is written was not read by it.`);
  return false;
}

it('python-pskc opens it', () => {
  if (!isThere('pskc2csv')) return;
  const columns = ['--columns', 'serial,secret,counter,time_interval,response_length'];
  const args = ['--secret', key.toString('hex'), ...columns, saved()];
  const rows = execFileSync('pskc2csv', args).toString().trim().split(/\r?\n/).slice(1);
  expect(rows).toEqual(
    written.map(({ serial, secret, type, counter, period, digits }) =>
      [
        ...[serial?.replace('A&B<"1">', '"A&B<""1"">"') ?? '', Buffer.from(secret).toString('hex')],
        ...(type === 'hotp' ? [counter, ''] : ['', period]),
        digits,
      ].join(','),
    ),
  );
});

it('pskctool reads it, and finds it valid', () => {
  if (!isThere('pskctool')) return;
  // It reads all but what is encrypted, of which it knows nothing: not of the RFC's own samples either.
  const path = saved();
  const shown = execFileSync('pskctool', ['--info', path]).toString();
  for (const text of ['A&B<"1">', 'Feitian & Co', 'T2', 'CN\\3dx\\2cDC\\3dy', '8', '60'])
    expect(shown).toContain(text);
  expect(execFileSync('pskctool', ['--validate', path]).toString()).toContain('OK');
});

it.each([
  ['00112233445566778899aabbccddeeff', /pattern/],
  ['12345678901234567890123456789012', /pattern/],
  ['00'.repeat(32), /pattern/],
  [Buffer.from('correct horse battery staple 123').toString('hex'), /text/],
])('the key %s is weak', (hex, fault) => {
  expect(faultOfKey(Buffer.from(hex, 'hex'))).toMatch(fault);
});

it('keys made by chance are not', () => {
  for (let n = 0; n < 2_000; n++) expect(faultOfKey(randomBytes(16))).toBeUndefined();
});
