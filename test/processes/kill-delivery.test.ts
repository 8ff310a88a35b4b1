/**
 * `kill -9` while messages are on their way: between the commit and the provider, and between the provider
 * and its answer. What was acknowledged is sent or known to be doubtful, and nothing is sent twice.
 */
import { startFakeTwilio, type FakeTwilio } from '../support/fake-twilio.js';
import { startPostgres, type Postgres } from '../support/postgres.js';
import { phoneBook } from '../support/phones.js';
import {
  installation,
  startProcess,
  until,
  type ServiceProcess,
} from '../support/service-process.js';

let twilio: FakeTwilio;
let postgres: Postgres;
beforeAll(async () => {
  [twilio, postgres] = await Promise.all([startFakeTwilio(), startPostgres({ durable: true })]);
}, 60_000);
afterAll(async () => {
  await twilio.close();
  await postgres.stop();
});

const nextNumber = phoneBook('209');
const timesSent = (phone: string) =>
  twilio.requests.filter(({ parameters }) => parameters['To'] === phone).length;

interface Round {
  readonly mood: FakeTwilio['mood'];
  /** The process is killed as soon as that many codes are acknowledged, or are with the provider. */
  readonly killAfter: { readonly acknowledged: number } | { readonly sent: number };
}

/** Asks for codes to thirty numbers until the service dies. @returns what was acknowledged, by number */
async function askForMany(
  service: ServiceProcess,
  { killAfter }: Round,
): Promise<Map<string, string>> {
  const acknowledged = new Map<string, string>();
  const sentBefore = twilio.requests.length;
  const kill = () => service.child.kill('SIGKILL');
  const asking = Array.from({ length: 30 }, async () => {
    const phone = nextNumber();
    const answer = await service.call('POST', '/v1/challenges', { type: 'phone', phone });
    if (answer.status === 201) acknowledged.set(phone, answer.body.id as string);
    if ('acknowledged' in killAfter && acknowledged.size === killAfter.acknowledged) kill();
  });
  const all = Promise.allSettled(asking);
  if ('sent' in killAfter)
    await until(() => Promise.resolve(twilio.requests.length >= sentBefore + killAfter.sent)).then(
      kill,
    );
  await all;
  return acknowledged;
}

it('S125: after a kill every acknowledged code is sent once, or is known to be doubtful', async () => {
  const environment = { ...(await installation(postgres.url)), ...twilio.environment };
  const rounds: Round[] = [
    { mood: 'well', killAfter: { acknowledged: 10 } },
    { mood: 'well', killAfter: { acknowledged: 30 } },
    { mood: 'hanging', killAfter: { sent: 10 } },
  ];
  const acknowledged = new Map<string, string>();
  for (const round of rounds) {
    const service = await startProcess(environment);
    // The first message loads the SDK.
    twilio.mood = 'well';
    const before = twilio.requests.length;
    await service.call('POST', '/v1/challenges', { type: 'phone', phone: nextNumber() });
    await until(() => Promise.resolve(twilio.requests.length > before));
    twilio.mood = round.mood;
    for (const [phone, id] of await askForMany(service, round)) acknowledged.set(phone, id);
    await service.end('SIGKILL');
  }
  twilio.mood = 'well';
  const survivor = await startProcess(environment);
  const states = new Map<string, { status: string; failure?: string }>();
  await until(async () => {
    for (const [phone, id] of acknowledged) {
      const { body } = await survivor.call('GET', `/v1/challenges/${id}`);
      states.set(phone, body.delivery as { status: string });
    }
    return [...states.values()].every(({ status }) => status !== 'queued');
  }, 40_000);
  await survivor.end('SIGTERM');
  expect(acknowledged.size).toBeGreaterThan(10);
  for (const [phone, state] of states) {
    expect([phone, state.status]).toEqual([phone, 'sent']);
    const times = timesSent(phone);
    // Given to the provider, whose answer nobody heard: it is not given again.
    if (state.failure === 'unanswered') expect(times).toBeLessThanOrEqual(1);
    else expect([phone, times]).toEqual([phone, 1]);
  }
  for (const { parameters } of twilio.requests) expect(timesSent(parameters['To'] ?? '')).toBe(1);
  expect([...states.values()].some(({ failure }) => failure === 'unanswered')).toBe(true);
}, 120_000);
