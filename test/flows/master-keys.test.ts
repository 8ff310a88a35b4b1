/**
 * S112: a new master key in front of the old one, everything sealed again while the service runs, and the old
 * one taken away. Nobody notices: not who logs in, not who waits for a code, not who is locked out.
 */
import { Keyring } from '../../src/crypto/keyring.js';
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import type { Driver } from '../../src/storage/database.js';
import { MasterKeys } from '../../src/storage/master-keys.js';
import { SealedValues } from '../../src/storage/sealed-values.js';
import { freshDatabase, startApplication, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { TestClock } from '../support/clock.js';
import { codeAt, enrolPhone, inbox, openLogin, otherThan, verify } from '../support/phones.js';
import { masterKeyFindings, reencrypt } from '../support/reencryption.js';
import { begin, introspect, refresh } from '../support/sessions.js';

/** Each has a database of its own and several replicas on it. */
jest.setTimeout(120_000);

const DAY = 86_400;
const [k1, k2] = [Keyring.generate('k1'), Keyring.generate('k2')];

let driver: Driver;
let clock: TestClock;
let key: string;
const started: TestApplication[] = [];

beforeEach(async () => {
  driver = await freshDatabase();
  clock = new TestClock();
});
afterEach(async () => {
  for (const { app } of started.splice(0)) await app.close();
  await driver.close();
});

/** A replica with these master keys. What was registered first is used by all. */
async function withKeys(...keys: string[]): Promise<TestApplication> {
  const keyring = Keyring.parse(keys.join(','));
  const replica = await startApplication({ driver, clock, keyring });
  if (started.length === 0) key = replica.first.key;
  started.push(replica);
  const call: TestApplication['call'] = (method, path, body, options) =>
    replica.call(method, path, body, { key, ...options });
  return { ...replica, call };
}

const logIn = (service: TestApplication, { userId, code }: Authenticator, headers = {}) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code: code() }, { headers });
const statesOf = async (service: TestApplication) =>
  (await masterKeyFindings(service)).map(({ state, detail }) => [state, detail]);

it('S112: whatever was sealed under the old key opens under the new one alone', async () => {
  const before = await withKeys(k1);
  const app = await enrol(before, 'ann');
  const factor = await enrolPhone(before, 'bob', '+14155550101');
  clock.advance(60);
  const headers = { 'idempotency-key': 'once' };
  const answered = await logIn(before, app, headers);
  // A code that is on its way: its process dies before a provider has it.
  const carry = jest.spyOn(before.app.get(Dispatcher), 'carry').mockReturnValue();
  const waiting = await openLogin(before, '+14155550102');
  carry.mockRestore();

  const both = await withKeys(k2, k1);
  const stale = await statesOf(both);
  expect(stale).toEqual([['warning', expect.stringMatching(/^2 of factors\.secret, .*"k1"$/)]]);
  expect(await reencrypt(both)).toEqual({ resealed: 8, unreadable: 0 });
  expect(await reencrypt(both)).toEqual({ resealed: 0, unreadable: 0 });

  const after = await withKeys(k2);
  expect(await statesOf(after)).toEqual([['ok', 'everything is sealed under "k2"']]);
  const replayed = await after.call(
    'POST',
    '/v1/users/ann/verify',
    { code: app.code() },
    { headers },
  );
  // Whether it is the same request only the old key could tell, so its answer is not given out.
  expect([answered.status, replayed.status]).toEqual([200, 409]);
  clock.advance(30);
  const token = (await logIn(after, app)).body.access_token as string;
  expect((await introspect(before, token)).body.active).toBe(true);
  expect(await after.app.get(Dispatcher).sweep()).toBe(1);
  const byNumber = await verify(after, waiting, await codeAt(after, '+14155550102'));
  // The hash of its code was made with the old key; what was sealed has arrived all the same.
  expect([byNumber.status, byNumber.body.code]).toEqual([422, 'code_incorrect']);
  expect((await inbox(after)).map(({ to }) => to)).toEqual(['+14155550102', '+14155550101']);
  clock.advance(60);
  const known = await openLogin(after, '+14155550101');
  const proof = await verify(after, known, await codeAt(after, '+14155550101'));
  expect(proof.body).toMatchObject({ user_id: 'bob', factor: { id: factor } });
});

it('S32: a number that is locked out stays so under its new name', async () => {
  const before = await withKeys(k1);
  await enrolPhone(before, 'bob', '+14155550101');
  const guess = async (service: TestApplication, times: number) => {
    clock.advance(60);
    const challenge = await openLogin(service, '+14155550101');
    const wrong = otherThan(await codeAt(service, '+14155550101'));
    let answer = await verify(service, challenge, wrong);
    for (let n = 1; n < times; n++) answer = await verify(service, challenge, wrong);
    return answer.body as { code: string; attempts_left: number };
  };
  expect(await guess(before, 2)).toMatchObject({ attempts_left: 3 });
  const both = await withKeys(k2, k1);
  // Counted under the new name before the old one is brought over.
  expect(await guess(both, 1)).toMatchObject({ attempts_left: 4 });
  await reencrypt(both);
  expect(await guess(await withKeys(k2), 1)).toMatchObject({ attempts_left: 1 });
});

it('doctor says until when the old key must stay, for whom, and then that it may go', async () => {
  const before = await withKeys(k1);
  const app = await enrol(before, 'ann');
  const { body } = await begin(before, app);
  clock.advance(60);
  const used = body.refresh_token as string;
  await refresh(before, used);

  const both = await withKeys(k2, k1);
  await reencrypt(both);
  const ends = (body.session_expires_at as string).replace('Z', '');
  expect(await statesOf(both)).toEqual([['ok', expect.stringContaining(`keep it until ${ends}`)]]);
  // Where it was taken away too early, a stolen token is refused and tells nobody that it was stolen.
  const early = await withKeys(k2);
  clock.advance(60);
  expect((await refresh(early, used)).body.code).toBe('refresh_token_invalid');
  const list = () => early.call('GET', '/v1/users/ann/sessions');
  expect((await list()).body.data).toHaveLength(1);
  expect((await refresh(both, used)).body.code).toBe('refresh_token_invalid');
  expect((await list()).body.data).toHaveLength(0);

  const [[state, detail] = []] = await statesOf(both);
  expect([state, detail]).toEqual(['ok', expect.stringContaining('for codes and requests')]);
  clock.advance(DAY + 3600);
  const [finding] = await masterKeyFindings(both);
  expect(finding).toMatchObject({ state: 'warning', detail: 'nothing needs "k1" any more' });
  expect(finding?.remedy).toContain('Take "k1" out');
});

it('doctor counts from when the last replica wrote under the old key', async () => {
  const slow = await withKeys(k1);
  const both = await withKeys(k2, k1);
  await reencrypt(both);
  clock.advance(2 * DAY);
  await enrol(slow, 'ann');
  // It notes it at its start, and in between.
  await slow.app.get(MasterKeys).note();
  expect(await statesOf(both)).toEqual([
    ['warning', '1 of factors.secret are still sealed under "k1"'],
  ]);
  expect(await reencrypt(both)).toEqual({ resealed: 1, unreadable: 0 });
  expect(await statesOf(both)).toEqual([['ok', expect.stringContaining('2030-01-04T')]]);
});

it('a key that was taken away too early is named, and what to do', async () => {
  const before = await withKeys(k1);
  const app = await enrol(before, 'ann');
  const both = await withKeys(k2, k1);
  // All but the factor.
  await reencrypt(both);
  await before.call('DELETE', `/v1/factors/${app.factorId}`);
  const lost = await enrol(before, 'bob');
  const after = await withKeys(k2);
  expect(await masterKeyFindings(after)).toEqual([
    {
      check: 'encryption keys',
      state: 'failing',
      detail: '1 of factors.secret are sealed under "k1", which is not among the keys',
      remedy: expect.stringContaining('Put "k1" back'),
    },
  ]);
  expect(await reencrypt(after)).toEqual({ resealed: 0, unreadable: 1 });
  await reencrypt(both);
  clock.advance(60);
  expect((await logIn(after, lost)).status).toBe(200);
});

it('S112: killed half-way it goes on where it was', async () => {
  const before = await withKeys(k1);
  const people: Authenticator[] = [];
  for (let n = 0; n < 5; n++) people.push(await enrol(before, `user-${n}`));
  const both = await withKeys(k2, k1);
  await reencrypt(both, 1);
  const [[, half] = []] = await statesOf(both);
  expect(half).toBe('1 of signing_keys.private_key are still sealed under "k1"');
  expect(await reencrypt(both)).toEqual({ resealed: 1, unreadable: 0 });
  clock.advance(60);
  const after = await withKeys(k2);
  for (const person of people) expect((await logIn(after, person)).status).toBe(200);
});

it('S112: what is written between its being read and its being sealed again is kept', async () => {
  const before = await withKeys(k1);
  const app = await enrol(before, 'ann');
  const both = await withKeys(k2, k1);
  const values = both.app.get(SealedValues);
  const { stale } = await values.listStale('factors.secret', null, 100);
  const [value] = stale;
  if (value === undefined) throw new Error('nothing is stale');
  // Another run is faster, and then the factor is revoked and its secret destroyed.
  await reencrypt(both);
  const theirs = await both.database.kysely
    .selectFrom('factors')
    .select('secret')
    .executeTakeFirstOrThrow();
  const put = (sealed: Uint8Array) =>
    both.database.transaction((executor) =>
      values.replace(executor, 'factors.secret', [{ stale: value, sealed, hash: null }]),
    );
  expect(await put(Buffer.from('not theirs'))).toEqual([]);
  const kept = await both.database.kysely
    .selectFrom('factors')
    .select('secret')
    .executeTakeFirstOrThrow();
  expect(kept).toEqual(theirs);
  await both.call('DELETE', `/v1/factors/${app.factorId}`);
  expect(await put(Buffer.from('risen again'))).toEqual([]);
});

it('S112: people log in and enrol while everything is sealed again, on replicas of both kinds', async () => {
  const old = await withKeys(k1, k2);
  const people: Authenticator[] = [];
  for (let n = 0; n < 12; n++) people.push(await enrol(old, `user-${n}`));
  const young = await withKeys(k2, k1);
  const replicas = [old, young];
  for (let round = 0; round < 5; round++) {
    clock.advance(30);
    const newcomers: Promise<Authenticator>[] = [];
    const logins: Promise<{ status: number }>[] = [];
    const running = reencrypt(young);
    people.forEach((person, n) => {
      logins.push(logIn(replicas[n % 2] ?? old, person));
      if (n % 4 === 0) newcomers.push(enrol(replicas[(n / 4) % 2] ?? old, `new-${round}-${n}`));
    });
    const statuses = (await Promise.all(logins)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    people.push(...(await Promise.all(newcomers)));
    await running;
  }
  await reencrypt(young);
  clock.advance(60);
  const after = await withKeys(k2);
  for (const person of people) expect((await logIn(after, person)).status).toBe(200);
});
