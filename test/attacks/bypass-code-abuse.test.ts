/**
 * Somebody who has talked a code out of the help desk, or guesses at one, and wants more of it than one login: many
 * logins at once, another user's, a payment, a browser that stays trusted, an enrolment's end, a proof of two factors.
 */
import { enrol } from '../support/authenticator.js';
import { makeBypass, operate } from '../support/bypass-codes.js';
import { startReplicas, type Replicas } from '../support/replicas.js';
import { claimsOf } from '../support/sessions.js';

let replicas: Replicas;

beforeAll(async () => {
  replicas = await startReplicas({ WATCHWORD_RATE_PER_APPLICATION: '100000' });
});
afterAll(() => replicas.close());

const on = (turn: number) => replicas.on(turn);
const call = (path: string, body: object, turn = 0, key?: string) =>
  replicas.post(turn, path, body, key);
const verify = (user: string, code: string, more: object = {}) =>
  call(`/v1/users/${user}/verify`, { code, ...more });
const other = (code: string) => `${code.startsWith('0') ? '1' : '0'}${code.slice(1)}`;

it('S23: of 100 uses on two replicas one succeeds', async () => {
  await enrol(on(0), 'ada');
  const { code } = await makeBypass(on(0), 'ada');
  const challenges = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      call('/v1/challenges', { user_id: 'ada', type: 'totp' }, n),
    ),
  );
  const paths = [
    ...challenges.map(({ body }) => `/v1/challenges/${body.id as string}/verify`),
    ...Array.from({ length: 90 }, () => '/v1/users/ada/verify'),
  ];
  const answers = await Promise.all(paths.map((path, n) => call(path, { code }, n)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

it('S23: one that is ended while it is used has been used or has ended, not both', async () => {
  const { first } = on(0);
  for (let n = 0; n < 5; n++) {
    await enrol(on(0), `race-${n}`);
    const { id, code } = await makeBypass(on(0), `race-${n}`);
    const inRealm = { realm: first.application.realmName };
    const [used, revoked] = await Promise.allSettled([
      verify(`race-${n}`, code),
      operate(on(1), 'bypass.revoke', { ...inRealm, id, by: 'olga' }),
    ]);
    const isUsed = used.status === 'fulfilled' && used.value.status === 200;
    expect(isUsed).toBe(revoked.status === 'rejected');
  }
});

it('S30: guesses are charged, lock their own budget alone, and a new code is not locked by them', async () => {
  const app = await enrol(on(0), 'bea');
  on(0).clock.advance(30);
  const { code } = await makeBypass(on(0), 'bea');
  for (let left = 4; left >= 0; left--)
    expect((await verify('bea', other(code))).body).toMatchObject({ attempts_left: left });
  expect((await verify('bea', code)).body.code).toBe('locked');
  expect((await verify('bea', app.code())).status).toBe(200);
  const next = await makeBypass(on(0), 'bea');
  expect((await verify('bea', next.code)).status).toBe(200);
});

it('S42: who has no code is answered as who has one', async () => {
  await enrol(on(0), 'with');
  await enrol(on(0), 'without');
  const { code } = await makeBypass(on(0), 'with');
  const answers = [];
  for (const user of ['with', 'without', 'nobody'])
    answers.push((await verify(user, other(code))).body);
  const [first, ...rest] = answers.map(({ request_id: _, ...body }) => body);
  for (const body of rest) expect(body).toEqual(first);
});

it('S105: it is its user’s and its realm’s alone', async () => {
  await enrol(on(0), 'cy');
  await enrol(on(0), 'dan');
  const elsewhere = await on(0).register('elsewhere');
  await enrol(on(0), 'cy', { key: elsewhere.key });
  const { code, id } = await makeBypass(on(0), 'cy');
  expect((await verify('dan', code)).status).toBe(422);
  const foreign = await call('/v1/users/cy/verify', { code }, 0, elsewhere.key);
  expect(foreign.status).toBe(422);
  const inRealm = { realm: elsewhere.application.realmName };
  await expect(operate(on(0), 'bypass.revoke', { ...inRealm, id, by: 'x' })).rejects.toThrow(
    'no live',
  );
  expect((await verify('cy', code)).status).toBe(200);
});

it('it confirms no payment', async () => {
  await enrol(on(0), 'eve');
  const { code } = await makeBypass(on(0), 'eve');
  const transaction = { to: 'ACME', amount: '12.00' };
  expect((await verify('eve', code, { transaction })).body.code).toBe('factor_type_not_allowed');
  const confirming = { user_id: 'eve', type: 'totp', purpose: 'confirm', transaction };
  const { body } = await call('/v1/challenges', confirming);
  const answered = await call(`/v1/challenges/${body.id as string}/verify`, { code });
  expect(answered.body.code).toBe('factor_type_not_allowed');
});

it('it ends no enrolment', async () => {
  await enrol(on(0), 'flo');
  const { code } = await makeBypass(on(0), 'flo');
  const begun = await call('/v1/users/flo/factors', { type: 'totp' });
  const ended = await call(`/v1/factors/${begun.body.id as string}/activate`, { code });
  expect(ended.body.code).toBe('invalid_request');
  const phone = { type: 'phone', phone: '+14155550140' };
  const number = await call('/v1/users/flo/factors', phone);
  const proved = await call(`/v1/factors/${number.body.id as string}/activate`, { code });
  expect(proved.body.code).toBe('invalid_request');
  expect((await verify('flo', code)).status).toBe(200);
});

it('S78, S86: no browser is remembered by it, and no session of it ever says two factors', async () => {
  const bank = await on(0).register('bank', 'app', { rememberDeviceSeconds: 86_400 });
  await enrol(on(0), 'gus', { key: bank.key });
  const { code } = await makeBypass(on(0), 'gus', {}, bank);
  const asked = { code, remember_device: true, session: 'refresh_token', first_factor: ['pwd'] };
  const { status, body } = await call('/v1/users/gus/verify', asked, 0, bank.key);
  expect(status).toBe(200);
  expect(body.device).toBeUndefined();
  const refreshed = await call(
    '/v1/tokens/refresh',
    { refresh_token: body.refresh_token as string },
    0,
    bank.key,
  );
  expect(claimsOf(refreshed.body.access_token as string)).toMatchObject({
    amr: ['pwd', 'otp'],
    acr: 'aal1',
  });
});
