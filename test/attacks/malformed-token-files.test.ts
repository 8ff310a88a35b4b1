/**
 * A file that somebody made to break its reader: cut short, with bytes changed, nested without end, or of another
 * kind than it says. Whoever brings it gets an answer about the file, and the service goes on.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { formatNames } from '../../src/token-files/formats.js';
import { startApplication, type TestApplication } from '../support/application.js';

const folder = join(__dirname, '../token-files/files');
const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
const key = Buffer.from(Array.from({ length: 32 }, (_, n) => n)).toString('base64url');

let service: TestApplication;
beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const send = (body: Record<string, unknown>) =>
  service.call('POST', '/v1/tokens-import', { dry_run: true, key: `${key}=`, ...body });

const format = fc.option(fc.constantFrom(...formatNames), { nil: undefined });
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    ...[
      '',
      '"',
      "'",
      '\n',
      ',',
      '[',
      '{',
      '- ',
      '<',
      '&a;',
      '*a',
      '&a ',
      '%',
      '=',
      '\u0000',
      '\ud800',
    ],
    ...[
      'null',
      '-1',
      '1e999',
      '9'.repeat(40),
      '__proto__',
      '\\ud800',
      '%00',
      '%FF',
      '<!DOCTYPE a>',
    ],
  ),
);

it('S20, S120: no change of a file makes the import fail', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      format,
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(30), piece), {
        minLength: 1,
        maxLength: 4,
      }),
      async (file, named, changes) => {
        let content = file;
        for (const [where, length, text] of changes) {
          const at = Math.floor(where * content.length);
          content = content.slice(0, at) + text + content.slice(at + length);
        }
        const { status, text } = await send({ format: named, content });
        expect([status < 500, text]).toEqual([true, text]);
      },
    ),
    { numRuns: 400 },
  );
});

const deep = 50_000;
it.each([
  ['JSON', '['.repeat(deep)],
  ['JSON that ends', `${'['.repeat(deep)}${']'.repeat(deep)}`],
  ['JSON inside of JSON', `[{"credentials":[{"type":"otp","secretData":"${'['.repeat(deep)}"}]}]`],
  ['YAML', `totp_configurations:\n- a: ${'['.repeat(deep)}`],
  [
    'YAML in blocks',
    `totp_configurations:\n${Array.from({ length: 2_000 }, (_, n) => `${' '.repeat(n)}- a:`).join('\n')}`,
  ],
  ['aliases', `totp_configurations:\n- a: &a [x]\n  b: &b [*a,*a]\n  c: [*b,*b]`],
  ['blank lines', `x${'\n'.repeat(deep * 5)}`],
  ['beginnings of lists', '[\n'.repeat(deep)],
  ['colons', `otpauth://totp/${':'.repeat(deep)}?secret=${'A'.repeat(deep)}`],
  [
    'protobuf groups',
    `otpauth-migration://offline?data=${Buffer.alloc(deep, 0x0b).toString('base64')}`,
  ],
  ['commas', ','.repeat(deep)],
  ['quotation marks', '"'.repeat(deep)],
])(
  '%s without end',
  async (_what, content) => {
    for (const name of [undefined, ...formatNames]) {
      const { status, text } = await send({ format: name, content });
      expect([name, status < 500, text]).toEqual([name, true, text]);
    }
  },
  60_000,
);

it('more rows than a request may bring are refused before they are read', async () => {
  const lines = (line: string) => `${line}\n`.repeat(1_500_000);
  for (const name of ['oath-csv', 'yubico-csv', 'otpauth', 'privacyidea'] as const) {
    const { status, text } = await send({ format: name, content: lines('a,b') });
    expect([name, status, text]).toEqual([name, 400, expect.stringContaining('more than 10000')]);
  }
}, 60_000);
