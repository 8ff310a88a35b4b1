/** What an operator says of an application's factors: which it accepts, and which of them may earn aal2. */
import {
  installation,
  runWatchword,
  startProcess,
  watchwordJson,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

const all = ['totp', 'phone', 'hotp', 'webauthn', 'recovery_code'];

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly factorTypes: string[];
  readonly aal2Types: string[] | 'all';
  readonly enrolProofSeconds: number | null;
}

let environment: Environment;
let service: ServiceProcess;
let first: Shown;

beforeAll(async () => {
  environment = await installation();
  service = await startProcess(environment);
  [first] = (await list()) as [Shown];
}, 60_000);
afterAll(() => service.end('SIGTERM'));

const list = () => watchwordJson<Shown[]>(environment, 'applications', 'list');
const update = (...args: string[]) =>
  watchwordJson<Shown>(environment, 'applications', 'update', first.id, ...args);
const challenge = () =>
  service.call('POST', '/v1/challenges', {
    ...{ type: 'phone', phone: '+14155550123', purpose: 'login' },
  });

it('everything is accepted and may earn aal2, until somebody says otherwise', () => {
  expect(first).toMatchObject({ factorTypes: all, aal2Types: 'all', enrolProofSeconds: null });
});

it('registers an application with its rules', async () => {
  const { application } = await watchwordJson<{ application: Shown }>(
    environment,
    ...['applications', 'create', '--realm', 'Watchword', '--name', 'vault'],
    ...['--factor-types', 'webauthn', 'totp', 'totp', '--aal2-types', 'webauthn'],
  );
  expect(application).toMatchObject({ factorTypes: ['totp', 'webauthn'], aal2Types: ['webauthn'] });
  expect((await list()).find(({ name }) => name === 'vault')).toEqual(application);
});

it('changes them, one without the others, and the running service obeys at once', async () => {
  expect((await challenge()).status).toBe(201);
  expect(await update('--aal2-types', 'totp', 'webauthn')).toMatchObject({
    ...{ factorTypes: all, aal2Types: ['totp', 'webauthn'], enrolProofSeconds: null },
  });
  expect(
    await update('--factor-types', 'totp', 'webauthn', '--enrol-proof-seconds', '300'),
  ).toEqual({
    ...first,
    factorTypes: ['totp', 'webauthn'],
    aal2Types: ['totp', 'webauthn'],
    enrolProofSeconds: 300,
  });
  const refused = await challenge();
  expect([refused.status, refused.body.code]).toEqual([403, 'factor_type_not_allowed']);
  expect(await update('--enrol-proof-seconds', 'off', '--aal2-types', 'all')).toMatchObject({
    ...{ factorTypes: ['totp', 'webauthn'], aal2Types: 'all', enrolProofSeconds: null },
  });
  const { stdout } = await runWatchword(environment, 'applications', 'list');
  expect(stdout).toMatch(/factorTypes .*aal2Types/);
  expect(stdout).toMatch(/totp, webauthn .*all/);
});

it.each([
  [['--factor-types', 'sms'], 'There is no factor type "sms". Name some of: totp, phone'],
  [['--aal2-types', 'all', 'totp'], 'There is no factor type "all"'],
  [['--factor-types'], 'argument missing'],
  [['--aal2-types', 'hotp'], 'would not accept hotp, which may earn aal2. Add it with'],
  [['--enrol-proof-seconds', '0'], 'whole number of seconds'],
])('refuses %j and says what to do', async (args, words) => {
  const before = await list();
  const { code, stderr } = await runWatchword(
    environment,
    ...['applications', 'update', first.id],
    ...args,
  );
  expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
  expect(await list()).toEqual(before);
});

it('does not leave a type out that may still earn aal2', async () => {
  await update('--factor-types', ...all, '--aal2-types', 'totp', 'hotp');
  const args = ['applications', 'update', first.id, '--factor-types', 'totp', 'phone'];
  const { code, stderr } = await runWatchword(environment, ...args);
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('with --aal2-types only some of: totp, phone'),
  ]);
  expect(await update('--factor-types', 'totp', '--aal2-types', 'totp')).toMatchObject({
    ...{ factorTypes: ['totp'], aal2Types: ['totp'] },
  });
});
