/** Signing keys from pending to gone, as those see it who have their tokens from here. */
import { decodeProtectedHeader } from 'jose';
import {
  LONGEST_TOKEN_SECONDS,
  PENDING_SECONDS,
  RETIRING_SECONDS,
} from '../../src/tokens/key-life.js';
import { KeyRotation } from '../../src/tokens/key-rotation.js';
import { freshDatabase, startApplication, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { introspect } from '../support/sessions.js';

const DAY = 86_400;

let service: TestApplication;
let other: TestApplication;
let app: Authenticator;

/** Two replicas on one database. */
beforeAll(async () => {
  const driver = await freshDatabase();
  service = await startApplication({ driver });
  const { clock, keyring } = service;
  other = await startApplication({ driver, clock, keyring });
  app = await enrol(service, 'ann');
});
afterAll(async () => {
  await other.app.close();
  await service.close();
});
/** What the test before has left behind is over: there is one key, and it has signed for a day. */
beforeEach(async () => {
  await rotation()
    .rotate()
    .catch(() => undefined);
  service.clock.advance(PENDING_SECONDS + RETIRING_SECONDS);
  await rotation().removeOver();
  await Promise.all([rotation().tend(), rotation(other).tend()]);
  expect(await publishedBy(service)).toHaveLength(1);
});

const rotation = (of = service) => of.app.get(KeyRotation);
const publishedBy = async (from: TestApplication) => {
  const { body } = await from.call('GET', '/.well-known/jwks.json', undefined, { key: '' });
  return (body.keys as { kid: string }[]).map(({ kid }) => kid);
};
const login = async (on = service) => {
  service.clock.advance(30);
  const answer = await on.call(
    'POST',
    '/v1/users/ann/verify',
    { code: app.code() },
    {
      key: service.first.key,
    },
  );
  expect([answer.status, answer.body.code]).toEqual([200, undefined]);
  return answer.body.access_token as string;
};
const signerOf = (token: string) => decodeProtectedHeader(token).kid;
const isGood = async (token: string, on = service) =>
  (await introspect(on, token, { key: service.first.key })).body.active as boolean;
const eventsOf = async (type: string) => {
  const { body } = await service.call('GET', '/v1/audit');
  const events = body.data as { type: string; actor: string; detail: Record<string, unknown> }[];
  return events.filter((event) => event.type === type);
};

it('S88: a key is published before it signs, and for as long as its tokens live', async () => {
  const [first] = await publishedBy(service);
  const before = await login();
  expect(signerOf(before)).toBe(first);
  const { kid, signsAt } = await rotation().rotate();
  expect(signsAt.getTime() - service.clock.now().getTime()).toBe(PENDING_SECONDS * 1000);
  expect(await publishedBy(service)).toEqual([kid, first]);
  expect(signerOf(await login())).toBe(first);

  // The other replica has not read anything since; it signs with the new one by its own clock.
  service.clock.advance(PENDING_SECONDS);
  await rotation(other).tend();
  for (const replica of [service, other]) {
    expect(signerOf(await login(replica))).toBe(kid);
    expect(await publishedBy(replica)).toEqual([kid, first]);
  }
  // Four logins ago it was pending.
  service.clock.advance(RETIRING_SECONDS - 91);
  expect(await publishedBy(other)).toEqual([kid, first]);
  service.clock.advance(1);
  expect(await publishedBy(other)).toEqual([kid]);
});

it('S88: no application gets tokens that would outlive the key', async () => {
  const longest = (accessTokenSeconds: number) =>
    service.register('long', `app ${accessTokenSeconds}`, { accessTokenSeconds });
  await expect(longest(LONGEST_TOKEN_SECONDS + 1)).rejects.toThrow(/access_token_seconds/);
  await longest(LONGEST_TOKEN_SECONDS);
});

it('the next key is made by itself before the days are over, and once, by however many', async () => {
  service.clock.advance(30 * DAY - RETIRING_SECONDS - PENDING_SECONDS - 1);
  await Promise.all([rotation().tend(), rotation(other).tend()]);
  expect(await publishedBy(service)).toHaveLength(1);
  service.clock.advance(1);
  const all = [service, other].flatMap((one) => Array.from({ length: 10 }, () => rotation(one)));
  await Promise.all(all.map((one) => one.tend()));
  const published = await publishedBy(service);
  expect(published).toHaveLength(2);
  expect(await publishedBy(other)).toEqual(published);
  expect(signerOf(await login())).toBe(published[1]);
  service.clock.advance(PENDING_SECONDS);
  expect(signerOf(await login())).toBe(published[0]);
  expect((await eventsOf('signing_key.created')).at(-1)).toMatchObject({
    actor: 'service',
    detail: { kid: published[0], signs_at: expect.stringMatching(/^2030-/) },
  });
});

it('of two operators who rotate at once one is told that the other was first', async () => {
  const outcomes = await Promise.allSettled([
    rotation().rotate(),
    rotation(other).rotate(),
    rotation().rotate(),
  ]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
  ]);
  await expect(rotation().rotate()).rejects.toThrow('watchword keys list');
  expect(await publishedBy(service)).toHaveLength(2);
});

it('S90: a key that another replica has just made checks its tokens here', async () => {
  const [first = ''] = await publishedBy(other);
  const successor = await rotation().revoke(first);
  const token = await login();
  expect(signerOf(token)).toBe(successor?.kid);
  // Within the seconds in which this one has not read the keys again by itself.
  service.clock.advance(-30);
  expect(await isGood(token, other)).toBe(true);
});

it('a pending key that is revoked leaves the one before it to sign', async () => {
  const [first = ''] = await publishedBy(service);
  const { kid } = await rotation().rotate();
  expect(await rotation().revoke(kid)).toBeUndefined();
  service.clock.advance(PENDING_SECONDS);
  expect(signerOf(await login())).toBe(first);
  expect(await publishedBy(service)).toEqual([first]);
  // And the next one can be made.
  expect((await rotation().rotate()).kid).not.toBe(kid);
});

it('a retiring key that is revoked changes nothing for the one that signs', async () => {
  const [first = ''] = await publishedBy(service);
  const old = await login();
  const { kid } = await rotation().rotate();
  service.clock.advance(PENDING_SECONDS);
  const young = await login();
  expect(await rotation().revoke(first)).toBeUndefined();
  expect([await isGood(old), await isGood(young)]).toEqual([false, true]);
  expect(await publishedBy(service)).toEqual([kid]);
  await expect(rotation().revoke(first)).rejects.toThrow('watchword keys list');
  await expect(rotation().revoke('nobody')).rejects.toThrow('watchword keys list');
});

it('rows go when they have nothing left to say, and the audit keeps what they were', async () => {
  const [first] = await publishedBy(service);
  await rotation().rotate();
  service.clock.advance(PENDING_SECONDS + RETIRING_SECONDS - 1);
  expect(await rotation().removeOver()).toBe(0);
  service.clock.advance(1);
  const removed = await Promise.all([rotation().removeOver(), rotation(other).removeOver()]);
  expect(removed.sort()).toEqual([0, 1]);
  expect((await eventsOf('signing_key.deleted')).at(-1)?.detail).toEqual({ kid: first });
});
