/**
 * Recovery codes are hashed slowly, which costs 19 MiB and some 20 ms. Somebody who may ask for that as often
 * as they like takes the service down: by guessing, at one user or at many, or by having sets made.
 */
import { setImmediate } from 'node:timers/promises';
import { hashRaw } from '@node-rs/argon2';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { enrolRecoverable } from '../support/recovery-codes.js';

let most = 0;
let underWay = 0;
/** Other texts are hashed after that; or are not hashed, where something stands instead. */
let held:
  { readonly spared: string; readonly until: Promise<void>; readonly instead?: Buffer } | undefined;

jest.mock('@node-rs/argon2', () => {
  const actual = jest.requireActual<{ hashRaw: typeof hashRaw }>('@node-rs/argon2');
  return {
    hashRaw: jest.fn(async (...given: Parameters<typeof hashRaw>) => {
      underWay += 1;
      most = Math.max(most, underWay);
      try {
        const { spared, until, instead } = held ?? {};
        if (given[0] !== spared) await until;
        return instead ?? (await actual.hashRaw(...given));
      } finally {
        underWay -= 1;
      }
    }),
  };
});
const hashed = () => jest.mocked(hashRaw).mock.calls.length;

let service: TestApplication;
beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const verify = (user: string, code: string | undefined) =>
  service.call('POST', `/v1/users/${user}/verify`, { code });

it('S69: a wrong code is hashed slowly once in thousands of times, a right one once', async () => {
  const { codes } = await enrolRecoverable(service, 'ada');
  const before = hashed();
  for (let day = 0; day < 8; day++) {
    service.clock.advance(86_400);
    for (let guess = 0; guess < 5; guess++) await verify('ada', `${day}000-0000-0000-000${guess}`);
  }
  // Forty guesses fit the 16 bits beside one of ten hashes with probability 0.006.
  expect(hashed() - before).toBeLessThanOrEqual(1);
  service.clock.advance(86_400);
  const sinceGuesses = hashed();
  expect((await verify('ada', codes[0])).status).toBe(200);
  expect(hashed() - sinceGuesses).toBe(1);
  expect((await verify('ada', codes[0])).status).toBe(422);
  expect(hashed() - sinceGuesses).toBe(1);
});

it('S69: and sets that are made at once wait for one another', async () => {
  for (const user of ['bea', 'cy', 'dot', 'eli']) await enrolRecoverable(service, user);
  const before = hashed();
  most = 0;
  const made = await Promise.all(
    ['bea', 'cy', 'dot', 'eli'].map((user) =>
      service.call('POST', `/v1/users/${user}/factors`, { type: 'recovery_code' }),
    ),
  );
  expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect(hashed() - before).toBe(40);
  expect(most).toBe(1);
});

it('S69: whoever has sets made without end keeps nobody’s code from being taken', async () => {
  const { codes } = await enrolRecoverable(service, 'gus');
  await enrol(service, 'hal');
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => (release = resolve));
  held = { spared: codes[0]?.replaceAll('-', '') ?? '', until };
  let refused = 0;
  const flood = Array.from({ length: 20 }, async () => {
    const path = '/v1/users/hal/factors';
    const { status } = await service.call('POST', path, { type: 'recovery_code' });
    if (status === 503) refused += 1;
    return status;
  });
  // One is made and three wait; none of them comes to an end before the victim's code is taken.
  while (refused < 16) await setImmediate();
  expect((await verify('gus', codes[0])).status).toBe(200);
  release();
  const statuses = await Promise.all(flood);
  expect(statuses.filter((status) => status === 201)).toHaveLength(4);
});

it('S69: nothing is hashed for who may not have a set', async () => {
  const before = hashed();
  const refused = await service.call('POST', '/v1/users/flo/factors', { type: 'recovery_code' });
  expect(refused.body.code).toBe('recovery_codes_need_factor');
  expect(hashed()).toBe(before);
});

it('S69: of sets that would wait too long some are refused, and an operator sees it', async () => {
  const figure = async (name: string) => {
    const { text } = await service.call('GET', '/metrics');
    const line = text.split('\n').find((each) => each.startsWith(`${name}{kind="making"} `));
    return Number(line?.split(' ')[1]);
  };
  // Ten hashes a set; one of all is made and four hundred may wait.
  const users = Array.from({ length: 41 }, (_, index) => `many-${index}`);
  await Promise.all(users.map((user) => enrol(service, user)));
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => (release = resolve));
  held = { spared: '', until, instead: Buffer.alloc(32) };
  const asked = users.map((user) =>
    service.call('POST', `/v1/users/${user}/factors`, { type: 'recovery_code' }),
  );
  const { status, body } = await Promise.race(asked);
  expect([status, body.code]).toEqual([503, 'overloaded']);
  expect(await figure('watchword_slow_hashes_waiting')).toBe(400);
  expect(await figure('watchword_slow_hash_overloads_total')).toBe(1);
  release();
  const statuses = (await Promise.all(asked)).map((answer) => answer.status);
  held = undefined;
  expect(statuses.filter((each) => each === 201)).toHaveLength(40);
  expect(await figure('watchword_slow_hashes_waiting')).toBe(0);
});
