/**
 * Somebody who knows no more than a user's name guesses at every chance there is, for a day, or for weeks: not to
 * get in, but so that the owner stays out. The browser that the owner's application remembers gets in all the same,
 * and the guesser gains no guess by it.
 */
import {
  ABSOLUTE_LIMIT,
  CONSECUTIVE_LIMIT,
  LONGEST_DELAY_SECONDS,
  SLOW_LIMIT,
} from '../../src/challenges/lockout.js';
import { startApplication, type Answer, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { endsOf, logIn, remember } from '../support/devices.js';
import { codeAt, enrolPhone, otherThan } from '../support/phones.js';
import { wrongCode } from '../support/totp-codes.js';

const HOUR = 3600;
let service: TestApplication;
let key: { readonly key: string };

beforeAll(async () => {
  service = await startApplication();
  const { realmName } = service.first.application;
  key = {
    key: (await service.register(realmName, 'bank', { rememberDeviceSeconds: 7_000_000 })).key,
  };
});
afterAll(() => service.close());

const guess = (app: Authenticator, body: Record<string, unknown> = {}): Promise<Answer> =>
  service.call('POST', `/v1/users/${app.userId}/verify`, { code: wrongCode(app), ...body }, key);

/** Guesses as soon as each wait is over, for so long. @returns guesses that were compared */
async function attack(app: Authenticator, seconds: number): Promise<number> {
  const end = service.clock.now().getTime() + seconds * 1000;
  for (let compared = 0; ;) {
    const { body } = await guess(app);
    if (body.code === 'code_incorrect') compared += 1;
    const wait = ((body.retry_after as number | undefined) ?? 0) * 1000;
    const left = end - service.clock.now().getTime();
    if (wait >= left) {
      service.clock.advance(left / 1000);
      return compared;
    }
    service.clock.advance(wait / 1000);
  }
}

it('S38: in 24 hours of attack the known device gets in each hour', async () => {
  const app = await enrol(service, 'ada');
  let { token } = await remember(service, app, key);
  let compared = 0;
  let lockedOut = 0;
  for (let hour = 0; hour < 24; hour++) {
    compared += await attack(app, HOUR - 30);
    // A browser that is not known shares what the attacker has spent.
    if ((await logIn(service, app, {}, key)).body.code === 'locked') lockedOut += 1;
    const { status, body } = await service.call(
      'POST',
      '/v1/users/ada/verify',
      { code: app.code(), device_token: token },
      key,
    );
    expect([hour, status]).toEqual([hour, 200]);
    token = body.device.token as string;
  }
  expect(lockedOut).toBe(24);
  // S32: a login of the owner's gives the attacker no guess beyond the limit of 30 days.
  expect(compared).toBe(SLOW_LIMIT);
  expect(await endsOf(service, 'ada')).toEqual([]);
});

it('S32, S38: ninety failures in a row leave ten for known devices, and a hundred are all', async () => {
  const app = await enrol(service, 'bea');
  const devices = [];
  for (let n = 0; n < 3; n++) devices.push((await remember(service, app, key)).token);
  let compared = 0;
  for (let n = 0; n < CONSECUTIVE_LIMIT; n++) {
    if ((await guess(app)).body.code === 'code_incorrect') compared += 1;
    service.clock.advance(LONGEST_DELAY_SECONDS);
  }
  expect(compared).toBe(CONSECUTIVE_LIMIT);
  expect((await guess(app)).body.code).toBe('locked');
  // Two devices' budgets are in the rest; the third finds nothing left, be its code right or wrong (S40).
  for (const device_token of devices.slice(0, 2))
    for (let n = 0; n < 5; n++)
      if ((await guess(app, { device_token })).body.code === 'code_incorrect') compared += 1;
  expect(compared).toBe(ABSOLUTE_LIMIT);
  const third = { device_token: devices[2] };
  expect((await guess(app, third)).body.code).toBe('locked');
  expect((await logIn(service, app, third, key)).body.code).toBe('locked');
});

it('S38: after weeks of attack the owner comes back, and gets in with the device', async () => {
  const app = await enrol(service, 'cy');
  const { token } = await remember(service, app, key);
  expect(await attack(app, 40 * 86_400)).toBe(CONSECUTIVE_LIMIT);
  expect((await logIn(service, app, {}, key)).body.code).toBe('locked');
  const slip = await guess(app, { device_token: token });
  expect(slip.body).toMatchObject({ code: 'code_incorrect', attempts_left: 4 });
  expect(slip.body).not.toHaveProperty('retry_after');
  expect((await logIn(service, app, { device_token: token }, key)).status).toBe(200);
  // Which proves that it is the owner: the others' count begins anew, as after any login.
  expect((await logIn(service, app, {}, key)).status).toBe(200);
});

it('S38: with a challenge it gets in as well, and its slips do not end the challenge', async () => {
  const app = await enrol(service, 'di');
  const { token: device_token } = await remember(service, app, key);
  for (let n = 0; n < 5; n++) await guess(app);
  const body = { user_id: 'di', type: 'totp' };
  const { id } = (await service.call('POST', '/v1/challenges', body, key)).body as { id: string };
  const answer = (code: string) =>
    service.call('POST', `/v1/challenges/${id}/verify`, { code, device_token }, key);
  expect((await answer(wrongCode(app))).body).toMatchObject({ attempts_left: 4 });
  service.clock.advance(1);
  service.clock.advance(29);
  expect((await answer(app.code())).status).toBe(200);
});

it('S77: for nobody else’s account does it open anything, nor does another application’s', async () => {
  const [app, other] = [await enrol(service, 'eli'), await enrol(service, 'fay')];
  const { realmName } = service.first.application;
  const shop = await service.register(realmName, 'shop', { rememberDeviceSeconds: 7_000_000 });
  const foreign = [
    (await remember(service, other, key)).token,
    (await remember(service, app, { key: shop.key })).token,
  ];
  for (let n = 0; n < 5; n++) await guess(app);
  for (const device_token of foreign)
    expect((await guess(app, { device_token })).body.code).toBe('locked');
});

it('S35, S38: and so it is with codes that are sent to a phone', async () => {
  const number = '+14155550123';
  await enrolPhone(service, 'gus', number, {}, key);
  const open = async (): Promise<string> => {
    service.clock.advance(120);
    const body = { user_id: 'gus', type: 'phone' };
    return (await service.call('POST', '/v1/challenges', body, key)).body.id as string;
  };
  const answer = (id: string, body: object) =>
    service.call('POST', `/v1/challenges/${id}/verify`, body, key);
  const known = await open();
  const first = { code: await codeAt(service, number), remember_device: true };
  const { token: device_token } = (await answer(known, first)).body.device as { token: string };
  const guessed = await open();
  const wrong = { code: otherThan(await codeAt(service, number)) };
  for (let n = 0; n < 5; n++) await answer(guessed, wrong);
  service.clock.advance(30);
  // Locked for longer than the next code takes to come.
  for (let n = 0; n < 4; n++) {
    const id = await open();
    await answer(id, { code: otherThan(await codeAt(service, number)) });
  }
  const id = await open();
  const code = await codeAt(service, number);
  expect((await answer(id, { ...wrong, device_token })).body).toMatchObject({ attempts_left: 4 });
  expect((await answer(id, { code, device_token })).status).toBe(200);
});
