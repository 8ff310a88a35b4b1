/** Status reports: who may make them, and what they may change. */
import { Webhook } from 'standardwebhooks';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { callback, signatureOf, startFakeTwilio, type FakeTwilio } from '../support/fake-twilio.js';
import { openLogin, phoneBook } from '../support/phones.js';

const SECRET = `whsec_${Buffer.alloc(32, 'webhook').toString('base64')}`;
let twilio: FakeTwilio;
let service: TestApplication;

beforeAll(async () => {
  twilio = await startFakeTwilio();
  service = await startApplication({
    environment: {
      ...twilio.environment,
      WATCHWORD_SMS_WEBHOOK_SECRET: SECRET,
      WATCHWORD_TRUSTED_PROXIES: '127.0.0.1',
    },
  });
});
afterAll(async () => {
  await service.close();
  await twilio.close();
});

const nextNumber = phoneBook('206');
async function sent(channel = 'sms') {
  const challenge = await openLogin(service, nextNumber(), { channel });
  await service.app.get(Dispatcher).settled();
  const request = twilio.requests.at(-1);
  return { challenge, url: request?.parameters['StatusCallback'] ?? '', sid: request?.sid ?? '' };
}
const statusOf = async (challenge: string) =>
  (await service.call('GET', `/v1/challenges/${challenge}`)).body.delivery as Record<
    string,
    string
  >;

async function report(url: string, form: Record<string, string>, headers = {}) {
  const made = callback(url, form);
  const answer = await service.app.inject({
    method: 'POST',
    url: made.path,
    headers: { ...made.headers, ...headers },
    payload: made.body,
  });
  return answer.statusCode;
}

const form = (sid: string, status: string, extra = {}) => ({
  MessageSid: sid,
  SmsSid: sid,
  MessageStatus: status,
  AccountSid: 'AC1',
  From: '+14155550100',
  To: '+14155550123',
  ApiVersion: '2010-04-01',
  ...extra,
});

it.each([
  ['delivered', { status: 'delivered', provider: 'twilio' }],
  ['undelivered', { status: 'undelivered', provider: 'twilio', failure: 'twilio 30003' }],
  ['failed', { status: 'failed', provider: 'twilio', failure: 'twilio 30003' }],
])('%s is what the challenge then says', async (status, expected) => {
  const { challenge, url, sid } = await sent();
  const extra = status === 'delivered' ? {} : { ErrorCode: '30003' };
  expect(await report(url, form(sid, status, extra))).toBe(204);
  expect(await statusOf(challenge)).toEqual(expected);
});

it.each(['30003', '30004', '30005', '30006', '30007', '30008'])(
  'the carrier’s reason %s is told',
  async (code) => {
    const { challenge, url, sid } = await sent();
    await report(url, form(sid, 'undelivered', { ErrorCode: code }));
    expect((await statusOf(challenge))['failure']).toBe(`twilio ${code}`);
  },
);

it('a call that nobody answered was not delivered', async () => {
  const { challenge, url, sid } = await sent('voice');
  expect(await report(url, { CallSid: sid, CallStatus: 'no-answer' })).toBe(204);
  expect(await statusOf(challenge)).toMatchObject({
    status: 'undelivered',
    failure: 'twilio no-answer',
  });
});

it('S62: in any order, and as often as they like, the end is the same', async () => {
  const stages = ['queued', 'sending', 'sent', 'delivered'];
  const orders = [
    stages,
    stages.toReversed(),
    ['delivered', 'sent', 'queued', 'sending'],
    ['sent', 'delivered', 'sent', 'delivered', 'failed', 'queued', 'undelivered'],
  ];
  for (const order of orders) {
    const { challenge, url, sid } = await sent();
    for (const status of [...order, ...order])
      expect(await report(url, form(sid, status))).toBe(204);
    expect(await statusOf(challenge)).toEqual({ status: 'delivered', provider: 'twilio' });
  }
});

it('S62: a hundred at once are one', async () => {
  const { challenge, url, sid } = await sent();
  const statuses = ['sent', 'delivered'];
  await Promise.all(
    Array.from({ length: 100 }, (_, n) => report(url, form(sid, statuses[n % 2] ?? ''))),
  );
  expect((await statusOf(challenge))['status']).toBe('delivered');
});

describe('S61: refused with 403, and nothing changes', () => {
  const cases: [string, (url: string, fields: Record<string, string>) => Record<string, string>][] =
    [
      ['no signature', () => ({ 'x-twilio-signature': '' })],
      [
        'a signature of another address',
        (url, fields) => ({ 'x-twilio-signature': signatureOf(`${url}x`, fields) }),
      ],
      [
        'a signature of the address behind the proxy',
        (url, fields) => ({
          'x-twilio-signature': signatureOf(
            url.replace('https://mfa.example', 'http://127.0.0.1:3000'),
            fields,
          ),
        }),
      ],
      [
        'a signature of other fields',
        (url, fields) => ({
          'x-twilio-signature': signatureOf(url, { ...fields, MessageStatus: 'sent' }),
        }),
      ],
      [
        'a forwarded host',
        (url, fields) => ({
          'x-forwarded-host': 'evil.example',
          'x-twilio-signature': signatureOf(url.replace('mfa.example', 'evil.example'), fields),
        }),
      ],
    ];
  it.each(cases)('%s', async (_name, headers) => {
    const { challenge, url, sid } = await sent();
    const fields = form(sid, 'delivered');
    expect(await report(url, fields, headers(url, fields))).toBe(403);
    expect((await statusOf(challenge))['status']).toBe('sent');
  });

  it('a query that was hung on to the address', async () => {
    const { challenge, url, sid } = await sent();
    const { path, body, headers } = callback(url, form(sid, 'delivered'));
    const answer = await service.app.inject({
      ...{ method: 'POST', url: `${path}?MessageStatus=delivered`, headers, payload: body },
    });
    expect(answer.statusCode).toBe(403);
    expect((await statusOf(challenge))['status']).toBe('sent');
  });

  it('a field more', async () => {
    const { challenge, url, sid } = await sent();
    const { path, body, headers } = callback(url, form(sid, 'delivered'));
    const answer = await service.app.inject({
      ...{ method: 'POST', url: path, headers, payload: `${body}&ErrorCode=1` },
    });
    expect(answer.statusCode).toBe(403);
    expect((await statusOf(challenge))['status']).toBe('sent');
  });
});

it('a message of another provider’s, and one that does not exist, stay as they are', async () => {
  const { challenge, url } = await sent();
  const id = url.split('/').at(-1) ?? '';
  const body = JSON.stringify({ status: 'delivered' });
  const at = new Date();
  const sign = (of: string) => ({
    'content-type': 'application/json',
    'webhook-id': of,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(SECRET).sign(of, at, body),
  });
  const post = (path: string, headers: Record<string, string>) =>
    service.app.inject({ method: 'POST', url: path, headers, payload: body });
  expect((await post(`/v1/callbacks/webhook/${id}`, sign(id))).statusCode).toBe(204);
  expect((await statusOf(challenge))['status']).toBe('sent');
  const nobody = 'msg_01h455vb4pex5vsknk084sn02q';
  expect((await post(`/v1/callbacks/webhook/${nobody}`, sign(nobody))).statusCode).toBe(204);
  // A report is for the message it is signed for.
  expect((await post(`/v1/callbacks/webhook/${id}`, sign(nobody))).statusCode).toBe(403);
  expect(
    (await post(`/v1/callbacks/webhook/${id}`, { 'content-type': 'application/json' })).statusCode,
  ).toBe(403);
});

it('a form is taken there and nowhere else (S118)', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await service.call('POST', '/v1/challenges', 'type=phone', { headers: form });
  expect(answer.status).toBe(415);
});

it('where there is no such provider there is no such address', async () => {
  const own = await startApplication();
  for (const name of ['twilio', 'webhook']) {
    const path = `/v1/callbacks/${name}/msg_01h455vb4pex5vsknk084sn02q`;
    expect((await own.call('POST', path, {}, { key: '' })).status).toBe(404);
  }
  await own.close();
});
