/** The outbox: a message whose process is gone, and what two processes do with one. */
import { Envelope } from '../../src/crypto/envelope.js';
import { DeliveryMetrics } from '../../src/delivery/delivery.metrics.js';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import { MessagesRepository } from '../../src/delivery/messages.repository.js';
import { Providers } from '../../src/delivery/providers.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { codeAt, inbox, openLogin, phoneBook, verify } from '../support/phones.js';

let service: TestApplication;
/** Another process of the same installation: it has a claim of its own. */
let successor: Dispatcher;
beforeAll(async () => {
  service = await startApplication();
  successor = dispatcherOf(service);
});
afterAll(() => service.close());

function dispatcherOf({ app, database, clock }: TestApplication): Dispatcher {
  const messages = new MessagesRepository(database, app.get(Envelope));
  return new Dispatcher(messages, app.get(Providers), app.get(DeliveryMetrics), clock);
}

const nextNumber = phoneBook('205');

/** A challenge whose message was committed by a process that died before it carried it. */
async function abandoned(phone = nextNumber()) {
  const carry = jest
    .spyOn(service.app.get(Dispatcher), 'carry')
    .mockImplementation(() => undefined);
  const challenge = await openLogin(service, phone);
  carry.mockRestore();
  return { phone, challenge };
}
const deliveryOf = async (challenge: string) =>
  (await service.call('GET', `/v1/challenges/${challenge}`)).body.delivery as Record<
    string,
    string
  >;

it('S125: a message that was committed and not sent is sent by another process', async () => {
  const { phone, challenge } = await abandoned();
  expect(await deliveryOf(challenge)).toEqual({ status: 'queued' });
  // Not before its process has had its time.
  expect(await successor.sweep()).toBe(0);
  service.clock.advance(10);
  expect(await successor.sweep()).toBe(1);
  await successor.settled();
  expect(await deliveryOf(challenge)).toEqual({ status: 'sent', provider: 'console' });
  expect((await verify(service, challenge, await codeAt(service, phone))).status).toBe(200);
});

it('of many processes one takes it (SKIP LOCKED)', async () => {
  const { phone } = await abandoned();
  service.clock.advance(10);
  const crowd = Array.from({ length: 8 }, () => dispatcherOf(service));
  const found = await Promise.all(crowd.map((each) => each.sweep()));
  await Promise.all(crowd.map((each) => each.settled()));
  expect(found.reduce((sum, n) => sum + n, 0)).toBe(1);
  expect((await inbox(service)).filter(({ to }) => to === phone)).toHaveLength(1);
});

it('one that was slow, and not dead, does not send what another has taken', async () => {
  const phone = nextNumber();
  const letters: unknown[] = [];
  const slow = service.app.get(Dispatcher);
  const carry = jest.spyOn(slow, 'carry').mockImplementation((own) => void letters.push(...own));
  await openLogin(service, phone);
  carry.mockRestore();
  service.clock.advance(10);
  await successor.sweep();
  await successor.settled();
  slow.carry(letters as never);
  await slow.settled();
  expect((await inbox(service)).filter(({ to }) => to === phone)).toHaveLength(1);
});

it('after a hand-over whose answer was never written down it is not sent again', async () => {
  const { phone, challenge } = await abandoned();
  await service.database.kysely
    .updateTable('messages')
    .set({ in_hand: true, tried: ['console'] })
    .where('challenge_id', '=', challenge)
    .execute();
  service.clock.advance(10);
  expect(await successor.sweep()).toBe(1);
  await successor.settled();
  expect(await deliveryOf(challenge)).toEqual({
    status: 'sent',
    provider: 'console',
    failure: 'unanswered',
  });
  expect((await inbox(service)).filter(({ to }) => to === phone)).toHaveLength(0);
  expect(await successor.sweep()).toBe(0);
});

it('one whose time is over is not sent, and gives back what it had reserved', async () => {
  const before = await used();
  const { phone, challenge } = await abandoned();
  expect(await used()).toBe(before + 1);
  service.clock.advance(300);
  await successor.sweep();
  await successor.settled();
  expect(await deliveryOf(challenge)).toEqual({ status: 'failed', failure: 'too_late' });
  expect(await used()).toBe(before);
  expect((await inbox(service)).filter(({ to }) => to === phone)).toHaveLength(0);
});

it('S51: one that a newer code has overtaken is not sent', async () => {
  const before = await used();
  const { phone, challenge } = await abandoned();
  service.clock.advance(31);
  const resent = await service.call('POST', `/v1/challenges/${challenge}/resend`);
  expect(resent.status).toBe(200);
  await successor.sweep();
  await successor.settled();
  const received = (await inbox(service)).filter(({ to }) => to === phone);
  expect(received).toHaveLength(1);
  expect(await used()).toBe(before + 1);
  expect((await verify(service, challenge, await codeAt(service, phone))).status).toBe(200);
});

it('S49: a message lives no longer than its challenge, however late another code was asked for', async () => {
  const { challenge } = await abandoned();
  service.clock.advance(299);
  await service.call('POST', `/v1/challenges/${challenge}/resend`);
  service.clock.advance(299);
  const { body } = await service.call('POST', `/v1/challenges/${challenge}/resend`);
  const messages = await service.database.kysely
    .selectFrom('messages')
    .select('expires_at')
    .where('challenge_id', '=', challenge)
    .orderBy('id')
    .execute();
  expect(messages.at(-1)?.expires_at.toISOString()).toBe(body.expires_at);
  expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(600_000);
});

it('one of a challenge that was cancelled is not sent', async () => {
  const { phone, challenge } = await abandoned();
  await service.call('DELETE', `/v1/challenges/${challenge}`);
  service.clock.advance(10);
  expect(await successor.sweep()).toBe(0);
  expect((await inbox(service)).filter(({ to }) => to === phone)).toHaveLength(0);
});

it('one that cannot be read keeps nobody waiting', async () => {
  const bad = await abandoned();
  const good = await abandoned();
  await service.database.kysely
    .updateTable('messages')
    .set({ content: Buffer.from('sealed under a key that is gone') })
    .where('challenge_id', '=', bad.challenge)
    .execute();
  service.clock.advance(10);
  await successor.sweep();
  await successor.settled();
  expect(await deliveryOf(bad.challenge)).toEqual({ status: 'failed', failure: 'unreadable' });
  expect((await deliveryOf(good.challenge))['status']).toBe('sent');
});

it('S51: one that a provider has in hand goes to no further one once it is overtaken', async () => {
  const { challenge } = await abandoned();
  const messages = new MessagesRepository(service.database, service.app.get(Envelope));
  service.clock.advance(10);
  const [claimed] = await messages.claimAbandoned(service.clock.now());
  const id = claimed?.letter.id ?? '';
  expect(await messages.begin(id, 'twilio', service.clock.now())).toBe(true);
  service.clock.advance(31);
  expect((await service.call('POST', `/v1/challenges/${challenge}/resend`)).status).toBe(200);
  await messages.putBack(id);
  expect(await messages.begin(id, 'console', service.clock.now())).toBe(false);
});

it('S62: only who has taken it last tells of its end, unless another says that it arrived', async () => {
  const messages = service.app.get(MessagesRepository);
  const { challenge } = await abandoned();
  const row = await service.database.kysely
    .updateTable('messages')
    .set({ tried: ['webhook', 'twilio'], status: 'sent', provider: 'twilio' })
    .where('challenge_id', '=', challenge)
    .returning('id')
    .executeTakeFirstOrThrow();
  const report = (provider: string, status: 'failed' | 'delivered') =>
    messages.report(row.id, provider, status, null, service.clock.now());
  await report('webhook', 'failed');
  expect((await deliveryOf(challenge))['status']).toBe('sent');
  await report('console', 'delivered');
  expect((await deliveryOf(challenge))['status']).toBe('sent');
  await report('twilio', 'delivered');
  expect((await deliveryOf(challenge))['status']).toBe('delivered');
});

it('S113: what it holds is sealed, and gone once it is sent', async () => {
  const { phone } = await abandoned();
  const rows = async () =>
    service.database.kysely.selectFrom('messages').selectAll().orderBy('id', 'desc').execute();
  const [waiting] = await rows();
  const content = Buffer.from(waiting?.content ?? []);
  expect(content.length).toBeGreaterThan(50);
  expect(content.toString('latin1')).not.toContain(phone);
  service.clock.advance(10);
  await successor.sweep();
  await successor.settled();
  for (const row of await rows()) expect(row.content).toBeNull();
});

async function used(): Promise<number> {
  const row = await service.database.kysely
    .selectFrom('send_counters')
    .select('used')
    .where('key', '=', `day/${service.clock.now().toISOString().slice(0, 10)}`)
    .executeTakeFirst();
  return row?.used ?? 0;
}
