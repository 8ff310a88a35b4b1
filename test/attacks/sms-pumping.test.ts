/**
 * SMS pumping: who owns a range of numbers, or is paid by who does, has codes sent to it. What stops it must
 * stop before the provider is called, say why, and leave everybody else alone.
 */
import examples from 'libphonenumber-js/examples.mobile.json';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { startFakeTwilio, type FakeTwilio } from '../support/fake-twilio.js';
import { phoneBook } from '../support/phones.js';

let twilio: FakeTwilio;
beforeAll(async () => {
  twilio = await startFakeTwilio();
});
afterAll(() => twilio.close());

const ask = (service: TestApplication, phone: string, extra: Record<string, unknown> = {}) =>
  service.call('POST', '/v1/challenges', { type: 'phone', phone, ...extra });
const codesOf = async (answers: Promise<{ body: { code?: string } }>[]) =>
  (await Promise.all(answers)).map(({ body }) => body.code);
const settle = (service: TestApplication) => service.app.get(Dispatcher).settled();

describe('S53: countries', () => {
  it('of every country in the world only those that are listed get a message', async () => {
    const service = await startApplication({
      environment: { ...twilio.environment, WATCHWORD_SMS_COUNTRIES: 'FR,US' },
    });
    const before = twilio.requests.length;
    const sent: string[] = [];
    for (const country of getCountries()) {
      const number = getExampleNumber(country, examples)?.number;
      if (number === undefined) continue;
      const { status, body } = await ask(service, number);
      if (status === 201) sent.push(country);
      else expect([country, body.code]).toEqual([country, 'country_not_allowed']);
    }
    expect(sent.sort()).toEqual(['FR', 'US']);
    await settle(service);
    expect(twilio.requests.length - before).toBe(2);
    await service.close();
  });

  it('none is listed unless somebody lists it', async () => {
    const service = await startApplication({
      environment: { ...twilio.environment, WATCHWORD_SMS_COUNTRIES: '' },
    });
    expect((await ask(service, '+14155550123')).body.code).toBe('country_not_allowed');
    await service.close();
  });

  it('networks of no country are in no list', async () => {
    const service = await startApplication({
      environment: { ...twilio.environment, WATCHWORD_SMS_COUNTRIES: getCountries().join() },
    });
    for (const number of ['+870773111632', '+881612345678', '+883510001234567'])
      expect((await ask(service, number)).body.code).toBe('country_not_allowed');
    await service.close();
  });
});

describe('S54: ranges', () => {
  it('a burst over adjacent numbers pauses their prefix, tells why, and nobody else notices', async () => {
    const service = await startApplication();
    const adjacent = Array.from({ length: 30 }, (_, n) => `+1415777${String(1000 + n)}`);
    const codes = await codesOf(adjacent.map((phone) => ask(service, phone)));
    expect(codes.filter((code) => code === undefined)).toHaveLength(10);
    expect(codes.filter((code) => code === 'send_paused')).toHaveLength(20);
    expect((await ask(service, '+14157781000')).status).toBe(201);
    const other = await service.register('another realm');
    const body = { type: 'phone', phone: '+14157771099' };
    const elsewhere = await service.call('POST', '/v1/challenges', body, { key: other.key });
    expect(elsewhere.status).toBe(201);
    const audit = await service.call('GET', '/v1/audit');
    const events = audit.body.data as { type: string; detail: Record<string, unknown> }[];
    expect(events.find(({ type }) => type === 'delivery.paused')?.detail).toEqual({
      target: 'prefix +1415777',
      seconds: 3600,
    });
    expect(events.filter(({ type }) => type === 'delivery.blocked')).toHaveLength(20);
    const metrics = await service.call('GET', '/metrics', undefined, { key: '' });
    expect(metrics.text).toContain(
      'watchword_messages_blocked_total{reason="paused",country="US"} 20',
    );
    service.clock.advance(3600);
    expect((await ask(service, '+14157771098')).status).toBe(201);
    await service.close();
  });
});

describe('S55: budgets', () => {
  it('of 400 messages at once as many leave as the day has money for', async () => {
    const service = await startApplication({
      environment: {
        ...twilio.environment,
        WATCHWORD_SMS_PRICES: 'US=0.05,US/voice=0.5,*=9',
        WATCHWORD_SMS_REALM_DAILY_SPEND: '2.00',
      },
    });
    const before = twilio.requests.length;
    const nextNumber = phoneBook('302');
    const codes = await codesOf(Array.from({ length: 400 }, () => ask(service, nextNumber())));
    expect(codes.filter((code) => code === undefined)).toHaveLength(40);
    await settle(service);
    expect(twilio.requests.length - before).toBe(40);
    const refused = await ask(service, nextNumber());
    expect(refused.body).toMatchObject({ code: 'send_budget_spent', limit: 'realm_spend' });
    expect(refused.headers['retry-after']).toBe(String(refused.body.retry_after));
    service.clock.advance(refused.body.retry_after as number);
    expect((await ask(service, nextNumber(), { channel: 'voice' })).status).toBe(201);
    await service.close();
  });

  it('S110: a realm that has spent its budget, or an application its share, stops nobody else', async () => {
    const service = await startApplication({
      environment: {
        WATCHWORD_SMS_REALM_DAILY_MESSAGES: '5',
        WATCHWORD_SMS_PER_APPLICATION: '3',
      },
    });
    const realm = service.first.application.realmName;
    const sibling = await service.register(realm, 'sibling');
    const stranger = await service.register('stranger');
    const nextNumber = phoneBook('303');
    const by = (key: string) => () =>
      service.call('POST', '/v1/challenges', { type: 'phone', phone: nextNumber() }, { key });
    const limits = async (run: () => ReturnType<TestApplication['call']>, times: number) => {
      const answers = [];
      for (let n = 0; n < times; n++) answers.push((await run()).body.limit as string | undefined);
      return answers;
    };
    expect(await limits(by(service.first.key), 4)).toEqual([
      undefined,
      undefined,
      undefined,
      'application',
    ]);
    expect(await limits(by(sibling.key), 3)).toEqual([undefined, undefined, 'realm_messages']);
    expect(await limits(by(stranger.key), 2)).toEqual([undefined, undefined]);
    await service.close();
  });

  it('one address may ask for so many, whatever the numbers, the users and the spelling of it', async () => {
    const service = await startApplication({ environment: { WATCHWORD_SMS_PER_ADDRESS: '4' } });
    const nextNumber = phoneBook('304');
    const addresses = ['2001:db8::1', '2001:DB8:0:0::2', '2001:db8::ffff:1', '2001:db8:0:0:1::1'];
    for (const client_ip of addresses)
      expect((await ask(service, nextNumber(), { client_ip })).status).toBe(201);
    const fifth = await ask(service, nextNumber(), { client_ip: '2001:db8::3' });
    expect(fifth.body).toMatchObject({ code: 'send_limit_reached', limit: 'address' });
    expect((await ask(service, nextNumber(), { client_ip: '2001:db8:0:1::1' })).status).toBe(201);
    await service.close();
  });

  it('an allow-listed number of a country that is not listed gets its code', async () => {
    const service = await startApplication({
      environment: { ...twilio.environment, WATCHWORD_SMS_ALLOWED_NUMBERS: '+4915112345678' },
    });
    for (let n = 0; n < 7; n++) expect((await ask(service, '+4915112345678')).status).toBe(201);
    expect((await ask(service, '+4915112345679')).body.code).toBe('country_not_allowed');
    await service.close();
  });
});

it('S46: where the counters cannot be reached nothing is sent, and the answer is 503', async () => {
  const service = await startApplication({ environment: twilio.environment });
  const before = twilio.requests.length;
  const failure = Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET' });
  const transaction = jest.spyOn(service.database, 'transaction').mockRejectedValue(failure);
  expect((await ask(service, '+14155550123')).body.code).toBe('storage_unavailable');
  transaction.mockRestore();
  await settle(service);
  expect(twilio.requests).toHaveLength(before);
  expect((await ask(service, '+14155550123')).status).toBe(201);
  await service.close();
});
