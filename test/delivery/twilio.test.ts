/** Twilio, by the SDK and over HTTP, at a stand-in that answers as its published API does. */
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import { MOST_AT_ONCE, type Letter } from '../../src/delivery/provider.js';
import { Providers } from '../../src/delivery/providers.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { FROM, startFakeTwilio, type FakeTwilio, type Mood } from '../support/fake-twilio.js';
import { openLogin, phoneBook, verify } from '../support/phones.js';

let twilio: FakeTwilio;
let service: TestApplication;
const WHATSAPP_FROM = '+14155550999';
const CONTENT = `HX${'cd'.repeat(16)}`;

beforeAll(async () => {
  twilio = await startFakeTwilio();
  service = await startApplication({
    environment: {
      ...twilio.environment,
      WATCHWORD_SMS_COUNTRIES: 'US,GB,DE',
      TWILIO_FROM_BY_COUNTRY: 'GB=Acme',
      TWILIO_WHATSAPP_FROM: WHATSAPP_FROM,
      TWILIO_WHATSAPP_CONTENT_SID: CONTENT,
    },
  });
});
afterAll(async () => {
  await service.close();
  await twilio.close();
});
beforeEach(() => {
  twilio.mood = 'well';
});

const nextNumber = phoneBook('202');
const last = () => {
  const request = twilio.requests.at(-1);
  if (request === undefined) throw new Error('nothing was sent');
  return request;
};
const codeIn = (text: string | undefined) => /\d{6}/.exec(text ?? '')?.[0];

async function send(phone = nextNumber(), extra: Record<string, unknown> = {}) {
  const challenge = await openLogin(service, phone, extra);
  await service.app.get(Dispatcher).settled();
  const { body } = await service.call('GET', `/v1/challenges/${challenge}`);
  return { challenge, phone, delivery: body.delivery as Record<string, string> };
}

it('a message has exactly the parameters it should, and its code logs in', async () => {
  const { challenge, phone, delivery } = await send();
  expect(delivery).toEqual({ status: 'sent', provider: 'twilio' });
  const { kind, parameters } = last();
  expect(kind).toBe('Messages');
  expect(parameters).toEqual({
    To: phone,
    From: FROM,
    Body: expect.stringMatching(
      /^\d{6} is your .* code\. Do not share it with anyone\.$/,
    ) as string,
    ValidityPeriod: '300',
    StatusCallback: expect.stringMatching(
      /^https:\/\/mfa\.example\/v1\/callbacks\/twilio\/msg_[0-9a-z]{26}$/,
    ) as string,
  });
  expect((await verify(service, challenge, codeIn(parameters['Body']))).status).toBe(200);
});

it('a country has its own sender', async () => {
  await send('+447400123456');
  expect(last().parameters['From']).toBe('Acme');
});

it('a messaging service chooses the sender, where there is one', async () => {
  const sid = `MG${'ef'.repeat(16)}`;
  const own = await startApplication({
    environment: { ...twilio.environment, TWILIO_MESSAGING_SERVICE_SID: sid },
  });
  await openLogin(own, nextNumber());
  await own.app.get(Dispatcher).settled();
  expect(last().parameters).toMatchObject({ MessagingServiceSid: sid });
  expect(last().parameters).not.toHaveProperty('From');
  await own.close();
});

it('a call says the code twice, digit by digit, in the language asked for', async () => {
  const { challenge, delivery } = await send(nextNumber(), { channel: 'voice', locale: 'de' });
  expect(delivery['status']).toBe('sent');
  const { kind, parameters } = last();
  expect(kind).toBe('Calls');
  expect(Object.keys(parameters).sort()).toEqual([
    'From',
    'StatusCallback',
    'StatusCallbackEvent',
    'Timeout',
    'To',
    'Twiml',
  ]);
  const said =
    /^<Response><Pause length="1"\/><Say language="de-DE">.*: ((?:\d, ){5}\d)\. .*: ((?:\d, ){5}\d)\.<\/Say><\/Response>$/.exec(
      parameters['Twiml'] ?? '',
    );
  expect(said?.[1]).toBe(said?.[2]);
  expect((await verify(service, challenge, said?.[1]?.replace(/\D/g, ''))).status).toBe(200);
});

it('S104: a realm’s name cannot break out of a call', async () => {
  const { key } = await service.register('</Say><Play>http://x</Play> & "co"');
  const body = { type: 'phone', phone: nextNumber(), channel: 'voice' };
  await service.call('POST', '/v1/challenges', body, { key });
  await service.app.get(Dispatcher).settled();
  expect(last().parameters['Twiml']).toContain('&lt;/Say&gt;&lt;Play&gt;http://x');
  expect(last().parameters['Twiml']?.match(/<Say/g)).toHaveLength(1);
});

it('WhatsApp gets its approved template with the code alone', async () => {
  const { challenge, phone } = await send(nextNumber(), { channel: 'whatsapp' });
  const { parameters } = last();
  expect(parameters).toMatchObject({
    To: `whatsapp:${phone}`,
    From: `whatsapp:${WHATSAPP_FROM}`,
    ContentSid: CONTENT,
  });
  expect(parameters).not.toHaveProperty('Body');
  const variables = JSON.parse(parameters['ContentVariables'] ?? '') as Record<string, string>;
  expect(Object.keys(variables)).toEqual(['1']);
  expect((await verify(service, challenge, variables['1'])).status).toBe(200);
});

it('a channel that nobody carries is refused before anything is written', async () => {
  const own = await startApplication({ environment: twilio.environment });
  const body = { type: 'phone', phone: nextNumber(), channel: 'whatsapp' };
  const answer = await own.call('POST', '/v1/challenges', body);
  expect([answer.status, answer.body.code]).toEqual([422, 'channel_unavailable']);
  await own.close();
});

describe('what Twilio refuses', () => {
  it.each([
    [21211, 400],
    [21614, 400],
    [21408, 400],
    [21610, 400],
    [20003, 401],
    [20429, 429],
    [20500, 500],
  ])('%d is a failure that is told, and the budget is given back', async (code, status) => {
    const phone = nextNumber();
    twilio.moodOf.set(phone, { status, code, message: `The number ${phone} is bad` });
    const before = await spent();
    const { delivery } = await send(phone);
    expect(delivery).toEqual({ status: 'failed', failure: `twilio ${code}` });
    expect(await spent()).toEqual(before);
    // The vendor's own text repeats the number (S58, S114).
    expect(service.logged.join()).not.toContain(phone.slice(2));
  });
});

it('S61: a wrong token is a failure like any other', async () => {
  const own = await startApplication({
    environment: { ...twilio.environment, TWILIO_AUTH_TOKEN: 'wrong' },
  });
  const challenge = await openLogin(own, nextNumber());
  await own.app.get(Dispatcher).settled();
  const { body } = await own.call('GET', `/v1/challenges/${challenge}`);
  expect(body.delivery).toEqual({ status: 'failed', failure: 'twilio 20003' });
  await own.close();
});

it.each(['hanging', 'resetting', 'mute'] as Mood[])(
  'S63: %j and nobody else to ask: it may have been sent, the budget stays spent, and it is not sent again',
  async (mood) => {
    twilio.mood = mood;
    const before = await spent();
    const { delivery, challenge } = await send();
    expect(delivery).toEqual({ status: 'sent', provider: 'twilio', failure: 'unanswered' });
    expect(await spent()).toEqual(before + 1);
    twilio.mood = 'well';
    const requests = twilio.requests.length;
    service.clock.advance(30);
    expect(await service.app.get(Dispatcher).sweep()).toBe(0);
    expect(twilio.requests).toHaveLength(requests);
    expect((await service.call('POST', `/v1/challenges/${challenge}/resend`)).status).toBe(200);
    await service.app.get(Dispatcher).settled();
    expect(twilio.requests).toHaveLength(requests + 1);
  },
  20_000,
);

it('of a burst no more are handed over at once than there are connections; the others wait unasked', async () => {
  const own = await startApplication({
    environment: { ...twilio.environment, WATCHWORD_SMS_PER_APPLICATION: '10000' },
  });
  let atOnce = 0;
  let most = 0;
  const send = jest.spyOn(own.app.get(Providers), 'send').mockImplementation(async () => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await own.database.kysely.selectFrom('realms').select('id').execute();
    atOnce -= 1;
    return 'SM1';
  });
  // All of them in one go, as after a pause of the database.
  const letters: Letter[] = [];
  const dispatcher = own.app.get(Dispatcher);
  const carry = jest
    .spyOn(dispatcher, 'carry')
    .mockImplementation((some) => void letters.push(...some));
  const phone = phoneBook('216');
  await Promise.all(Array.from({ length: 200 }, () => openLogin(own, phone())));
  carry.mockRestore();
  dispatcher.carry(letters);
  await dispatcher.settled();
  expect(send).toHaveBeenCalledTimes(200);
  expect([most > 1, most <= MOST_AT_ONCE]).toEqual([true, true]);
  await own.close();
}, 60_000);

it('a sick provider is asked all the same where there is no other', async () => {
  twilio.mood = { status: 503, code: 20503 };
  for (let n = 0; n < 6; n++) await send();
  twilio.mood = 'well';
  const sent = await Promise.all(Array.from({ length: 4 }, () => send()));
  expect(sent.map(({ delivery }) => delivery['status'])).toEqual(Array(4).fill('sent'));
});

/** Messages that the day's budget counts. */
async function spent(): Promise<number> {
  const rows = await service.database.kysely
    .selectFrom('send_counters')
    .selectAll()
    .where('key', '=', `day/${service.clock.now().toISOString().slice(0, 10)}`)
    .execute();
  return rows[0]?.used ?? 0;
}
