/**
 * Number probing: who holds a key for logins alone asks about numbers, to learn which have an account,
 * which are blocked, which somebody else is logging in with. Every answer is the same, and so is the work.
 */
import type { QueryExecutor } from 'kysely';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { codeAt, enrolPhone, inbox, openLogin, verify } from '../support/phones.js';

let service: TestApplication;
let key: string;
const KNOWN = '+14155550501';
const UNKNOWN = '+14155550502';
const COOLING = '+14155550503';
const FOREIGN = '+4915112345678';
const LANDLINE = '+493012345678';
const PREMIUM = '+499001234567';

beforeAll(async () => {
  service = await startApplication({
    environment: { WATCHWORD_SMS_COUNTRIES: 'US', WATCHWORD_SMS_REALM_DAILY_MESSAGES: '6' },
  });
  const realm = service.first.application.realmName;
  ({ key } = await service.register(realm, 'logins', { scopes: ['login'] }));
  await enrolPhone(service, 'ann', KNOWN);
  for (let n = 0; n < 5; n++) {
    service.clock.advance(700);
    await enrolPhone(service, `known-${n}`, `+1415555060${n}`);
    await service.database.kysely.deleteFrom('send_counters').execute();
  }
  await openLogin(service, COOLING);
  service.clock.advance(5);
});
afterAll(() => service.close());

/** What an answer looks like, without what is different for every challenge. */
const shapeOf = ({ status, body, headers }: Awaited<ReturnType<TestApplication['call']>>) => ({
  status,
  headers: Object.keys(headers)
    .filter((name) => name !== 'date')
    .sort(),
  members: Object.keys(body).sort(),
  status_of: body.status,
  attempts_left: body.attempts_left,
  purpose: body.purpose,
  channel: body.channel,
  resendIn: Date.parse(body.resend_at) - Date.parse(body.created_at),
  expiresIn: Date.parse(body.expires_at) - Date.parse(body.created_at),
});

const ask = (phone: string, extra = {}) =>
  service.call('POST', '/v1/challenges', { type: 'phone', phone, ...extra }, { key });
const as = (method: string, path: string, body?: unknown) =>
  service.call(method, path, body, { key });

it.each([
  ['unknown', UNKNOWN, '+14155550600'],
  ['cooling down', COOLING, '+14155550601'],
  ['of a country that gets nothing', FOREIGN, '+14155550602'],
  ['a landline', LANDLINE, '+14155550603'],
  ['a premium line', PREMIUM, '+14155550604'],
])(
  'S42: a number that is %s is answered like a known one, from the first request to the lock',
  async (_name, phone, knownPhone) => {
    service.clock.advance(700);
    // The one that is cooling down is so from here.
    if (phone === COOLING) await openLogin(service, COOLING);
    const [known, other] = [await ask(knownPhone), await ask(phone)];
    expect(shapeOf(other)).toEqual(shapeOf(known));
    expect(known.body).not.toHaveProperty('delivery');
    const paths = [known, other].map(({ body }) => `/v1/challenges/${body.id as string}`);
    const both = async (run: (path: string) => Promise<Awaited<ReturnType<typeof as>>>) => {
      const [one, two] = await Promise.all(paths.map(run));
      if (one === undefined || two === undefined) throw new Error('there are two');
      return [one, two] as const;
    };
    const alike = async (run: (path: string) => Promise<Awaited<ReturnType<typeof as>>>) => {
      const [one, two] = await both(run);
      expect(shapeOf(two)).toEqual(shapeOf(one));
      return one;
    };
    await alike((path) => as('GET', path));
    const resend = (path: string) => as('POST', `${path}/resend`);
    expect((await both(resend)).map(({ status, body }) => [status, body.code])).toEqual([
      [429, 'send_too_soon'],
      [429, 'send_too_soon'],
    ]);
    service.clock.advance(30);
    expect((await alike(resend)).status).toBe(200);
    for (let n = 0; n < 5; n++) {
      const [one, two] = await both((path) => as('POST', `${path}/verify`, { code: '000000' }));
      expect({ ...two.body, request_id: '' }).toEqual({ ...one.body, request_id: '' });
      expect(one.status).toBe(422);
    }
    const [one, two] = await both((path) => as('POST', `${path}/verify`, { code: '000000' }));
    expect({ ...two.body, request_id: '' }).toEqual({ ...one.body, request_id: '' });
    await alike((path) => as('GET', path));
  },
);

it('S42: nor does a budget that is used up show', async () => {
  service.clock.advance(700);
  const before = (await inbox(service)).length;
  const answers = [];
  for (let n = 0; n < 12; n++) answers.push(await ask(`+1415556${String(n).padStart(4, '0')}`));
  const [first, ...others] = answers.map(shapeOf);
  for (const other of others) expect(other).toEqual(first);
  expect((await inbox(service)).length - before).toBeLessThan(7);
  // A key that verifies gets the reason.
  const told = await service.call('POST', '/v1/challenges', {
    type: 'phone',
    phone: '+14155560099',
  });
  expect(told.body).toMatchObject({ code: 'send_budget_spent', limit: 'realm_messages' });
});

it('S42: a blocked number does the work of one that is not: the same statements', async () => {
  service.clock.advance(86_400);
  const statements = async (phone: string) => {
    const count = async () => {
      const tables = ['challenges', 'messages', 'audit_events'] as const;
      const counts = tables.map(async (table) => {
        const rows = await service.database.kysely.selectFrom(table).select('id').execute();
        return rows.length;
      });
      return Promise.all(counts);
    };
    const before = await count();
    await ask(phone);
    return (await count()).map((after, index) => after - (before[index] ?? 0));
  };
  const sent = await statements('+14155550510');
  const blocked = await statements(FOREIGN);
  expect(sent).toEqual([1, 1, 1]);
  // The audit says why.
  expect(blocked).toEqual([1, 1, 2]);
});

it('S108: the key opens logins by number, and nothing of a user’s', async () => {
  expect(
    (await as('POST', '/v1/challenges', { type: 'phone', user_id: 'ann' })).body,
  ).toMatchObject({
    code: 'scope_missing',
    scopes: ['verify'],
  });
  expect((await as('POST', '/v1/challenges', { type: 'totp', user_id: 'ann' })).status).toBe(403);
  expect((await as('POST', '/v1/users/ann/verify', { code: '123456' })).status).toBe(403);
  expect((await as('GET', '/v1/users/ann/factors')).status).toBe(403);
});

it('and it logs in', async () => {
  service.clock.advance(700);
  const challenge = await openLogin(service, KNOWN, {}, { key });
  const answer = await verify(service, challenge, await codeAt(service, KNOWN), { key });
  expect(answer.body).toMatchObject({ user_id: 'ann', token_type: 'Bearer' });
  expect((await as('GET', `/v1/challenges/${challenge}`)).body.status).toBe('approved');
});

it('S41: whoever asks for another code that is not sent keeps the one before', async () => {
  service.clock.advance(86_400);
  const phone = '+14155550701';
  const challenge = await openLogin(service, phone, {}, { key });
  const code = await codeAt(service, phone);
  // Somebody else asks for the same number meanwhile, and it is cooling down when the first asks again.
  service.clock.advance(40);
  await openLogin(service, phone);
  service.clock.advance(5);
  const resent = await as('POST', `/v1/challenges/${challenge}/resend`);
  expect(resent.status).toBe(200);
  expect((await verify(service, challenge, code, { key })).status).toBe(200);
});

it('S51: of two requests for another code at once the newest code is good, whoever came second', async () => {
  service.clock.advance(86_400);
  const phone = '+14155550705';
  const challenge = await openLogin(service, phone, {}, { key });
  service.clock.advance(30);
  const resend = () => as('POST', `/v1/challenges/${challenge}/resend`);
  await Promise.all([resend(), resend(), resend()]);
  const code = await codeAt(service, phone);
  expect((await verify(service, challenge, code, { key })).status).toBe(200);
});

it('S38: guesses at logins by number lock nobody out of a second factor', async () => {
  service.clock.advance(86_400);
  const phone = '+14155550702';
  await enrolPhone(service, 'bystander', phone);
  for (let n = 0; n < 8; n++) {
    service.clock.advance(3_600);
    const challenge = await openLogin(service, phone, {}, { key });
    for (let guess = 0; guess < 5; guess++) await verify(service, challenge, '000000', { key });
  }
  service.clock.advance(86_400);
  const own = await service.call('POST', '/v1/challenges', { type: 'phone', user_id: 'bystander' });
  const answer = await verify(service, own.body.id, await codeAt(service, phone));
  expect(answer.status).toBe(200);
});

it('S42: the work is the same: as many statements, whether a code is sent or not', async () => {
  service.clock.advance(86_400);
  // What follows after the answer is the same for nobody: a message is carried, or none is.
  const carry = jest.spyOn(service.app.get(Dispatcher), 'carry').mockReturnValue();
  const executor = service.database.kysely.getExecutor();
  const executors = Object.getPrototypeOf(Object.getPrototypeOf(executor)) as QueryExecutor;
  const counts: number[] = [];
  // Whose key it is, is asked once in a while.
  await ask('+14155550704');
  for (const phone of ['+14155550703', UNKNOWN, FOREIGN, LANDLINE, PREMIUM]) {
    const statements = jest.spyOn(executors, 'executeQuery');
    await ask(phone);
    counts.push(statements.mock.calls.length);
    statements.mockRestore();
  }
  carry.mockRestore();
  expect(counts[0]).toBeGreaterThan(4);
  expect(new Set(counts).size).toBe(1);
});
