/** Lockout as callers meet it: whom it hits, whom it spares, and what cannot get around it. */
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { UsersService } from '../../src/users/users.service.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, scan } from '../support/authenticator.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

/** By the path as it stands, so that its spelling is the test's. */
const guess = (path: string, code = '000000', key?: string) =>
  service.call('POST', `/v1/users/${path}/verify`, { code }, { key });
const open = async (userId: string, key?: string) => {
  const body = { user_id: userId, type: 'totp' };
  return (await service.call('POST', '/v1/challenges', body, { key })).body.id as string;
};
const answerTo = (id: string, code: string) =>
  service.call('POST', `/v1/challenges/${id}/verify`, { code });
const status = async (id: string) =>
  (await service.call('GET', `/v1/challenges/${id}`)).body.status as string;

it('S32: after five the wait is 30 s, and doubles to an hour and no further', async () => {
  const app = await enrol(service, 'ada');
  service.clock.advance(60);
  for (let n = 0; n < 4; n++)
    expect((await guess('ada', wrongCode(app, n))).body).not.toHaveProperty('retry_after');
  const waits = [];
  for (let n = 4; n < 15; n++) {
    const refused = await guess('ada', wrongCode(app, n));
    expect(refused.body).toMatchObject({ code: 'code_incorrect', attempts_left: 0 });
    expect(refused.headers['retry-after']).toBe(String(refused.body.retry_after));
    const wait = refused.body.retry_after as number;
    waits.push(wait);
    service.clock.advance(wait - 1);
    const early = await guess('ada', app.code());
    expect([early.status, early.body.code, early.body.retry_after]).toEqual([429, 'locked', 1]);
    service.clock.advance(1);
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]);
  expect((await guess('ada', app.code())).status).toBe(200);
});

it('S34: one budget however the name is written: escapes, NFC and NFD, challenge and direct', async () => {
  const composed = 'Zo\u00eb/1';
  const decomposed = 'Zoe\u0308/1';
  const spellings = ['Zo%C3%AB%2F1', 'Zoe%CC%88%2f1', '%5A%6F%c3%ab%2F%31'];
  const left = [];
  for (const path of spellings) left.push((await guess(path)).body.attempts_left as number);
  for (const userId of [composed, decomposed])
    left.push((await answerTo(await open(userId), '000000')).body.attempts_left as number);
  expect(left).toEqual([4, 3, 2, 1, 0]);
  for (const path of spellings) expect((await guess(path)).body.code).toBe('locked');
  expect((await answerTo(await open(decomposed), '000000')).body.code).toBe('locked');
  const { body } = await service.call('GET', '/v1/audit?user_id=Zoe%CC%88%2F1');
  expect(body.data.length).toBeGreaterThan(5);
});

it('S34: what differs in case, width or blanks inside is another user', async () => {
  for (let n = 0; n < 5; n++) await guess('Bea%20X');
  expect((await guess('Bea%20X')).body.code).toBe('locked');
  for (const other of ['bea%20X', 'BeaX', 'Bea%20%20X', 'Be%EF%BD%81%20X'])
    expect((await guess(other)).body.attempts_left).toBe(4);
});

it.each(['%20cy', 'cy%20', 'cy%00', 'c%0Ay', 'cy%E2%80%A8', '%0Acy', 'x'.repeat(256)])(
  'S34: %s is no name, so it is no second spelling of one',
  async (path) => {
    expect((await guess(path)).body.code).toBe('invalid_request');
  },
);

it('S38: the lock is the user’s in this realm, and nobody else’s', async () => {
  const app = await enrol(service, 'di');
  const elsewhere = await service.register('another realm');
  const theirs = await enrol(service, 'di', { key: elsewhere.key });
  const neighbour = await enrol(service, 'dirk');
  service.clock.advance(60);
  for (let n = 0; n < 5; n++) await guess('di', wrongCode(app, n));
  expect((await guess('di', app.code())).body.code).toBe('locked');
  expect((await guess('di', theirs.code(), elsewhere.key)).status).toBe(200);
  expect((await guess('dirk', neighbour.code())).status).toBe(200);
});

it('S38: a locked user’s factors are still listed, added and revoked', async () => {
  const app = await enrol(service, 'eli');
  for (let n = 0; n < 5; n++) await guess('eli', wrongCode(app, n));
  const added = await enrol(service, 'eli');
  const listed = await service.call('GET', '/v1/users/eli/factors');
  expect(listed.body.data).toHaveLength(2);
  expect((await service.call('DELETE', `/v1/factors/${app.factorId}`)).status).toBe(204);
  // A new factor is no way around the lock.
  service.clock.advance(29);
  expect((await guess('eli', added.code(1))).body.code).toBe('locked');
  service.clock.advance(1);
  expect((await guess('eli', added.code())).status).toBe(200);
});

it('S31: neither a new factor, a revoked one, a canceled challenge nor a new key resets it', async () => {
  const app = await enrol(service, 'fay');
  await guess('fay', wrongCode(app));
  await service.call('DELETE', `/v1/challenges/${await open('fay')}`);
  await guess('fay', wrongCode(app, 1));
  const second = await enrol(service, 'fay');
  await guess('fay', wrongCode(second, 2));
  await service.call('DELETE', `/v1/factors/${second.factorId}`);
  await scan(service, 'fay');
  const { id } = service.first.application;
  const fresh = await service.app.get(ApplicationsService).createKey(id, ['verify']);
  expect((await guess('fay', wrongCode(app, 3), fresh.key)).body.attempts_left).toBe(1);
  expect((await answerTo(await open('fay'), wrongCode(app, 4))).body.attempts_left).toBe(0);
  expect((await guess('fay', app.code())).body.code).toBe('locked');
});

it('S39: the answer that brings the lock, and any answer under it, ends its challenge', async () => {
  const app = await enrol(service, 'gus');
  const [bringing, under, idle] = [await open('gus'), await open('gus'), await open('gus')];
  for (let n = 0; n < 4; n++) await guess('gus', wrongCode(app, n));
  expect((await answerTo(bringing, wrongCode(app, 4))).body.attempts_left).toBe(0);
  expect(await status(bringing)).toBe('failed');
  expect((await answerTo(under, app.code())).body.code).toBe('locked');
  expect(await status(under)).toBe('failed');
  service.clock.advance(60);
  expect((await answerTo(under, app.code())).body.code).toBe('challenge_ended');
  expect((await answerTo(idle, app.code())).status).toBe(200);
});

it('S41: another’s wrong guesses use up no code: it is good as soon as the lock is over', async () => {
  const app = await enrol(service, 'hal');
  service.clock.advance(45);
  const code = app.code();
  const mine = await open('hal');
  for (let n = 0; n < 3; n++) await answerTo(await open('hal'), wrongCode(app, n));
  expect(await status(mine)).toBe('pending');
  expect((await answerTo(mine, code)).status).toBe(200);
  service.clock.advance(30);
  const next = app.code();
  for (let n = 0; n < 5; n++) await guess('hal', wrongCode(app, n));
  expect((await guess('hal', next)).body.code).toBe('locked');
  service.clock.advance(30);
  expect((await guess('hal', next)).status).toBe(200);
});

it('S40, S42: an unknown user is locked like a known one', async () => {
  const app = await enrol(service, 'ida');
  const seen = [];
  for (const userId of ['ida', 'nobody-here']) {
    const answers = [];
    for (let n = 0; n < 8; n++) {
      const { status: code, body, headers } = await guess(userId, wrongCode(app, n));
      answers.push([code, { ...body, request_id: '' }, headers['retry-after']]);
    }
    seen.push(answers);
  }
  expect(seen[1]).toEqual(seen[0]);
});

it('S32: an operator’s unlock starts the budget anew and is in the audit', async () => {
  const app = await enrol(service, 'jim');
  const { realmId } = service.first.application;
  for (let n = 0; n < 5; n++) await guess('jim', wrongCode(app, n));
  const users = service.app.get(UsersService);
  expect(await users.unlock(realmId, 'jim')).toBe(true);
  expect((await guess('jim', wrongCode(app))).body.attempts_left).toBe(4);
  expect(await users.unlock(realmId, 'nobody-at-all')).toBe(false);
  const { body } = await service.call('GET', '/v1/audit?user_id=jim');
  const unlocked = (body.data as { type: string }[]).find(({ type }) => type === 'user.unlocked');
  expect(unlocked).toMatchObject({ actor: 'operator', application_id: null, detail: {} });
});
