/** Verifying a code: in one call, by challenge, with several factors, and once only. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { decodeJwt } from 'jose';
import { UsersService } from '../../src/users/users.service.js';
import { startApplication, type Answer, type TestApplication } from '../support/application.js';
import { enrol, scan, type Authenticator } from '../support/authenticator.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const verify = ({ userId }: Pick<Authenticator, 'userId'>, code: string, more: object = {}) =>
  service.call('POST', `/v1/users/${encodeURIComponent(userId)}/verify`, { code, ...more });
const open = (userId: string, more: object = {}) =>
  service.call('POST', '/v1/challenges', { user_id: userId, type: 'totp', ...more });
const answerChallenge = (id: string, code: string) =>
  service.call('POST', `/v1/challenges/${id}/verify`, { code });
const claimsOf = ({ body }: Answer) => decodeJwt(body.access_token as string);
const events = async (userId: string) =>
  (await service.call('GET', `/v1/audit?user_id=${userId}`)).body.data as {
    type: string;
    detail: Record<string, unknown>;
  }[];

it('answers a right code in one call with exactly a token', async () => {
  const app = await enrol(service, 'ada');
  service.clock.advance(30);
  const answer = await verify(app, app.code());
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      access_token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]{86}$/),
      token_type: 'Bearer',
      expires_in: 900,
      factor: { id: app.factorId, type: 'totp' },
      user_id: 'ada',
    },
  ]);
  expect(answer.headers['cache-control']).toBe('no-store');
});

it('answers a right code by challenge with the same, and shows how the challenge went', async () => {
  const app = await enrol(service, 'bea');
  service.clock.advance(30);
  const created = await open('bea');
  const now = service.clock.now().getTime();
  const pending = {
    id: expect.stringMatching(/^chl_[0-9a-z]{26}$/),
    type: 'totp',
    status: 'pending',
    purpose: 'login',
    user_id: 'bea',
    created_at: new Date(now).toISOString(),
    expires_at: new Date(now + 300_000).toISOString(),
    attempts_left: 5,
  };
  expect([created.status, created.body]).toEqual([201, pending]);
  const id = created.body.id as string;
  expect((await answerChallenge(id, wrongCode(app))).body).toMatchObject({ attempts_left: 4 });
  const show = async () => (await service.call('GET', `/v1/challenges/${id}`)).body;
  expect(await show()).toEqual({ ...pending, attempts_left: 4 });
  const answer = await answerChallenge(id, app.code());
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.body).toMatchObject({ user_id: 'bea', factor: { id: app.factorId } });
  expect(await show()).toEqual({ ...pending, status: 'approved', attempts_left: 0 });
});

it('S35: several factors share one budget, and naming one asks only that one', async () => {
  const [one, two] = [await enrol(service, 'cy'), await enrol(service, 'cy')];
  service.clock.advance(30);
  const named = await verify(one, one.code(), { factor_id: two.factorId });
  expect(named.body).toMatchObject({ code: 'code_incorrect', attempts_left: 4 });
  expect((await verify(two, wrongCode(two))).body.attempts_left).toBe(3);
  // Nothing was used up by the wrong name.
  expect((await verify(one, one.code())).body.factor.id).toBe(one.factorId);
  expect((await verify(two, two.code(), { factor_id: two.factorId })).status).toBe(200);
});

it('S86: first factors come into the token with the proven one and mfa, and make aal2', async () => {
  const app = await enrol(service, 'di');
  const cases = [
    [undefined, ['otp'], 'aal1'],
    [['pwd'], ['pwd', 'otp', 'mfa'], 'aal2'],
    [['pwd', 'fpt', 'pwd'], ['pwd', 'fpt', 'otp', 'mfa'], 'aal2'],
  ] as const;
  for (const [first_factor, amr, acr] of cases) {
    service.clock.advance(30);
    const more = first_factor && { first_factor };
    expect(claimsOf(await verify(app, app.code(), more))).toMatchObject({ amr, acr });
    service.clock.advance(30);
    const { id } = (await open('di', more)).body as { id: string };
    expect(claimsOf(await answerChallenge(id, app.code()))).toMatchObject({ amr, acr });
  }
  for (const first_factor of [[], ['otp'], ['mfa'], ['sms'], 'pwd', [1]])
    expect((await verify(app, app.code(), { first_factor })).body.code).toBe('invalid_request');
});

it('a transaction is bound: its RFC 8785 hash is in the token, whatever its spelling', async () => {
  const app = await enrol(service, 'eli');
  const transaction = {
    payee: 'Zoë "Ltd" \u20ac\n',
    amount: { value: 1250.5, tiny: 1e-7, big: 1e21 },
    items: [3, null, true, { b: '', a: '😀' }],
    '\u{1f600}': 1,
    '\ufb33': 2,
    '': {},
  };
  const canonical = canonicalize(transaction) ?? '';
  const txn_hash = createHash('sha256').update(canonical).digest('base64url');
  service.clock.advance(30);
  expect(claimsOf(await verify(app, app.code(), { transaction }))['txn_hash']).toBe(txn_hash);
  service.clock.advance(30);
  const reversed = Object.fromEntries(Object.entries(transaction).reverse());
  const created = await open('eli', { transaction: reversed, purpose: 'confirm' });
  expect(created.body).toMatchObject({ purpose: 'confirm', transaction });
  const { id } = created.body as { id: string };
  expect((await service.call('GET', `/v1/challenges/${id}`)).body.transaction).toEqual(transaction);
  expect(claimsOf(await answerChallenge(id, app.code()))['txn_hash']).toBe(txn_hash);
  service.clock.advance(30);
  expect(claimsOf(await verify(app, app.code()))).not.toHaveProperty('txn_hash');
  const [approved] = (await events('eli')).filter(({ type }) => type === 'verification.approved');
  expect(approved?.detail).toMatchObject({ transaction_hash: txn_hash });
});

it('S120: a transaction of more than 4 KB, or that is no object, is refused', async () => {
  const app = await enrol(service, 'fay');
  service.clock.advance(30);
  const refused = [{ a: 'x'.repeat(4096) }, [], 'x', 1, { a: '\u0000' }, { a: '\ud800' }];
  for (const transaction of refused)
    for (const answer of [
      await verify(app, app.code(), { transaction }),
      await open('fay', { transaction }),
    ])
      expect(answer.body.code).toBe('invalid_request');
  const transaction = { a: 'x'.repeat(4088) };
  expect((await verify(app, app.code(), { transaction })).status).toBe(200);
});

it('S23, S25: one code at once on the direct call and two challenges earns one token', async () => {
  const app = await enrol(service, 'gus');
  for (let round = 0; round < 5; round++) {
    service.clock.advance(30);
    const ids = [];
    for (const purpose of ['login', 'step_up'])
      ids.push((await open('gus', { purpose })).body.id as string);
    const code = app.code();
    const answers = await Promise.all([
      ...ids.map((id) => answerChallenge(id, code)),
      verify(app, code),
      verify(app, code, { factor_id: app.factorId }),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await service.app.get(UsersService).unlock(service.first.application.realmId, 'gus');
  }
});

it('S42: unknown user, user without a factor and wrong code look the same, answer for answer', async () => {
  const known = await enrol(service, 'hal');
  await scan(service, 'ida');
  service.clock.advance(30);
  const code = wrongCode(known);
  const seen: unknown[] = [];
  for (const userId of ['hal', 'ida', 'jim']) {
    const direct = await verify({ userId }, code);
    const created = await open(userId);
    const { id } = created.body as { id: string };
    const answered = await answerChallenge(id, code);
    const shown = await service.call('GET', `/v1/challenges/${id}`);
    const answers = [direct, created, answered, shown].map(({ status, headers, body }) => ({
      status,
      body: { ...body, request_id: '', ...('user_id' in body && { user_id: '', id: '' }) },
      headers: { ...headers, date: '', 'x-request-id': '', 'content-length': '' },
    }));
    const guesses = [];
    for (let n = 0; n < 5; n++) guesses.push((await verify({ userId }, code)).body);
    seen.push([answers, guesses.map((body) => ({ ...body, request_id: '' }))]);
  }
  expect(seen[0]).toEqual(seen[2]);
  expect(seen[1]).toEqual(seen[2]);
});

it('S44, S45: success clears what came before it, and the audit tells of both', async () => {
  const app = await enrol(service, 'kim');
  service.clock.advance(30);
  for (let n = 0; n < 3; n++) await verify(app, wrongCode(app, n));
  expect((await verify(app, app.code())).status).toBe(200);
  expect((await verify(app, app.code())).body.attempts_left).toBe(4);
  const seen = (await events('kim')).slice(2).map(({ type, detail }) => [type, detail]);
  const refused = (n: number) => [
    'verification.refused',
    { factor_type: 'totp', reason: 'incorrect', consecutive_failures: n },
  ];
  expect(seen).toEqual([
    refused(1),
    refused(2),
    refused(3),
    ['verification.approved', { factor_type: 'totp', transaction_hash: null, failures_before: 3 }],
    refused(1),
  ]);
});

it.each([{}, { code: 123456 }, { code: '12345' }, { code: '12345678901' }, { code: 'abcdef' }])(
  'S120: %j is no code and costs no attempt',
  async (body) => {
    const answer = await service.call('POST', '/v1/users/lou/verify', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect((await verify({ userId: 'lou' }, '123456')).body.attempts_left).toBe(4);
    await service.app.get(UsersService).unlock(service.first.application.realmId, 'lou');
  },
);
