/** `watchword delivery`: what an operator sees of messages, and how they are stopped. */
import { startFakeTwilio, type FakeTwilio } from '../support/fake-twilio.js';
import {
  installation,
  runWatchword,
  startProcess,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

let twilio: FakeTwilio;
let environment: Environment;
let service: ServiceProcess;
beforeAll(async () => {
  twilio = await startFakeTwilio();
  environment = { ...(await installation()), ...twilio.environment };
  service = await startProcess(environment);
}, 60_000);
afterAll(async () => {
  await service.end('SIGTERM');
  await twilio.close();
});

const watchword = (...args: string[]) => runWatchword(environment, 'delivery', ...args);
const ask = (phone: string) =>
  service.call('POST', '/v1/challenges', { type: 'phone', phone }).then(({ body }) => body);

it('test sends one real message and says what became of it', async () => {
  const { code, stdout } = await watchword('test', '--to', '+1 415 555 0123');
  expect(code).toBe(0);
  expect(stdout).toMatch(/status +sent/);
  expect(stdout).toMatch(/provider +twilio/);
  expect(twilio.requests.at(-1)?.parameters['To']).toBe('+14155550123');
  twilio.mood = { status: 401, code: 20003 };
  const failed = await watchword('test', '--to', '+14155550123');
  twilio.mood = 'well';
  expect([failed.code, failed.stdout]).toEqual([1, expect.stringContaining('twilio 20003')]);
}, 30_000);

it.each([
  [['test', '--to', '5550123'], 'This is no telephone number'],
  [['test', '--to', '+4915112345678'], 'WATCHWORD_SMS_COUNTRIES'],
  [['test', '--to', '+14155550123', '--channel', 'whatsapp'], 'WATCHWORD_SMS_PROVIDERS'],
  [['pause', '--country', 'Germany'], 'ISO code'],
  [['pause', '--prefix', '415'], 'without its last four digits'],
])('%j says what to do instead', async (args, remedy) => {
  const { code, stderr } = await watchword(...args);
  expect([code, stderr]).toEqual([1, expect.stringContaining(remedy)]);
});

it('pause holds at once, resume lifts it, and the audit has both', async () => {
  expect((await ask('+14155650123')).status).toBe('pending');
  expect((await watchword('pause', '--country', 'US', '--minutes', '5')).code).toBe(0);
  const paused = await ask('+14155660123');
  expect(paused).toMatchObject({ code: 'send_paused' });
  expect(paused.retry_after).toBeGreaterThan(290);
  const { stdout } = await watchword('stats');
  expect(stdout).toMatch(/paused +country US +until 20/);
  expect((await watchword('resume', '--country', 'US')).code).toBe(0);
  expect((await ask('+14155670123')).status).toBe('pending');
  await watchword('pause');
  expect((await ask('+14155680123')).code).toBe('send_paused');
  await watchword('resume');
  expect((await ask('+14155690123')).status).toBe('pending');
  const { body } = await service.call('GET', '/v1/audit');
  const events = (body.data as { type: string; actor: string; detail: { target?: string } }[])
    .filter(({ actor, type }) => actor === 'operator' && type.startsWith('delivery.'))
    .map(({ type, detail }) => `${type} ${detail.target ?? ''}`);
  expect(events).toEqual([
    'delivery.paused country US',
    'delivery.resumed country US',
    'delivery.paused everything',
    'delivery.resumed everything',
  ]);
}, 60_000);

it('a prefix that paused itself is resumed by its name', async () => {
  for (let n = 0; n < 10; n++) await ask(`+1415777100${n}`);
  expect((await ask('+14157771010')).code).toBe('send_paused');
  expect((await watchword('resume', '--prefix', '+1415777')).code).toBe(0);
  expect((await ask('+14157771011')).status).toBe('pending');
}, 30_000);

it('stats has the budgets of the day and what became of messages, and no number', async () => {
  const { stdout } = await watchword('stats');
  expect(stdout).toMatch(/messages today +all realms +\d+ of 5000/);
  expect(stdout).toMatch(/messages today +realm Watchword +\d+ of 1000/);
  expect(stdout).toMatch(/spent today +all realms +\d+\.\d\d of 500\.00/);
  expect(stdout).toMatch(/sent, 24 h +twilio sms US +\d+/);
  expect(stdout).not.toMatch(/\d{9}/);
}, 30_000);

it('doctor says that no country may get codes', async () => {
  const { WATCHWORD_DATABASE_URL: _none, ...embedded } = environment;
  const open = {
    ...embedded,
    WATCHWORD_SMS_COUNTRIES: '',
    WATCHWORD_DATA_DIR: `${environment['WATCHWORD_DATA_DIR'] ?? ''}-other`,
  };
  const { stdout } = await runWatchword(open, 'doctor');
  expect(stdout).toContain('no country may get codes');
}, 30_000);
