/** What an operator may not do, and must not see. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  installation,
  run,
  runWatchword,
  startProcess,
  until,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

const isEmbedded = process.env['WATCHWORD_TEST_DATABASE'] === 'pglite';
const root = join(__dirname, '../..');
const own = ['--realm', 'Watchword'];

describe('beside a running service', () => {
  let environment: Environment;
  let service: ServiceProcess;
  const watchword = (...args: string[]) => runWatchword(environment, ...args);

  beforeAll(async () => {
    environment = await installation();
    service = await startProcess(environment);
  }, 60_000);
  afterAll(() => service.end('SIGTERM'));

  it('S19: no command shows a secret of anybody', async () => {
    const enrolled = await service.call('POST', '/v1/users/ann/factors', { type: 'totp' });
    const { id, totp } = enrolled.body as { id: string; totp: { secret: string } };
    const [application] = JSON.parse((await watchword('--json', 'applications', 'list')).stdout);
    const commands = [
      ['applications', 'list'],
      ['keys', 'list', '--application', application.id as string],
      ['users', 'list', ...own],
      ['users', 'unlock', 'ann', ...own],
      ['factors', 'list', '--user', 'ann', ...own],
      ['factors', 'revoke', id, ...own],
      ['doctor'],
      ['users', 'erase', 'ann', '--yes', ...own],
    ];
    let said = '';
    for (const command of commands)
      for (const form of isDone(command) ? [[]] : [[], ['--json']]) {
        const { code, stdout, stderr } = await watchword(...form, ...command);
        expect([command, code]).toEqual([command, 0]);
        said += stdout + stderr;
      }
    expect(said).toContain(id);
    const secrets = [
      totp.secret,
      environment['WATCHWORD_BOOTSTRAP_API_KEY'] ?? '',
      (environment['WATCHWORD_ENCRYPTION_KEYS'] ?? '').split(':')[1] ?? '',
    ];
    for (const secret of secrets)
      expect([secret.length > 20, said.includes(secret)]).toEqual([true, false]);
    // Nor is there a command that picks one.
    const { stdout: help } = await watchword('factors', '--help');
    expect(help).not.toMatch(/<secret>|create|enrol /);
  }, 120_000);

  it('S107: two keys live at once and not three; a revoked one is dead', async () => {
    const [{ id }] = JSON.parse((await watchword('--json', 'applications', 'list')).stdout);
    const create = ['--json', 'keys', 'create', '--application', id as string];
    const [first, second] = await Promise.all([watchword(...create), watchword(...create)]);
    // The bootstrap key is one; of two made at the same time one finds no room.
    expect([first.code, second.code].sort()).toEqual([0, 1]);
    const made = JSON.parse(first.code === 0 ? first.stdout : second.stdout);
    const status = async () => {
      const headers = { authorization: `Bearer ${made.key as string}` };
      return (await service.call('GET', '/v1/audit', undefined, headers)).status;
    };
    expect(await status()).toBe(200);
    expect((await watchword('keys', 'revoke', made.id as string)).code).toBe(0);
    // At once where the service itself revoked it; on PostgreSQL after the few seconds it is remembered.
    if (isEmbedded) expect(await status()).toBe(401);
    else await until(async () => (await status()) === 401, 15_000);
    expect((await service.call('GET', '/v1/audit')).status).toBe(200);
  }, 60_000);

  it('says on stderr what to do, with exit code 1 and nothing on stdout', async () => {
    const refusals: [string[], string][] = [
      [['dance'], '--help'],
      [['applications', 'create', '--realm', 'x'], '--name'],
      [['keys', 'create', '--application', 'app_nobody'], 'watchword applications list'],
      [['keys', 'revoke', 'key_nobody'], 'watchword keys list'],
      [['factors', 'revoke', 'fac_nobody', ...own], 'watchword factors list'],
      [['users', 'erase', 'ann', ...own], '--yes'],
      [['users', 'erase', 'nobody', '--yes', ...own], 'watchword users list'],
      [['users', 'list', '--realm', 'nowhere'], 'Watchword'],
      [['applications', 'create', '--realm', 'a:b', '--name', 'x'], 'colon'],
    ];
    for (const [command, hint] of refusals) {
      const { code, stdout, stderr } = await watchword(...command);
      expect([command, code, stdout]).toEqual([command, 1, '']);
      expect(stderr).toContain(hint);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  }, 120_000);

  it('works as `npx watchword` in the checkout', async () => {
    const { code, stdout } = await run(
      'bash',
      ['-c', `cd '${root}' && npx --no-install watchword --json applications list`],
      { ...process.env, ...environment } as Environment,
    );
    expect([code, JSON.parse(stdout)]).toEqual([0, [expect.objectContaining({ name: 'first' })]]);
  }, 60_000);
});

it('S19: takes over the embedded database of a service that was killed', async () => {
  if (!isEmbedded) return;
  const environment = await installation();
  const service = await startProcess(environment);
  await service.call('POST', '/v1/users/ann/factors', { type: 'totp' });
  await service.end('SIGKILL');
  // The dead one's socket is still there.
  const { code, stdout } = await runWatchword(environment, 'users', 'list', ...own);
  expect([code, stdout]).toEqual([0, expect.stringContaining('ann')]);
  const again = await startProcess(environment);
  expect((await again.call('GET', '/v1/users/ann/factors')).body.data).toHaveLength(1);
  await again.end('SIGTERM');
}, 60_000);

it('a configuration that is wrong is told before anything is opened', async () => {
  const environment = { ...(await installation()), WATCHWORD_PORT: 'http' };
  for (const command of ['doctor', 'migrate', 'start']) {
    const { code, stderr } = await runWatchword(environment, command);
    expect([command, code, stderr]).toEqual([
      command,
      1,
      expect.stringContaining('WATCHWORD_PORT'),
    ]);
  }
}, 30_000);

it('a data folder that cannot be used is named', async () => {
  if (!isEmbedded) return;
  const environment = await installation();
  const place = join(environment['WATCHWORD_DATA_DIR'] ?? '', 'a-file');
  await writeFile(place, '');
  const { code, stderr } = await runWatchword(
    { ...environment, WATCHWORD_DATA_DIR: place },
    'doctor',
  );
  expect([code, stderr]).toEqual([1, expect.stringContaining(place)]);
}, 30_000);

/** Cannot be done twice. */
function isDone([noun, verb]: string[]): boolean {
  return verb === 'revoke' || (noun === 'users' && verb === 'erase');
}
