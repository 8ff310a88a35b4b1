/** One-time codes from the command line, beside a running service. */
import {
  installation,
  runWatchword,
  startProcess,
  watchwordJson,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

const own = ['--realm', 'Watchword'];
let environment: Environment;
let service: ServiceProcess;

beforeAll(async () => {
  environment = await installation();
  service = await startProcess(environment);
  await service.call('POST', '/v1/users/ann/factors', { type: 'totp' });
}, 60_000);
afterAll(() => service.end('SIGTERM'));

const json = <Result>(...args: string[]) => watchwordJson<Result>(environment, ...args, ...own);
const create = (...more: string[]) =>
  json<{ id: string; code: string }>(
    ...['bypass', 'create', '--user', 'ann', '--reason', 'lost phone'],
    ...more,
  );
const verify = (code: string) => service.call('POST', '/v1/users/ann/verify', { code });

it('makes a code that works, shows it once, and what became of it for long', async () => {
  const { id, code } = await create('--operator', 'olga', '--minutes', '5');
  expect((await verify(code)).status).toBe(200);
  const shown = await runWatchword(environment, 'bypass', 'list', '--user', 'ann', ...own);
  expect(shown.stdout).toMatch(new RegExp(`${id} +ann +used +lost phone +olga +olga`));
  expect(shown.stdout).not.toContain(code);
});

it('two operators, and whoever forgets why', async () => {
  await runWatchword(environment, 'realms', 'update', '--bypass-second-operator', 'on', ...own);
  const { id, code } = await create('--operator', 'olga');
  const alone = await runWatchword(
    ...([environment, 'bypass', 'approve', id, '--operator', 'Olga', ...own] as const),
  );
  expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining('Somebody else')]);
  expect((await verify(code)).status).toBe(422);
  await json('bypass', 'approve', id, '--operator', 'pat');
  expect((await verify(code)).status).toBe(200);
  const silent = await runWatchword(environment, 'bypass', 'create', '--user', 'ann', ...own);
  expect([silent.code, silent.stderr]).toEqual([1, expect.stringContaining('--reason')]);
  const long = await runWatchword(environment, 'bypass', 'create', '--minutes', '9999', ...own);
  expect(long.stderr).toContain('from 1 to 1440');
});
