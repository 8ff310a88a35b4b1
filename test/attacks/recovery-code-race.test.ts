/**
 * Somebody who has one recovery code sends it many times at once, to every replica, to log in more than once; or
 * has new sets made while the owner does, to keep codes of one that the owner believes to be void; or has sent one
 * in the moment in which the owner ends it.
 */
import { setImmediate } from 'node:timers/promises';
import type { hashRaw } from '@node-rs/argon2';
import { enrolRecoverable } from '../support/recovery-codes.js';
import { startReplicas, type Replicas } from '../support/replicas.js';

/** No hash ends before that. */
let until: Promise<void> | undefined;
let hashing = 0;

jest.mock('@node-rs/argon2', () => {
  const actual = jest.requireActual<{ hashRaw: typeof hashRaw }>('@node-rs/argon2');
  return {
    hashRaw: async (...given: Parameters<typeof hashRaw>) => {
      hashing += 1;
      await until;
      hashing -= 1;
      return actual.hashRaw(...given);
    },
  };
});

let replicas: Replicas;

beforeAll(async () => {
  replicas = await startReplicas({ WATCHWORD_RATE_PER_APPLICATION: '100000' });
});
afterAll(() => replicas.close());

const on = (turn: number) => replicas.on(turn);
const call = (turn: number, path: string, body: object) => replicas.post(turn, path, body);

it('S67: of 200 uses of one code on two replicas one succeeds', async () => {
  const { codes } = await enrolRecoverable(on(0), 'ada');
  const challenges = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      call(n, '/v1/challenges', { user_id: 'ada', type: 'recovery_code' }),
    ),
  );
  const paths = [
    ...challenges.map(({ body }) => `/v1/challenges/${body.id as string}/verify`),
    ...Array.from({ length: 180 }, () => '/v1/users/ada/verify'),
  ];
  const answers = await Promise.all(paths.map((path, n) => call(n, path, { code: codes[0] })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 422, 429]));
  const { rows } = await on(0)
    .database.kysely.selectFrom('audit_events')
    .select('id')
    .where('user_id', '=', 'ada')
    .where('type', 'in', ['verification.approved', 'recovery_code.used'])
    .execute()
    .then((found) => ({ rows: found }));
  expect(rows).toHaveLength(2);
});

it('S67: each of ten codes at once on two replicas, twice, counts once', async () => {
  const { setId, codes } = await enrolRecoverable(on(0), 'bea');
  const answers = await Promise.all(
    [0, 1].flatMap((n) =>
      codes.slice(0, 4).map((code) => call(n, '/v1/users/bea/verify', { code })),
    ),
  );
  const won = answers.filter(({ status }) => status === 200).length;
  expect(won).toBeGreaterThan(0);
  const left = await on(1).call('GET', `/v1/factors/${setId}`, undefined, { key: on(0).first.key });
  expect(left.body.recovery_code).toEqual({ remaining: 10 - won });
});

it('S68: of new sets made at once on two replicas one lives', async () => {
  await enrolRecoverable(on(0), 'cy');
  const made = await Promise.all(
    Array.from({ length: 4 }, (_, n) => call(n, '/v1/users/cy/factors', { type: 'recovery_code' })),
  );
  expect(made.every(({ status }) => status === 201)).toBe(true);
  const proved = [];
  for (const { body } of made)
    proved.push(
      (await call(0, '/v1/users/cy/verify', { code: body.recovery_code.codes[0] })).status,
    );
  expect(proved.filter((status) => status === 200)).toHaveLength(1);
});

it.each([
  ['the set', 'dot', 'factors'],
  ['the challenge', 'eli', 'challenges'],
])(
  'S18: %s ends while the code is compared, which then is worth nothing',
  async (_, user, kind) => {
    const { setId, codes } = await enrolRecoverable(on(0), user);
    const challenge = await call(0, '/v1/challenges', { user_id: user, type: 'recovery_code' });
    const id = challenge.body.id as string;
    let release: () => void = () => undefined;
    until = new Promise<void>((resolve) => (release = resolve));
    const proving = call(0, `/v1/challenges/${id}/verify`, { code: codes[0] });
    while (hashing === 0) await setImmediate();
    const path = `/v1/${kind}/${kind === 'factors' ? setId : id}`;
    const { key } = on(0).first;
    expect((await on(1).call('DELETE', path, undefined, { key })).status).toBe(204);
    release();
    expect((await proving).body.code).toBe('code_incorrect');
    until = undefined;
  },
);
