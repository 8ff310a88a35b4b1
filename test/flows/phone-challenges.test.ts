/** Codes to a phone that is known: asked for, asked for again, typed in, cancelled, over. */
import { startApplication, type TestApplication } from '../support/application.js';
import { codeAt, codesAt, enrolPhone, inbox, otherThan, verify } from '../support/phones.js';

let service: TestApplication;
beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

/** Area code and line that no other test uses. */
let line = 200;
const nextNumber = () => `+1415555${String(++line).padStart(4, '0')}`;

async function withPhone(user: string, extra: Record<string, unknown> = {}) {
  const phone = nextNumber();
  const factor = await enrolPhone(service, user, phone, extra);
  return { phone, factor };
}
const ask = (body: Record<string, unknown>) =>
  service.call('POST', '/v1/challenges', { type: 'phone', ...body });
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

it('a code to the user’s phone becomes a token', async () => {
  const { phone, factor } = await withPhone('ann');
  const asked = await ask({ user_id: 'ann', purpose: 'step_up', first_factor: ['pwd'] });
  expect(asked.status).toBe(201);
  expect(asked.body).toMatchObject({
    type: 'phone',
    channel: 'sms',
    status: 'pending',
    purpose: 'step_up',
    user_id: 'ann',
    factor_id: factor,
    attempts_left: 5,
    delivery: { status: 'queued' },
  });
  expect(asked.body.to).toMatch(/^\+1•{8}\d\d$/);
  const seconds = (name: string) =>
    (Date.parse(asked.body[name]) - service.clock.now().getTime()) / 1000;
  expect([seconds('expires_at'), seconds('resend_at')]).toEqual([300, 60]);
  const answer = await verify(service, asked.body.id, await codeAt(service, phone));
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ user_id: 'ann', factor: { id: factor, type: 'phone' } });
  expect(claimsOf(answer.body.access_token)).toMatchObject({
    sub: 'ann',
    amr: ['pwd', 'sms', 'mfa'],
    acr: 'aal2',
  });
  const shown = await service.call('GET', `/v1/challenges/${asked.body.id as string}`);
  expect(shown.body).toMatchObject({
    status: 'approved',
    attempts_left: 0,
    delivery: { status: 'sent', provider: 'console' },
  });
});

it('S23, S50: a code is good once', async () => {
  const { phone } = await withPhone('once');
  const { body } = await ask({ user_id: 'once' });
  const code = await codeAt(service, phone);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => verify(service, body.id, code)),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect((await verify(service, body.id, code)).body).toMatchObject({
    code: 'challenge_ended',
    challenge_status: 'approved',
  });
});

it('S27, S64: a code is good for its own challenge alone', async () => {
  const [one, other] = [await withPhone('both'), await withPhone('other')];
  const first = await ask({ user_id: 'both' });
  const second = await ask({ user_id: 'other' });
  const code = await codeAt(service, one.phone);
  if (code !== (await codeAt(service, other.phone)))
    expect((await verify(service, second.body.id, code)).status).toBe(422);
  expect((await verify(service, first.body.id, code)).status).toBe(200);
});

it('S30: each wrong code is charged, and the fifth ends the challenge for the right one too', async () => {
  const { phone } = await withPhone('wrong');
  const { body } = await ask({ user_id: 'wrong' });
  const code = await codeAt(service, phone);
  for (let left = 4; left >= 0; left--)
    expect((await verify(service, body.id, otherThan(code))).body).toMatchObject({
      code: 'code_incorrect',
      attempts_left: left,
    });
  expect((await verify(service, body.id, code)).body.code).toBe('challenge_ended');
});

it('S31, S40: neither another code nor another challenge begins a new budget', async () => {
  const { phone } = await withPhone('stubborn');
  const first = await ask({ user_id: 'stubborn' });
  for (let n = 0; n < 3; n++)
    await verify(service, first.body.id, otherThan(await codeAt(service, phone)));
  service.clock.advance(61);
  const resent = await service.call('POST', `/v1/challenges/${first.body.id as string}/resend`);
  expect(resent.body.attempts_left).toBe(2);
  await verify(service, first.body.id, otherThan(await codeAt(service, phone)));
  service.clock.advance(121);
  const second = await ask({ user_id: 'stubborn' });
  const code = await codeAt(service, phone);
  const fifth = await verify(service, second.body.id, otherThan(code));
  expect(fifth.body).toMatchObject({ attempts_left: 0, retry_after: 30 });
  // Locked: the right code gets the answer of the wrong one, and the challenge has ended (S39).
  service.clock.advance(241);
  const third = await ask({ user_id: 'stubborn' });
  const right = await codeAt(service, phone);
  await verify(service, third.body.id, otherThan(right));
  const locked = await ask({ user_id: 'stubborn' });
  expect(locked.body.code).toBe('send_limit_reached');
  expect((await verify(service, third.body.id, right)).body.code).toBe('challenge_ended');
});

it('S51, S52: another code takes the place of the one before, at growing distances, five in ten minutes', async () => {
  const { phone } = await withPhone('again');
  service.clock.advance(601);
  const { body } = await ask({ user_id: 'again' });
  const path = `/v1/challenges/${body.id as string}/resend`;
  const codes = [await codeAt(service, phone)];
  for (const wait of [30, 60, 120, 240]) {
    service.clock.advance(wait - 1);
    expect((await service.call('POST', path)).body).toMatchObject({
      code: 'send_too_soon',
      retry_after: 1,
    });
    service.clock.advance(1);
    const resent = await service.call('POST', path);
    expect(resent.status).toBe(200);
    codes.push(await codeAt(service, phone));
  }
  service.clock.advance(60);
  expect((await service.call('POST', path)).body).toMatchObject({
    code: 'send_limit_reached',
    limit: 'number',
  });
  const last = codes.at(-1);
  for (const code of codes.slice(0, 3).filter((each) => each !== last))
    expect((await verify(service, body.id, code)).status).toBe(422);
  expect((await verify(service, body.id, last)).status).toBe(200);
});

it('another code may come another way, and is good as long as any', async () => {
  const { phone } = await withPhone('voice');
  const { body } = await ask({ user_id: 'voice', locale: 'es' });
  service.clock.advance(200);
  const path = `/v1/challenges/${body.id as string}/resend`;
  const resent = await service.call('POST', path, { channel: 'voice' });
  expect(resent.body.channel).toBe('voice');
  expect((await inbox(service))[0]?.body).toContain('Su código de');
  service.clock.advance(299);
  const answer = await verify(service, body.id, await codeAt(service, phone));
  expect(claimsOf(answer.body.access_token).amr).toEqual(['tel']);
});

it.each(['sms', 'voice', 'whatsapp'])(
  'the channel %s is asked for by the request',
  async (channel) => {
    await withPhone(`by-${channel}`);
    const { body } = await ask({ user_id: `by-${channel}`, channel });
    expect(body.channel).toBe(channel);
    expect((await inbox(service))[0]?.channel).toBe(channel);
  },
);

it('S49: a code ends after five minutes', async () => {
  const { phone } = await withPhone('slow');
  const { body } = await ask({ user_id: 'slow' });
  const code = await codeAt(service, phone);
  service.clock.advance(300);
  expect((await verify(service, body.id, code)).body).toMatchObject({
    code: 'challenge_ended',
    challenge_status: 'expired',
  });
  const path = `/v1/challenges/${body.id as string}/resend`;
  expect((await service.call('POST', path)).body.code).toBe('challenge_ended');
});

it('S18: a phone that was removed proves nothing, not even by a code that is on its way', async () => {
  const { phone, factor } = await withPhone('removed');
  const { body } = await ask({ user_id: 'removed' });
  const code = await codeAt(service, phone);
  await service.call('DELETE', `/v1/factors/${factor}`);
  expect((await verify(service, body.id, code)).status).not.toBe(200);
  expect((await ask({ user_id: 'removed' })).body.code).toBe('phone_missing');
});

it('a challenge can be cancelled, and its code with it', async () => {
  const { phone } = await withPhone('cancel');
  const { body } = await ask({ user_id: 'cancel' });
  const code = await codeAt(service, phone);
  const path = `/v1/challenges/${body.id as string}`;
  expect((await service.call('DELETE', path)).status).toBe(204);
  expect((await verify(service, body.id, code)).body.challenge_status).toBe('canceled');
  expect((await service.call('POST', `${path}/resend`)).body.code).toBe('challenge_ended');
});

it('of several phones the one used last is asked, or the one that is named', async () => {
  const one = await withPhone('several');
  service.clock.advance(1);
  const two = await withPhone('several');
  expect((await ask({ user_id: 'several' })).body.factor_id).toBe(two.factor);
  service.clock.advance(31);
  const named = await ask({ user_id: 'several', factor_id: one.factor });
  expect(named.body.factor_id).toBe(one.factor);
  expect((await ask({ user_id: 'stranger', factor_id: one.factor })).status).toBe(404);
});

it('a transaction is bound to its code', async () => {
  const { phone } = await withPhone('payer');
  const transaction = { to: 'ACME', amount: '12.00' };
  const { body } = await ask({ user_id: 'payer', purpose: 'confirm', transaction });
  expect(body.transaction).toEqual(transaction);
  const answer = await verify(service, body.id, await codeAt(service, phone));
  expect(claimsOf(answer.body.access_token).txn_hash).toMatch(/^[\w-]{43}$/);
});

it('S47: a retry with the same key sends no second code', async () => {
  const { phone } = await withPhone('retry');
  const before = await codesAt(service, phone);
  const headers = { 'idempotency-key': 'one' };
  const body = { type: 'phone', user_id: 'retry' };
  const first = await service.call('POST', '/v1/challenges', body, { headers });
  const second = await service.call('POST', '/v1/challenges', body, { headers });
  expect(second.body.id).toBe(first.body.id);
  expect(await codesAt(service, phone)).toBe(before + 1);
});

it('the code has as many digits as are configured', async () => {
  const long = await startApplication({ environment: { WATCHWORD_SMS_CODE_DIGITS: '10' } });
  await enrolPhone(long, 'long', '+14155550199');
  expect(await codeAt(long, '+14155550199')).toMatch(/^\d{10}$/);
  await long.close();
});

it.each([
  [{}, 'user_id'],
  [{ user_id: 'x', phone: '+14155550123' }, 'user_id'],
  [{ phone: '+14155550123', purpose: 'confirm' }, 'purpose'],
  [{ phone: '+14155550123', factor_id: `fac_${'0'.repeat(26)}` }, 'factor_id'],
  [{ type: 'totp', phone: '+14155550123' }, 'phone'],
  [{ type: 'totp', user_id: 'x', channel: 'sms' }, 'channel'],
  [{ user_id: 'x', purpose: 'enrol' }, 'purpose'],
])('%j names what is wrong', async (body, path) => {
  const answer = await ask(body);
  expect(answer.status).toBe(400);
  expect((answer.body.errors as { path: string }[]).map((error) => error.path)).toContain(path);
});

it('S116: the audit has the story, without number and code', async () => {
  const { phone } = await withPhone('told');
  const { body } = await ask({ user_id: 'told' });
  const code = await codeAt(service, phone);
  await verify(service, body.id, otherThan(code));
  await verify(service, body.id, code);
  await ask({ user_id: 'told' });
  await ask({ user_id: 'told' });
  const audit = await service.call('GET', '/v1/audit?user_id=told');
  expect((audit.body.data as { type: string }[]).map(({ type }) => type)).toEqual([
    'factor.enrolled',
    'challenge.created',
    'factor.activated',
    'verification.approved',
    'challenge.created',
    'verification.refused',
    'verification.approved',
    'challenge.created',
    'delivery.blocked',
  ]);
  expect(audit.text).not.toContain(phone.slice(2));
  expect(audit.text).not.toContain(`"${code ?? ''}"`);
});

it('S37: a client’s address counts for what it asks for again, too', async () => {
  const own = await startApplication({ environment: { WATCHWORD_SMS_PER_ADDRESS: '2' } });
  const from = { client_ip: '2001:db8::1' };
  const body = { type: 'phone', phone: '+14155550198', purpose: 'login', ...from };
  const asked = await own.call('POST', '/v1/challenges', body);
  const path = `/v1/challenges/${asked.body.id as string}/resend`;
  own.clock.advance(30);
  expect((await own.call('POST', path)).status).toBe(200);
  own.clock.advance(60);
  expect((await own.call('POST', path)).body).toMatchObject({ limit: 'address' });
  // The same /64.
  const neighbour = { ...body, phone: '+14155560197', client_ip: '2001:db8::2' };
  expect((await own.call('POST', '/v1/challenges', neighbour)).body.limit).toBe('address');
  await own.close();
});
