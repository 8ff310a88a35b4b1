/** Every command, beside a running service. */
import {
  installation,
  runWatchword,
  startProcess,
  watchwordJson,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

const isEmbedded = process.env['WATCHWORD_TEST_DATABASE'] === 'pglite';

let environment: Environment;
let service: ServiceProcess;

const watchword = (...args: string[]) => runWatchword(environment, ...args);
const read = <Result>(...args: string[]) => watchwordJson<Result>(environment, ...args);

interface Key {
  readonly id: string;
  readonly key: string;
  readonly scopes: readonly string[];
}

/** Without one the command does it all itself: operator.test.ts and every run on PostgreSQL. */
describe('beside a running service', () => {
  const realm = ['--realm', 'Acme'];

  beforeAll(async () => {
    environment = await installation();
    service = await startProcess(environment);
  }, 60_000);
  afterAll(() => service.end('SIGTERM'));

  it('registers an application and rotates its keys', async () => {
    const { application, apiKey } = await read<{ application: { id: string }; apiKey: Key }>(
      'applications',
      'create',
      ...realm,
      '--name',
      'shop',
    );
    expect(apiKey.key).toMatch(/^ww_/);
    expect(
      (await read<{ name: string }[]>('applications', 'list')).map(({ name }) => name),
    ).toContain('shop');
    const twice = await watchword('applications', 'create', ...realm, '--name', 'shop');
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('Choose another name')]);

    const allow = (...audiences: string[]) =>
      read<{ tokenAudiences: string[] }>(
        'applications',
        'allow-audience',
        application.id,
        ...audiences,
      );
    const orders = ['https://orders.example', 'https://bank.example'];
    expect((await allow(...orders)).tokenAudiences).toEqual(orders);
    const token = await service.call(
      'POST',
      '/v1/tokens/client',
      { audience: orders[1] },
      { authorization: `Bearer ${apiKey.key}` },
    );
    expect(token.status).toBe(200);
    expect((await allow()).tokenAudiences).toEqual([]);
    const unknown = await watchword('applications', 'allow-audience', 'app_x');
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('No application')]);

    const devices = ['applications', 'remember-devices', application.id];
    const remembering = await read<{ rememberDeviceSeconds: number }>(...devices, '3600');
    expect(remembering.rememberDeviceSeconds).toBe(3600);
    expect((await read<typeof remembering>(...devices, 'off')).rememberDeviceSeconds).toBe(null);
    expect((await watchword(...devices, '7776001')).code).toBe(1);

    const second = await read<Key>(
      'keys',
      'create',
      '--application',
      application.id,
      '--scopes',
      'verify',
    );
    expect(second.scopes).toEqual(['verify']);
    const third = await watchword('keys', 'create', '--application', application.id);
    expect([third.code, third.stderr]).toEqual([1, expect.stringContaining('Revoke one first')]);
    await read('keys', 'revoke', apiKey.id);
    if (isEmbedded) {
      const headers = { authorization: `Bearer ${apiKey.key}` };
      expect((await service.call('GET', '/v1/audit', undefined, headers)).status).toBe(401);
    }
    const { stdout } = await watchword('keys', 'list', '--application', application.id);
    expect(stdout).toContain(second.id);
    expect(stdout).not.toContain(second.key);
    expect((await watchword('keys', 'revoke', apiKey.id)).stderr).toContain('watchword keys list');
  }, 60_000);

  it('shows, unlocks and erases users, and takes factors away, without showing a secret', async () => {
    const { body } = await service.call('POST', '/v1/users/ann/factors', { type: 'totp' });
    const own = ['--realm', 'Watchword'];
    const shown = await watchword('factors', 'list', '--user', 'ann', ...own);
    expect(shown.stdout).toContain(body.id);
    expect(shown.stdout).not.toContain(body.totp.secret);
    await read('factors', 'revoke', body.id as string, ...own);
    expect(await read('factors', 'list', '--user', 'ann', ...own)).toEqual([]);
    expect((await watchword('factors', 'revoke', 'fac_x', ...own)).stderr).toContain(
      'factors list',
    );

    for (let n = 0; n < 6; n++)
      await service.call('POST', '/v1/users/ann/verify', { code: '000000' });
    const path = '/v1/users/ann/verify';
    expect((await service.call('POST', path, { code: '000000' })).body.code).toBe('locked');
    await read('users', 'unlock', 'ann', ...own);
    expect((await service.call('POST', path, { code: '000000' })).body.code).toBe('code_incorrect');

    expect((await watchword('users', 'erase', 'ann', ...own)).stderr).toContain('--yes');
    expect(await read('users', 'list', ...own)).toHaveLength(1);
    await read('users', 'erase', 'ann', ...own, '--yes');
    expect(await read('users', 'list', ...own)).toEqual([]);
    const { body: audit } = await service.call('GET', '/v1/audit?user_id=ann');
    expect(audit.data).toEqual([]);
  }, 60_000);

  it('names the realms where one has to be chosen', async () => {
    const { stderr, code } = await watchword('users', 'list', '--realm', 'nowhere');
    expect([code, stderr]).toEqual([1, expect.stringContaining('Acme')]);
  });

  it('doctor finds nothing that fails', async () => {
    const findings = await read<{ check: string; state: string }[]>('doctor');
    expect(findings.filter(({ state }) => state === 'failing')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'configuration',
        'database',
        'clock',
        'schema',
        'keys',
        'applications',
      ]),
    );
  }, 30_000);
});

it('doctor says so when the keys are not the ones that sealed', async () => {
  const shared = await installation();
  environment = shared;
  await read('doctor');
  environment = {
    ...shared,
    ...{
      WATCHWORD_ENCRYPTION_KEYS:
        (await installation('postgresql://x/x'))['WATCHWORD_ENCRYPTION_KEYS'] ?? '',
    },
  };
  const { code, stderr, stdout } = await watchword('doctor');
  expect(code).toBe(1);
  expect(stderr + stdout).toContain('WATCHWORD_ENCRYPTION_KEYS');
}, 60_000);

it('helps, and refuses what it does not know', async () => {
  const help = await watchword('--help');
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('applications')]);
  for (const args of [
    ['dance'],
    ['keys', 'create'],
    ['keys', 'create', '--application', 'x', '--scopes', 'all'],
  ]) {
    const { code, stderr } = await watchword(...args);
    expect([code, stderr]).toEqual([1, expect.stringContaining('error:')]);
  }
});
