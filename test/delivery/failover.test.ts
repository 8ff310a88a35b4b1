/** Several providers: who is asked, in which order, and what is never done twice. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { startFakeTwilio, type FakeTwilio, type Mood } from '../support/fake-twilio.js';
import { openLogin, phoneBook, verify } from '../support/phones.js';

const SECRET = `whsec_${Buffer.alloc(32, 'webhook').toString('base64')}`;

interface Posted {
  readonly id: string;
  readonly to: string;
  readonly text: string;
  readonly code: string;
  readonly channel: string;
  readonly status_url: string;
}

let twilio: FakeTwilio;
let webhook: Server;
let service: TestApplication;
const posted: Posted[] = [];
let webhookStatus = 200;
/** Answers with a body that never ends. */
let stalling = false;

beforeAll(async () => {
  twilio = await startFakeTwilio();
  webhook = createServer((request, answer) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
      const text = Buffer.concat(parts).toString();
      // The time of the signature is the service's clock, which stands in 2030.
      new Webhook(SECRET).verify(text, request.headers as Record<string, string>);
      posted.push(JSON.parse(text) as Posted);
      answer.writeHead(webhookStatus, { 'Content-Type': 'application/json' });
      if (stalling) answer.write('{"id":');
      else answer.end('{"id":"vendor-1"}');
    })().catch(() => {
      answer.writeHead(401).end();
    });
  });
  webhook.listen(0, '127.0.0.1');
  await once(webhook, 'listening');
  service = await startApplication({
    environment: {
      ...twilio.environment,
      WATCHWORD_SMS_PROVIDERS: 'twilio,webhook,console',
      WATCHWORD_SMS_COUNTRIES: 'US,DE',
      WATCHWORD_SMS_ROUTES: 'DE=webhook|console',
      WATCHWORD_SMS_WEBHOOK_URL: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/sms`,
      WATCHWORD_SMS_WEBHOOK_SECRET: SECRET,
    },
  });
  jest.useFakeTimers({ doNotFake: realTimers, now: service.clock.now() });
});
afterAll(async () => {
  jest.useRealTimers();
  await service.close();
  await twilio.close();
  webhook.closeAllConnections();
  webhook.close();
});
beforeEach(() => {
  twilio.mood = 'well';
  webhookStatus = 200;
});

/** Only the date is set: the signatures' library knows no other clock. */
const realTimers = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask'] as const),
  ...(['setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'] as const),
  ...(['setTimeout', 'clearTimeout'] as const),
];

const nextNumber = phoneBook('203');
const advance = (seconds: number) => {
  service.clock.advance(seconds);
  jest.setSystemTime(service.clock.now());
};

async function send(phone = nextNumber()) {
  const before = { twilio: twilio.requests.length, webhook: posted.length };
  const challenge = await openLogin(service, phone);
  await service.app.get(Dispatcher).settled();
  const { body } = await service.call('GET', `/v1/challenges/${challenge}`);
  return {
    challenge,
    delivery: body.delivery as Record<string, string>,
    asked: {
      twilio: twilio.requests.length - before.twilio,
      webhook: posted.length - before.webhook,
    },
  };
}

it('the first one is asked, and nobody else', async () => {
  const { delivery, asked } = await send();
  expect(delivery).toEqual({ status: 'sent', provider: 'twilio' });
  expect(asked).toEqual({ twilio: 1, webhook: 0 });
});

it('a country has its own route', async () => {
  const { delivery, asked } = await send('+4915112345678');
  expect(delivery['provider']).toBe('webhook');
  expect(asked).toEqual({ twilio: 0, webhook: 1 });
});

it('a post is signed as Standard Webhooks does, and holds what a vendor needs', async () => {
  const { challenge } = await send('+4915112345679');
  expect(posted.at(-1)).toMatchObject({
    to: '+4915112345679',
    channel: 'sms',
    text: expect.stringContaining(posted.at(-1)?.code ?? 'no code') as string,
    status_url: expect.stringMatching(
      /^https:\/\/mfa\.example\/v1\/callbacks\/webhook\/msg_/,
    ) as string,
  });
  expect((await verify(service, challenge, posted.at(-1)?.code)).status).toBe(200);
});

it.each([
  ['500', { status: 500, code: 20500 }],
  ['429', { status: 429, code: 20429 }],
  ['a region that is not open', { status: 400, code: 21408 }],
  ['a reset connection', 'resetting'],
  ['no answer', 'hanging'],
] as [string, Mood][])(
  'S63: after %s the next one delivers, one code, which is good',
  async (_name, mood) => {
    twilio.mood = mood;
    const { challenge, delivery, asked } = await send();
    expect(delivery).toEqual({ status: 'sent', provider: 'webhook' });
    expect(asked.webhook).toBe(1);
    expect((await verify(service, challenge, posted.at(-1)?.code)).status).toBe(200);
    // The breaker that this may have opened is closed again.
    advance(11);
    twilio.mood = 'well';
    await send();
  },
);

it('a number that cannot be reached is not tried elsewhere', async () => {
  twilio.mood = { status: 400, code: 21614 };
  const { delivery, asked } = await send();
  expect(delivery).toEqual({ status: 'failed', failure: 'twilio 21614' });
  expect(asked.webhook).toBe(0);
});

it('a webhook may say so too', async () => {
  webhookStatus = 422;
  const { delivery } = await send('+4915112345680');
  expect(delivery).toEqual({ status: 'failed', failure: 'webhook 422' });
});

it('a provider that fails time and again is left alone, and tried again after a while', async () => {
  twilio.mood = { status: 503, code: 20503 };
  for (let n = 0; n < 5; n++) expect((await send()).delivery['provider']).toBe('webhook');
  twilio.mood = 'well';
  const healthyAgain = twilio.requests.length;
  expect((await send()).delivery['provider']).toBe('webhook');
  expect(twilio.requests).toHaveLength(healthyAgain);
  const metrics = await service.call('GET', '/metrics', undefined, { key: '' });
  expect(metrics.text).toContain('watchword_provider_breaker_open{provider="twilio"} 1');
  advance(11);
  expect((await send()).delivery['provider']).toBe('twilio');
  expect((await send()).delivery['provider']).toBe('twilio');
});

it('whoever asks for another code gets it from somebody else', async () => {
  const { challenge, delivery } = await send();
  expect(delivery['provider']).toBe('twilio');
  advance(30);
  await service.call('POST', `/v1/challenges/${challenge}/resend`);
  await service.app.get(Dispatcher).settled();
  const { body } = await service.call('GET', `/v1/challenges/${challenge}`);
  expect(body.delivery).toEqual({ status: 'sent', provider: 'webhook' });
});

it('a yes is a yes, however long the rest of the answer takes', async () => {
  stalling = true;
  const { delivery, asked } = await send('+4915112345681');
  stalling = false;
  expect(delivery).toEqual({ status: 'sent', provider: 'webhook' });
  expect(asked).toEqual({ twilio: 0, webhook: 1 });
}, 15_000);

it('what one provider does not take for its own reasons does not make it sick', async () => {
  twilio.mood = { status: 400, code: 21610 };
  for (let n = 0; n < 6; n++) expect((await send()).delivery['provider']).toBe('webhook');
  twilio.mood = 'well';
  expect((await send()).delivery['provider']).toBe('twilio');
});
