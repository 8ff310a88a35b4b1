/**
 * Two replicas on one PostgreSQL. What stops a code that was sent from being good on each of them, a budget
 * from being spent on each, and a message from being carried by each?
 */
import { startFakeTwilio, type FakeTwilio } from '../support/fake-twilio.js';
import { phoneBook } from '../support/phones.js';
import {
  installation,
  startProcess,
  until,
  type Reply,
  type ServiceProcess,
} from '../support/service-process.js';

describe('two replicas', () => {
  let twilio: FakeTwilio;
  let replicas: ServiceProcess[];
  const nextNumber = phoneBook('207');

  beforeAll(async () => {
    twilio = await startFakeTwilio();
    const shared = {
      ...(await installation()),
      ...twilio.environment,
      WATCHWORD_SMS_REALM_DAILY_MESSAGES: '100',
      WATCHWORD_SMS_PER_APPLICATION: '100000',
    };
    replicas = await Promise.all([startProcess(shared), startProcess(shared)]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.end('SIGTERM')));
    await twilio.close();
  });

  const on = (index: number) => replicas[index % 2] as ServiceProcess;
  const ask = (index: number, phone: string) =>
    on(index).call('POST', '/v1/challenges', { type: 'phone', phone });
  const sentTo = (phone: string) =>
    twilio.requests.filter(({ parameters }) => parameters['To'] === phone);
  const codeAt = async (phone: string, nth = 0) => {
    await until(() => Promise.resolve(sentTo(phone).length > nth));
    return /\d{6}/.exec(sentTo(phone)[nth]?.parameters['Body'] ?? '')?.[0] ?? '';
  };
  const approved = (replies: Reply[]) => replies.filter(({ status }) => status === 200);

  it('S50: of 200 requests with one code on both replicas one succeeds', async () => {
    const phone = nextNumber();
    const { body } = await ask(0, phone);
    const code = await codeAt(phone);
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        on(n).call('POST', `/v1/challenges/${body.id as string}/verify`, { code }),
      ),
    );
    expect(approved(replies)).toHaveLength(1);
  }, 30_000);

  it('two first logins of one number on two replicas make one user', async () => {
    const phone = nextNumber();
    const first = await ask(0, phone);
    const one = await codeAt(phone);
    // The first code was typed in for another login, so that a second one need not wait.
    await on(0).call('POST', `/v1/challenges/${first.body.id as string}/verify`, { code: one });
    const users = new Set<string>();
    const again = nextNumber();
    const challenge = await ask(1, again);
    const code = await codeAt(again);
    const replies = await Promise.all(
      [0, 1].map((n) =>
        on(n).call('POST', `/v1/challenges/${challenge.body.id as string}/verify`, { code }),
      ),
    );
    for (const { body } of approved(replies)) users.add(body.user_id as string);
    expect(users.size).toBe(1);
  }, 30_000);

  it('S52: of many requests for one number at once one is sent', async () => {
    const phone = nextNumber();
    const replies = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(n, phone)));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    await codeAt(phone);
    expect(sentTo(phone)).toHaveLength(1);
  }, 30_000);

  it('S55: of 300 messages at once, on both replicas, exactly as many leave as the budget has left', async () => {
    const left = 100 - twilio.requests.length;
    const phones = Array.from({ length: 300 }, (_, n) => numberInBlock(n));
    const replies = await Promise.all(phones.map((phone, n) => ask(n, phone)));
    const [taken, refused] = [201, 429].map((wanted) =>
      replies.filter(({ status }) => status === wanted),
    ) as [Reply[], Reply[]];
    expect([taken.length, refused.length]).toEqual([left, 300 - left]);
    for (const { body } of refused)
      expect(body).toMatchObject({ code: 'send_budget_spent', limit: 'realm_messages' });
    await Promise.all(taken.map(({ body }, n) => outcomeOf(n, body.id as string)));
    const numbers = twilio.requests.map(({ parameters }) => parameters['To']);
    expect(numbers.length).toBeLessThanOrEqual(100);
    // Where the machine is busy, a vendor may be too slow for its two seconds: that message is spent, not sent.
    expect(numbers.length).toBeGreaterThan(50);
    expect(new Set(numbers).size).toBe(numbers.length);
  }, 120_000);

  /** What became of a challenge's message, once something has. */
  const outcomeOf = async (index: number, id: string) => {
    let status = 'queued';
    await until(async () => {
      const { body } = await on(index).call('GET', `/v1/challenges/${id}`);
      status = body.delivery.status as string;
      return status !== 'queued';
    });
    return status;
  };
  /** Numbers of which no two are of one prefix. */
  const numberInBlock = (n: number) => `+1212${200 + n}0123`;
});
