/** Leaving: everything that shows one-time passwords, in one file under the operator's own key. */
import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hotp } from '../../src/otp/hotp.js';
import { stepAt } from '../../src/otp/totp.js';
import { encodeSecret } from '../../src/otp/secret.js';
import { CountingToken } from '../support/hard-token.js';
import {
  installation,
  runWatchword,
  startProcess,
  watchwordJson,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

const PEOPLE = 600;
const odd = 'jörg "the \\ token" <o=1>';
let environment: Environment;
let service: ServiceProcess;
let folder: string;
let otherKey: string;

const tokens = { spare: new CountingToken(), used: new CountingToken(), lost: new CountingToken() };
const people = Array.from({ length: PEOPLE }, (_, n) => ({
  user: `person-${n}`,
  secret: randomBytes(20),
}));
const shown = (secret: Uint8Array, ago = 0) =>
  hotp(secret, stepAt(new Date(), 30) - ago, 6, 'SHA1');

const watchword = (...args: string[]) => runWatchword(environment, 'tokens', ...args);
const json = <Result>(...args: string[]) => watchwordJson<Result>(environment, ...args);
const save = async (name: string, text: string) => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};
const verify = (user: string, code: string, key: string) =>
  service.call(
    'POST',
    `/v1/users/${encodeURIComponent(user)}/verify`,
    { code },
    { authorization: `Bearer ${key}` },
  );

beforeAll(async () => {
  environment = await installation();
  folder = environment['WATCHWORD_DATA_DIR'] ?? '';
  service = await startProcess(environment);
  const inStock = `serial,key,counter,manufacturer\nS-1,${tokens.spare.base32},17,Feitian\nS-3,${tokens.lost.base32},0,`;
  await service.call('POST', '/v1/tokens-import', { content: inStock });
  const assigned = `serial,key,user\nS-2,${tokens.used.base32},"${odd.replaceAll('"', '""')}"`;
  await service.call('POST', '/v1/tokens-import', { content: assigned, assign_users: true });
  const apps = people.map(
    ({ user, secret }) => `otpauth://totp/${user}?secret=${encodeSecret(secret)}&issuer=Old`,
  );
  await service.call('POST', '/v1/tokens-import', { content: apps.join('\n') });
  await json('tokens', 'lost', 'S-3');
  const created = await json<{ apiKey: { key: string } }>(
    ...['applications', 'create', '--realm', 'elsewhere', '--name', 'elsewhere'],
  );
  otherKey = created.apiKey.key;
}, 120_000);
afterAll(() => service.end('SIGTERM'));

it('goes into a file of the operator’s, and from there into another realm, counters and all', async () => {
  const ownKey = environment['WATCHWORD_BOOTSTRAP_API_KEY'] ?? '';
  const realms = await json<{ name: string }[]>('realms', 'list');
  const own = realms.map(({ name }) => name).find((name) => name !== 'elsewhere') ?? '';
  expect((await verify(odd, tokens.used.codeOf(4), ownKey)).status).toBe(200);
  const key = await save('key', `${randomBytes(32).toString('hex')}\n`);
  const output = join(folder, 'leaving.xml');
  const args = ['tokens', 'export', '--realm', own, '--key-file', key, '--output', output];
  expect(await json(...args)).toEqual({ format: 'pskc', exported: PEOPLE + 2, output });
  expect((await stat(output)).mode & 0o777).toBe(0o600);
  const text = await readFile(output, 'utf8');
  for (const secret of [tokens.used.secret, people[0]?.secret ?? tokens.spare.secret])
    expect(text).not.toContain(Buffer.from(secret).toString('base64'));

  const into = ['tokens', 'import', output, '--realm', 'elsewhere', '--key-file', key];
  const expected = { imported: PEOPLE + 2, present: 0, refused: 0 };
  expect(await json(...into, '--assign-users')).toMatchObject(expected);
  // What was used up there is used up here.
  expect((await verify(odd, tokens.used.codeOf(4), otherKey)).body.code).toBe('code_incorrect');
  expect((await verify(odd, tokens.used.codeOf(5), otherKey)).status).toBe(200);
  const listed = await json('tokens', 'list', '--realm', 'elsewhere');
  expect(listed).toEqual([
    expect.objectContaining({ serial: 'S-1', status: 'stock', manufacturer: 'Feitian' }),
    expect.objectContaining({ serial: 'S-2', status: 'active', user_id: odd }),
  ]);
  const apps = await json<{ name: string; type: string }[]>(
    ...['factors', 'list', '--realm', 'elsewhere', '--user', `person-${PEOPLE - 1}`],
  );
  expect(apps).toEqual([expect.objectContaining({ type: 'totp', name: 'Old', status: 'active' })]);
  // S23: what an app showed before the move is spent here.
  const { user = '', secret = tokens.spare.secret } = people[0] ?? {};
  expect((await verify(user, shown(secret, 1), otherKey)).body.code).toBe('code_incorrect');
}, 120_000);

it('S116: the audit says what left, and whose', async () => {
  const { body } = await service.call('GET', `/v1/audit?user_id=${encodeURIComponent(odd)}`);
  const events = body.data as { type: string; actor: string; detail: object }[];
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'factor.exported',
      actor: 'operator',
      detail: expect.objectContaining({ format: 'pskc' }) as object,
    }),
  );
  const all = await service.call('GET', '/v1/audit');
  expect(JSON.stringify(all.body)).not.toContain(tokens.spare.base32);
});

it('writes to the standard output, and refuses what is unsafe', async () => {
  const key = await save('key2', randomBytes(16).toString('hex'));
  const { stdout, code } = await watchword('export', '--realm', 'elsewhere', '--key-file', key);
  expect([code, stdout.endsWith('</KeyContainer>\n')]).toEqual([0, true]);
  const weak = await save('weak', '00112233445566778899aabbccddeeff');
  const cases: [string[], string][] = [
    [['--key-file', weak], 'openssl rand -hex 32'],
    [['--key-file', await save('none', '')], 'holds no key'],
    [['--key-file', key, '--output', key], 'Name a new file'],
    [['--key-file', key, '--realm', 'nowhere', '--output', join(folder, 'new')], 'no realm'],
  ];
  for (const [args, hint] of cases) {
    const refused = await watchword('export', ...args);
    expect([args, refused.code, refused.stdout]).toEqual([args, 1, '']);
    expect(refused.stderr).toContain(hint);
  }
  await expect(stat(join(folder, 'new'))).rejects.toThrow('ENOENT');
}, 120_000);
