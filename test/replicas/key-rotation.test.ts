/**
 * S88: fifty rotations while people log in on two replicas, and a service that checks their tokens with a
 * library that is not ours. It keeps the published keys for exactly as long as it may, and never asks again
 * for a `kid` that it does not know: the least that is promised to it.
 */
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { LONGEST_TOKEN_SECONDS, RELOAD_SECONDS } from '../../src/tokens/key-life.js';
import { KeyRotation } from '../../src/tokens/key-rotation.js';
import {
  freshDatabase,
  startApplication,
  type Registered,
  type TestApplication,
} from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';

const ROTATIONS = 50;
const STEP_SECONDS = 60;
/** The keys that are published at once are those of a day: fifty in four of them. */
const BETWEEN_SECONDS = 6_900;

let replicas: TestApplication[];
let long: Registered;
let people: Authenticator[];

beforeAll(async () => {
  const driver = await freshDatabase();
  const environment = { WATCHWORD_RATE_PER_ADDRESS: '1000000' };
  const first = await startApplication({ driver, environment });
  const { clock, keyring } = first;
  replicas = [first, await startApplication({ driver, clock, keyring, environment })];
  long = await first.register('long', 'app', { accessTokenSeconds: LONGEST_TOKEN_SECONDS });
  people = [];
  for (const name of ['ann', 'bob', 'cy', 'di'])
    people.push(await enrol(first, name, { key: long.key }));
});
afterAll(async () => {
  for (const { app } of replicas) await app.close();
  await replicas[0]?.database.close();
});

const now = () => replica(0).clock.now();
const replica = (n: number) => {
  const one = replicas[n % replicas.length];
  if (one === undefined) throw new Error('there is no replica');
  return one;
};

/** A checker with a copy of the keys, taken from this replica. */
function checker(from: TestApplication) {
  let keptUntil = -Infinity;
  let keys: Promise<ReturnType<typeof createLocalJWKSet>>;
  const fetchKeys = async () => {
    const { status, body, headers } = await from.call('GET', '/.well-known/jwks.json');
    expect(status).toBe(200);
    const [, seconds] = /^public, max-age=(\d+)/.exec(String(headers['cache-control'])) ?? [];
    keptUntil = now().getTime() + Number(seconds) * 1000;
    return createLocalJWKSet(body as JSONWebKeySet);
  };
  return async (token: string): Promise<string | undefined> => {
    if (now().getTime() >= keptUntil) {
      keptUntil = Infinity;
      keys = fetchKeys();
    }
    return jwtVerify(token, await keys, {
      issuer: 'https://mfa.example',
      audience: long.application.audience,
      algorithms: ['ES256'],
      typ: 'at+jwt',
      currentDate: now(),
    }).then(
      () => undefined,
      (error: unknown) => String(error),
    );
  };
}

it('S88: in 50 rotations under load no good token is refused, by nobody who keeps to the rules', async () => {
  const checkers = replicas.map(checker);
  const tokens: { token: string; endsAt: number }[] = [];
  const signers = new Set<string>();
  const refusals: string[] = [];
  const check = async ({ token }: { token: string }) => {
    for (const one of checkers) {
      const refusal = await one(token);
      if (refusal !== undefined) refusals.push(refusal);
    }
  };
  const logIn = async ({ userId, code }: Authenticator, n: number) => {
    const path = `/v1/users/${userId}/verify`;
    const answer = await replica(n).call('POST', path, { code: code() }, { key: long.key });
    expect(answer.status).toBe(200);
    const token = answer.body.access_token as string;
    signers.add(decodeProtectedHeader(token).kid ?? '');
    return { token, endsAt: now().getTime() / 1000 + LONGEST_TOKEN_SECONDS };
  };
  let turn = 0;
  const step = async (seconds: number) => {
    replica(0).clock.advance(seconds);
    turn += 1;
    // Neither reads the keys at the moment at which the other does, and both as often as they must.
    await replica(turn).app.get(KeyRotation).tend();
    const made = await Promise.all(people.map((person, n) => logIn(person, n + turn)));
    await Promise.all(made.map(check));
    tokens.push(...made);
    await replica(turn + 1)
      .app.get(KeyRotation)
      .tend();
  };
  expect(STEP_SECONDS).toBeGreaterThan(RELOAD_SECONDS);

  for (let rotation = 0; rotation < ROTATIONS; rotation++) {
    const { signsAt } = await replica(rotation).app.get(KeyRotation).rotate();
    const pending = (signsAt.getTime() - now().getTime()) / 1000;
    // Before it signs, the moment at which it does, and after.
    for (const seconds of [STEP_SECONDS, pending - 2 * STEP_SECONDS, STEP_SECONDS, STEP_SECONDS])
      await step(seconds);
    await step(BETWEEN_SECONDS - pending - STEP_SECONDS);
    // Old ones too, of the whole day.
    const time = now().getTime() / 1000;
    const valid = tokens.filter(({ endsAt }) => endsAt > time);
    await Promise.all(valid.filter((_, n) => n % 12 < 2).map(check));
    await replica(rotation).app.get(KeyRotation).removeOver();
    tokens.splice(0, tokens.length, ...valid);
  }
  expect(refusals).toEqual([]);
  expect(signers.size).toBe(ROTATIONS + 1);
}, 180_000);
