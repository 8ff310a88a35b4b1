/** Hardware tokens on the command line: imported from files, handed out, given back. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  installation,
  runWatchword,
  startProcess,
  watchwordJson,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';
import { CountingToken } from '../support/hard-token.js';

const files = join(__dirname, '../token-files');
let environment: Environment;
let service: ServiceProcess;
let folder: string;

beforeAll(async () => {
  environment = await installation();
  folder = environment['WATCHWORD_DATA_DIR'] ?? '';
  service = await startProcess(environment);
}, 60_000);
afterAll(() => service.end('SIGTERM'));

const watchword = (...args: string[]) => runWatchword(environment, 'tokens', ...args);
const json = <Result = unknown>(...args: string[]) =>
  watchwordJson<Result>(environment, 'tokens', ...args);
const save = async (name: string, text: string) => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

interface Summary {
  readonly imported: number;
  readonly present: number;
  readonly refused: number;
  readonly refusals: string[];
}

it('imports a file under a pre-shared key; first only says so, later says that it is there', async () => {
  const key = await save('key', '12345678901234567890123456789012\n');
  const file = join(files, 'rfc6030/figure6-pre-shared-key.xml');
  const args = ['import', file, '--key-file', key];
  expect(await json(...args, '--dry-run')).toMatchObject({
    format: 'pskc',
    imported: 1,
    dryRun: true,
  });
  expect(await json('list')).toEqual([]);
  expect(await json(...args)).toMatchObject({ imported: 1, present: 0, refused: 0 });
  expect(await json(...args)).toMatchObject({ imported: 0, present: 1, refused: 0 });
  expect(await json('list')).toEqual([
    expect.objectContaining({ serial: '987654321', type: 'hotp', status: 'stock', digits: 8 }),
  ]);
}, 120_000);

it('S19: tells what became of each row, and never a secret', async () => {
  const [good, other] = [new CountingToken(), new CountingToken()];
  const rows = [
    `CLI-1,${good.base32},hotp,6`,
    `CLI-2,${good.base32},hotp,9`,
    'CLI-3,abc,hotp,6',
    `CLI-1,${other.base32},hotp,6`,
    `987654321,${other.base32},hotp,6`,
  ];
  const file = await save('tokens.csv', rows.join('\n'));
  const report = join(folder, 'report.csv');
  const { code, stdout, stderr } = await runWatchword(
    environment,
    '--json',
    'tokens',
    'import',
    file,
    '--report',
    report,
  );
  const summary = JSON.parse(stdout) as Summary;
  expect(summary).toMatchObject({ imported: 1, present: 0, refused: 4 });
  expect(code).toBe(1);
  expect(summary.refusals[3]).toContain('line 5, 987654321: Another token has this serial');
  expect(stderr).toContain('imported: 5 of 5');
  const written = await readFile(report, 'utf8');
  expect(written.split('\n')).toEqual(
    ['line,serial,user,outcome,reason', 'CLI-1', 'CLI-2', 'CLI-3', 'CLI-1', '987654321', ''].map(
      (start, index) =>
        index === 0 || start === '' ? start : (expect.stringContaining(start) as string),
    ),
  );
  expect(written).toContain(
    '2,CLI-2,,refused,"Its codes have another length than 6, 7 or 8 digits."',
  );
  for (const { base32 } of [good, other]) expect(stdout + stderr + written).not.toContain(base32);
}, 60_000);

it('hands a token round: assigned, returned, lost, deleted', async () => {
  const token = new CountingToken();
  await watchword('import', await save('one.csv', `CLI-9,${token.base32}`));
  const enrolled = await service.call('POST', '/v1/users/ann/factors', {
    ...{ type: 'hotp', serial: 'cli-9' },
  });
  const id = (enrolled.body as { id: string }).id;
  await service.call('POST', `/v1/factors/${id}/activate`, { code: token.press() });
  const login = await service.call('POST', '/v1/users/ann/verify', { code: token.press() });
  expect(login.status).toBe(200);
  const { code, stderr } = await watchword('delete', 'CLI-9');
  expect([code, stderr]).toEqual([1, expect.stringContaining('watchword tokens return')]);
  expect(await json('return', 'CLI-9')).toMatchObject({ status: 'stock' });
  const again = await service.call('POST', '/v1/users/ann/verify', { code: token.press() });
  expect(again.status).toBe(422);
  expect(await json('lost', 'CLI-9')).toMatchObject({ status: 'lost' });
  expect(await json('list', '--status', 'lost')).toHaveLength(1);
  expect(await json('delete', 'CLI-9')).toEqual({ deleted: 'CLI-9' });
  expect((await watchword('return', 'CLI-9')).stderr).toContain('watchword tokens list');
}, 120_000);

it('says what is wrong with a file or a key that cannot be used', async () => {
  const pskc = join(files, 'rfc6030/figure6-pre-shared-key.xml');
  const cases: [string[], string][] = [
    [[join(folder, 'nothing')], 'cannot be read'],
    [[await save('odd', 'what is this?')], 'Name the format'],
    [[await save('bomb.xml', '<!DOCTYPE a><KeyContainer/>')], 'DOCTYPE'],
    [[pskc], 'pre-shared key'],
    [[pskc, '--key-file', await save('short', 'abc')], 'holds no key'],
    [[pskc, '--look-ahead', '99'], 'from 1 to 20'],
    [[await save('new.csv', `NEW,${new CountingToken().base32}`), '--report', folder], 'written'],
  ];
  for (const [args, hint] of cases) {
    const { code, stdout, stderr } = await watchword('import', ...args);
    expect([args, code, stdout]).toEqual([args, 1, '']);
    expect(stderr).toContain(hint);
    expect(stderr).not.toMatch(/\n\s+at /);
  }
  const { data } = (await service.call('GET', '/v1/hardware-tokens?serial=NEW')).body as {
    data: unknown[];
  };
  expect(data).toEqual([]);
}, 120_000);
