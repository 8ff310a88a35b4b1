/** Phones: enrolled by a first code, several for a user, replaced, removed. */
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol as enrolApp } from '../support/authenticator.js';
import { codeAt, codesAt, enrolPhone, inbox, otherThan } from '../support/phones.js';

let service: TestApplication;
beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const begin = (user: string, phone: string, extra: Record<string, unknown> = {}) =>
  service.call('POST', `/v1/users/${user}/factors`, { type: 'phone', phone, ...extra });
const activate = (factor: string, code: string | undefined) =>
  service.call('POST', `/v1/factors/${factor}/activate`, { code });

it('a phone is enrolled by the code that it gets', async () => {
  const enrolled = await begin('ann', '+1 (415) 555-0101', { name: 'Mobile', locale: 'fr-CA' });
  expect(enrolled.status).toBe(201);
  expect(enrolled.headers['cache-control']).toBe('no-store');
  expect(enrolled.body).toMatchObject({
    type: 'phone',
    name: 'Mobile',
    status: 'pending',
    phone: '+1••••••••01',
    channel: 'sms',
    challenge: {
      type: 'phone',
      purpose: 'enrol',
      attempts_left: 5,
      delivery: { status: 'queued' },
    },
  });
  const [message] = await inbox(service);
  expect(message).toMatchObject({ to: '+14155550101', channel: 'sms' });
  expect(message?.body).toContain('votre code');
  const active = await activate(enrolled.body.id, await codeAt(service, '+14155550101'));
  expect(active.status).toBe(200);
  expect(active.body).toMatchObject({ status: 'active', phone: '+1••••••••01' });
  const { body } = await service.call('GET', '/v1/users/ann/factors');
  expect(body.data).toEqual([active.body]);
});

it('S58: no answer and no line of the log holds the number, nor the code', async () => {
  const answers = [await begin('masked', '+14155550102')];
  const { id, challenge } = answers[0]?.body as { id: string; challenge: { id: string } };
  const code = (await codeAt(service, '+14155550102')) ?? '';
  answers.push(
    await service.call('GET', `/v1/challenges/${challenge.id}`),
    await service.call('GET', `/v1/factors/${id}`),
    await activate(id, otherThan(code)),
    await activate(id, code),
    await service.call('GET', '/v1/users/masked/factors'),
    await service.call('GET', '/v1/audit?user_id=masked'),
  );
  expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 422, 200, 200, 200]);
  const said = answers.map(({ text }) => text).join() + service.logged.join();
  for (const secret of ['4155550102', '415-555', code]) expect(said).not.toContain(secret);
});

it('S12, S28: until then it proves nothing, and its challenge earns no token', async () => {
  const { body } = await begin('pending', '+14155550103');
  const code = await codeAt(service, '+14155550103');
  const verify = `/v1/challenges/${body.challenge.id as string}/verify`;
  expect((await service.call('POST', verify, { code })).status).toBe(404);
  const asked = { type: 'phone', user_id: 'pending' };
  expect((await service.call('POST', '/v1/challenges', asked)).body.code).toBe('phone_missing');
  expect((await activate(body.id, code)).status).toBe(200);
});

it('S13: the code of an activation is used up by it', async () => {
  const { body } = await begin('used', '+14155550104');
  const code = await codeAt(service, '+14155550104');
  expect((await activate(body.id, code)).status).toBe(200);
  expect((await activate(body.id, code)).body.code).toBe('factor_not_pending');
});

it('S17: of many activations at once one is it', async () => {
  const { body } = await begin('racing', '+14155550105');
  const code = await codeAt(service, '+14155550105');
  const answers = await Promise.all(Array.from({ length: 8 }, () => activate(body.id, code)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const audit = await service.call('GET', '/v1/audit?user_id=racing');
  const activated = (audit.body.data as { type: string }[]).filter(
    ({ type }) => type === 'factor.activated',
  );
  expect(activated).toHaveLength(1);
});

it('five wrong codes end the challenge, and a new enrolment starts no new budget (S31)', async () => {
  const { body } = await begin('wrong', '+14155550106');
  const code = await codeAt(service, '+14155550106');
  const left: number[] = [];
  for (let n = 0; n < 5; n++)
    left.push((await activate(body.id, otherThan(code))).body.attempts_left as number);
  expect(left).toEqual([4, 3, 2, 1, 0]);
  expect((await activate(body.id, code)).body.code).toBe('challenge_ended');
  service.clock.advance(31);
  const again = await begin('wrong', '+14155550106');
  const answer = await activate(again.body.id, otherThan(await codeAt(service, '+14155550106')));
  expect(answer.body).toMatchObject({ code: 'code_incorrect', attempts_left: 0, retry_after: 60 });
});

it('another code can be asked for, and only the last one is good (S51)', async () => {
  const { body } = await begin('again', '+14155550107');
  const first = await codeAt(service, '+14155550107');
  const resend = `/v1/challenges/${body.challenge.id as string}/resend`;
  const early = await service.call('POST', resend);
  expect(early.body).toMatchObject({ code: 'send_too_soon', retry_after: 30 });
  service.clock.advance(30);
  expect((await service.call('POST', resend)).status).toBe(200);
  const second = await codeAt(service, '+14155550107');
  expect(await codesAt(service, '+14155550107')).toBe(2);
  if (first !== second) expect((await activate(body.id, first)).status).toBe(422);
  expect((await activate(body.id, second)).status).toBe(200);
});

it('an enrolment ends by itself, and its code with it', async () => {
  const { body } = await begin('late', '+14155550108');
  const code = await codeAt(service, '+14155550108');
  service.clock.advance(301);
  expect((await activate(body.id, code)).body.code).toBe('challenge_ended');
  service.clock.advance(300);
  expect((await service.call('GET', `/v1/factors/${body.id as string}`)).body.status).toBe(
    'revoked',
  );
});

it('a user may have several phones, and each once', async () => {
  await enrolPhone(service, 'many', '+14155550109', { name: 'One' });
  await enrolPhone(service, 'many', '+14155550110', { name: 'Two', channel: 'voice' });
  expect((await begin('many', '+14155550109')).body.code).toBe('phone_in_use');
  const { body } = await service.call('GET', '/v1/users/many/factors');
  expect((body.data as { name: string; channel: string }[]).map(({ name }) => name)).toEqual([
    'One',
    'Two',
  ]);
});

it('S57: a number that replaces another is a new binding, and the old number is told', async () => {
  const old = await enrolPhone(service, 'moving', '+14155550111');
  const id = await enrolPhone(service, 'moving', '+14155550112', { replaces: old, locale: 'de' });
  const { body } = await service.call('GET', '/v1/users/moving/factors');
  expect((body.data as { id: string }[]).map((factor) => factor.id)).toEqual([id]);
  const [told] = (await inbox(service)).filter(({ to }) => to === '+14155550111');
  expect(told?.body).toMatch(/^Ihre Nummer bei .* wurde geändert/);
  // Only a phone of the same user is replaced.
  const foreign = await begin('stranger', '+14155550113', { replaces: id });
  expect(foreign.status).toBe(404);
  expect((await service.call('GET', '/v1/users/stranger/factors')).body.data).toEqual([]);
});

it('a number can be changed by a user who has as many factors as are allowed', async () => {
  const own = await startApplication({ environment: { WATCHWORD_FACTORS_PER_USER: '1' } });
  const old = await enrolPhone(own, 'full', '+14155550131');
  const another = { type: 'phone', phone: '+14155550132' };
  const refused = await own.call('POST', '/v1/users/full/factors', another);
  expect(refused.body.code).toBe('factor_limit_reached');
  const id = await enrolPhone(own, 'full', '+14155550132', { replaces: old });
  const { body } = await own.call('GET', '/v1/users/full/factors');
  expect((body.data as { id: string }[]).map((factor) => factor.id)).toEqual([id]);
  // One at a time: what is begun and not finished does count.
  own.clock.advance(31);
  const begin = (phone: string) =>
    own.call('POST', '/v1/users/full/factors', { type: 'phone', phone, replaces: id });
  expect((await begin('+14155650133')).status).toBe(201);
  expect((await begin('+14155660134')).body.code).toBe('factor_limit_reached');
  await own.close();
});

it('S15: a further factor needs a fresh proof where the application asks for one', async () => {
  const strict = await service.register('strict', 'app', { enrolProofSeconds: 300 });
  const options = { key: strict.key };
  await enrolApp(service, 'careful', options);
  const body = { type: 'phone', phone: '+14155550114' };
  const answer = await service.call('POST', '/v1/users/careful/factors', body, options);
  expect(answer.body).toMatchObject({ code: 'proof_required', max_age: 300 });
  expect(await codesAt(service, '+14155550114')).toBe(0);
});

it.each([
  ['no number', '12345', 422, 'phone_invalid'],
  ['a national number', '4155550123', 422, 'phone_invalid'],
  ['a landline', '+493012345678', 422, 'line_unsuitable'],
  ['a premium line', '+499001234567', 422, 'line_unsuitable'],
])('%s is refused, and nothing is left of it', async (_name, phone, status, code) => {
  const answer = await begin('refused', phone);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  expect((await service.call('GET', '/v1/users/refused/factors')).body.data).toEqual([]);
});

it('a landline can be called', async () => {
  const { status, body } = await begin('desk', '+493012345678', { channel: 'voice', locale: 'de' });
  expect(status).toBe(201);
  const [call] = await inbox(service);
  expect(call).toMatchObject({ to: '+493012345678', channel: 'voice' });
  expect(call?.body).toMatch(/^Ihr Code für .* lautet: (\d, ){5}\d\. Noch einmal: (\d, ){5}\d\.$/);
  expect((await activate(body.id, await codeAt(service, '+493012345678'))).status).toBe(200);
});

it.each([
  [{ type: 'phone' }, 'phone'],
  [{ type: 'phone', phone: 1 }, 'phone'],
  [{ type: 'phone', phone: '+14155550123', channel: 'fax' }, 'channel'],
  [{ type: 'phone', phone: '+14155550123', digits: 6 }, ''],
  [{ type: 'phone', phone: '+14155550123', locale: '../en' }, 'locale'],
  [{ type: 'phone', phone: '+14155550123', client_ip: 'x' }, 'client_ip'],
  [{ type: 'totp', phone: '+14155550123' }, ''],
])('%j names what is wrong', async (body, path) => {
  const answer = await service.call('POST', '/v1/users/x/factors', body);
  expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ path }] });
});

it('S105, S108: another realm’s enrolment is not there, and a key that cannot enrol sees none', async () => {
  const { body } = await begin('mine', '+14155550115');
  const code = await codeAt(service, '+14155550115');
  const other = await service.register('another realm');
  const path = `/v1/factors/${body.id as string}/activate`;
  expect((await service.call('POST', path, { code }, { key: other.key })).status).toBe(404);
  const { key } = await service.register(service.first.application.realmName, 'verifier', {
    scopes: ['verify', 'login'],
  });
  const challenge = `/v1/challenges/${body.challenge.id as string}`;
  expect((await service.call('GET', challenge, undefined, { key })).status).toBe(404);
  expect((await activate(body.id, code)).status).toBe(200);
});

it('S17: a number that is proved twice at once is one factor', async () => {
  const one = await begin('twice', '+14155550116');
  const first = await codeAt(service, '+14155550116');
  service.clock.advance(31);
  const other = await begin('twice', '+14155550116');
  const second = await codeAt(service, '+14155550116');
  expect((await activate(one.body.id, first)).status).toBe(200);
  expect((await activate(other.body.id, second)).body.code).toBe('phone_in_use');
});

it('S18: another code is not sent to a phone that has gone, nor for an enrolment that is over', async () => {
  const factor = await enrolPhone(service, 'went', '+14155550117');
  service.clock.advance(31);
  const asked = await service.call('POST', '/v1/challenges', { type: 'phone', user_id: 'went' });
  await service.call('DELETE', `/v1/factors/${factor}`);
  service.clock.advance(120);
  const resend = `/v1/challenges/${asked.body.id as string}/resend`;
  expect((await service.call('POST', resend)).body.code).toBe('phone_missing');
  const begun = await begin('went', '+14155550118');
  await service.call('DELETE', `/v1/factors/${begun.body.id as string}`);
  service.clock.advance(120);
  const again = `/v1/challenges/${begun.body.challenge.id as string}/resend`;
  expect((await service.call('POST', again)).body.code).toBe('factor_not_pending');
});

it('S116: an enrolment whose code could not be sent ends in the audit', async () => {
  await begin('unsent', '+14155550119');
  expect((await begin('unsent', '+14155550119')).body.code).toBe('send_too_soon');
  const audit = await service.call('GET', '/v1/audit?user_id=unsent');
  expect((audit.body.data as { type: string }[]).map(({ type }) => type)).toEqual([
    'factor.enrolled',
    'challenge.created',
    'factor.enrolled',
    'delivery.blocked',
    'factor.revoked',
  ]);
});

it('what cannot be finished is charged to nobody', async () => {
  const strict = await service.register('strict too', 'app', { enrolProofSeconds: 300 });
  const options = { key: strict.key };
  const body = { type: 'phone', phone: '+14155550120' };
  const begun = await service.call('POST', '/v1/users/late/factors', body, options);
  service.clock.advance(1);
  await enrolApp(service, 'late', options);
  const code = await codeAt(service, '+14155550120');
  const path = `/v1/factors/${begun.body.id as string}/activate`;
  for (let n = 0; n < 7; n++)
    expect((await service.call('POST', path, { code }, options)).body.code).toBe('proof_required');
});

it('erasing a user who only claimed a number takes nothing of whoever has it', async () => {
  const { UsersService } = await import('../../src/users/users.service.js');
  const realm = service.first.application.realmId;
  await begin('claimant', '+14155550121');
  service.clock.advance(31);
  const body = { type: 'phone', phone: '+14155550121', purpose: 'login' };
  const login = await service.call('POST', '/v1/challenges', body);
  const code = await codeAt(service, '+14155550121');
  const verify = `/v1/challenges/${login.body.id as string}/verify`;
  await service.call('POST', verify, { code: otherThan(code) });
  await service.app.get(UsersService).erase(realm, 'claimant');
  const wrong = await service.call('POST', verify, { code: otherThan(code) });
  expect(wrong.body).toMatchObject({ code: 'code_incorrect', attempts_left: 3 });
  expect((await service.call('POST', verify, { code })).status).toBe(200);
});
