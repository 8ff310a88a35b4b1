/** Recovery codes: made, shown once, used once each, voided by the next set. */
import { createHash, randomInt } from 'node:crypto';
import { hashRaw } from '@node-rs/argon2';
import { sql } from 'kysely';
import { Envelope } from '../../src/crypto/envelope.js';
import { secretPlace } from '../../src/factors/method.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { codesAt, enrolPhone, inbox } from '../support/phones.js';
import { enrolRecoverable, newSet } from '../support/recovery-codes.js';
import { claimsOf } from '../support/sessions.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const begin = (userId: string, body: Record<string, unknown> = {}) =>
  service.call('POST', `/v1/users/${userId}/factors`, { type: 'recovery_code', ...body });
const verify = (userId: string, code: string | undefined, more: object = {}) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code, ...more });
const show = async (id: string) => (await service.call('GET', `/v1/factors/${id}`)).body;
const liveSets = async (userId: string) => {
  const { body } = await service.call('GET', `/v1/users/${userId}/factors`);
  return (body.data as { id: string; type: string }[]).filter(
    ({ type }) => type === 'recovery_code',
  );
};
const events = async (userId: string) =>
  (await service.call('GET', `/v1/audit?user_id=${userId}`)).body.data as {
    type: string;
    factor_id: string | null;
    detail: Record<string, unknown>;
  }[];
const codeOf = ({ body }: { body: { code: string } }) => body.code;
const wrongCodes = Array.from({ length: 8 }, (_, n) => `0000-0000-0000-000${n}`);

it('S14, S65: ten codes of 80 bits, active at once and shown this once', async () => {
  await enrol(service, 'ada');
  const answer = await begin('ada');
  expect(answer.status).toBe(201);
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.body).toMatchObject({ type: 'recovery_code', status: 'active', user_id: 'ada' });
  const { codes, remaining } = answer.body.recovery_code as { codes: string[]; remaining: number };
  expect(remaining).toBe(10);
  expect(new Set(codes).size).toBe(10);
  for (const code of codes)
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
  const shown = await show(answer.body.id as string);
  expect(shown.recovery_code).toEqual({ remaining: 10 });
  expect(await liveSets('ada')).toEqual([shown]);
});

/** What whoever has the database and the keys sees of a set: of each code a salt, 16 bits and the hash. */
async function openSet(id: string, userId: string) {
  const { secret } = await service.database.kysely
    .selectFrom('factors')
    .select('secret')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const { realmId } = service.first.application;
  const place = secretPlace({ id, realmId, userId });
  const opened = new Envelope(service.keyring).open(secret ?? new Uint8Array(), place);
  return Array.from({ length: 10 }, (_, n) => {
    const entry = opened.subarray(1 + 50 * n, 51 + 50 * n);
    return { salt: entry.subarray(0, 16), tag: entry.subarray(16, 18), hash: entry.subarray(18) };
  });
}

it('S66: what is stored is sealed, and no code is in it', async () => {
  const { setId, codes } = await enrolRecoverable(service, 'bea');
  const entries = await openSet(setId, 'bea');
  const owasp = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1, outputLen: 32 };
  const plain = codes.map((code) => code.replaceAll('-', ''));
  const hashes = entries.map(({ salt }, n) => hashRaw(plain[n] ?? '', { ...owasp, salt }));
  expect(await Promise.all(hashes)).toEqual(entries.map(({ hash }) => hash));
  const { rows } = await sql<{ row: string; secret: Uint8Array }>`
    SELECT to_jsonb(f)::text AS row, secret FROM factors f WHERE id = ${setId}`.execute(
    service.database.kysely,
  );
  const at = Buffer.from(rows[0]?.secret ?? '').toString('latin1');
  for (const code of plain) {
    expect(rows[0]?.row).not.toContain(code);
    expect(at).not.toContain(code);
  }
});

it('S67, S86: a code logs in once, as a one-time password beside what was checked before', async () => {
  const { setId, codes } = await enrolRecoverable(service, 'cy');
  const answer = await verify('cy', codes[3], { first_factor: ['pwd'] });
  expect(answer.body).toMatchObject({ factor: { id: setId, type: 'recovery_code' } });
  expect(claimsOf(answer.body.access_token as string)).toMatchObject({
    amr: ['pwd', 'otp', 'mfa'],
    acr: 'aal2',
  });
  expect(codeOf(await verify('cy', codes[3]))).toBe('code_incorrect');
  expect((await show(setId)).recovery_code).toEqual({ remaining: 9 });
  expect((await show(setId)).last_used_at).toBeDefined();
  const told = await events('cy');
  expect(told.filter(({ type }) => type === 'recovery_code.used')).toEqual([
    expect.objectContaining({
      factor_id: setId,
      detail: expect.objectContaining({ remaining: 9 }),
    }),
  ]);
  expect(told.at(-1)).toMatchObject({
    type: 'verification.refused',
    detail: { factor_type: 'recovery_code', reason: 'incorrect' },
  });
});

it('S26: case, spaces, dashes and look-alikes do not matter', async () => {
  const { codes } = await enrolRecoverable(service, 'dot');
  const [one = '', two = '', three = '', four = ''] = codes;
  const spoilt = three.replaceAll('0', 'o').replaceAll('1', 'l').replaceAll('V', 'u');
  const typed = [
    one.toLowerCase(),
    ` ${two.replaceAll('-', ' ')} `,
    spoilt,
    four.replaceAll('-', '–'),
  ];
  for (const code of typed) expect((await verify('dot', code)).status).toBe(200);
  for (const code of ['A', 'abcd-efgh', `${one}0`])
    expect(codeOf(await verify('dot', code))).toBe('invalid_request');
});

it('by challenge: of its own type, and the challenge ends with it', async () => {
  const { setId, codes } = await enrolRecoverable(service, 'eli');
  const open = async (type: string) => {
    const { body } = await service.call('POST', '/v1/challenges', { user_id: 'eli', type });
    return `/v1/challenges/${body.id as string}`;
  };
  const [code] = codes;
  const app = await open('totp');
  expect(codeOf(await service.call('POST', `${app}/verify`, { code }))).toBe('code_incorrect');
  const own = await open('recovery_code');
  const answer = await service.call('POST', `${own}/verify`, { code });
  expect(answer.body.factor).toEqual({ id: setId, type: 'recovery_code' });
  expect((await service.call('GET', own)).body.status).toBe('approved');
  const again = await service.call('POST', `${own}/verify`, { code: codes[1] });
  expect(codeOf(again)).toBe('challenge_ended');
  expect((await show(setId)).recovery_code).toEqual({ remaining: 9 });
});

it('a wrong code that the 16 bits beside a hash do not tell from a right one is wrong', async () => {
  const { setId } = await enrolRecoverable(service, 'gus');
  const entries = await openSet(setId, 'gus');
  const fits = (code: string) =>
    entries.some(({ salt, tag }) =>
      createHash('sha256')
        .update(`${salt.toString('base64')} ${code}`)
        .digest()
        .subarray(0, 2)
        .equals(tag),
    );
  let guess: string;
  do guess = String(randomInt(1e12)).padStart(16, '0');
  while (!fits(guess));
  expect(codeOf(await verify('gus', guess))).toBe('code_incorrect');
});

it('S68: a new set voids the old one, whose hashes are destroyed', async () => {
  const old = await enrolRecoverable(service, 'flo');
  await verify('flo', old.codes[0]);
  const fresh = await newSet(service, 'flo');
  expect(codeOf(await verify('flo', old.codes[1]))).toBe('code_incorrect');
  expect((await verify('flo', fresh.codes[1])).status).toBe(200);
  expect(await liveSets('flo')).toMatchObject([
    { id: fresh.setId, recovery_code: { remaining: 9 } },
  ]);
  expect((await show(old.setId)).status).toBe('revoked');
  const told = (await events('flo')).filter(({ factor_id }) => factor_id === old.setId);
  expect(told.at(-1)?.type).toBe('factor.revoked');
});

it('S68: of sets made at once one lives', async () => {
  await enrol(service, 'gil');
  const made = await Promise.all([begin('gil'), begin('gil'), begin('gil')]);
  expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
  const [live, ...others] = await liveSets('gil');
  expect(others).toEqual([]);
  for (const { body } of made) {
    const answer = await verify('gil', body.recovery_code.codes[0] as string);
    expect(answer.status).toBe(body.id === live?.id ? 200 : 422);
  }
});

it('is nobody’s only factor', async () => {
  expect(codeOf(await begin('hal'))).toBe('recovery_codes_need_factor');
  await service.call('POST', '/v1/users/hal/factors', { type: 'totp' });
  expect(codeOf(await begin('hal'))).toBe('recovery_codes_need_factor');
  const { setId } = await enrolRecoverable(service, 'hal');
  const activated = await service.call('POST', `/v1/factors/${setId}/activate`, { code: '123456' });
  expect(codeOf(activated)).toBe('factor_not_pending');
});

it('S15: needs a fresh proof where the application asks for one, and a recovery code is one', async () => {
  const { key } = await service.register('careful', 'app', { enrolProofSeconds: 300 });
  const call = (path: string, body: object) => service.call('POST', path, body, { key });
  const app = await enrol(service, 'ida', { key });
  const path = '/v1/users/ida/factors';
  expect(codeOf(await call(path, { type: 'recovery_code' }))).toBe('proof_required');
  service.clock.advance(60);
  const proved = await call('/v1/users/ida/verify', { code: app.code() });
  const first = await newSet(service, 'ida', { proof: proved.body.access_token }, { key });
  service.clock.advance(301);
  expect(codeOf(await call(path, { type: 'recovery_code', proof: proved.body.access_token }))).toBe(
    'proof_required',
  );
  const recovered = await call('/v1/users/ida/verify', { code: first.codes[0] });
  const proof = recovered.body.access_token as string;
  expect((await call(path, { type: 'totp', proof })).status).toBe(201);
});

it('S69: has a budget of its own, which success clears', async () => {
  const { app, codes } = await enrolRecoverable(service, 'jo');
  for (const code of wrongCodes.slice(0, 4)) await verify('jo', code);
  expect((await verify('jo', codes[0])).status).toBe(200);
  for (const code of wrongCodes.slice(0, 4))
    expect(codeOf(await verify('jo', code))).toBe('code_incorrect');
  expect((await verify('jo', wrongCodes[4])).body.attempts_left).toBe(0);
  expect(codeOf(await verify('jo', codes[1]))).toBe('locked');
  expect((await verify('jo', app.code(1))).status).toBe(200);
});

it('S16: its use is told to the user’s phones', async () => {
  const { codes } = await enrolRecoverable(service, 'kim');
  await enrolPhone(service, 'kim', '+14155550188');
  await verify('kim', wrongCodes[0]);
  expect(await codesAt(service, '+14155550188')).toBe(1);
  await verify('kim', codes[0]);
  const told = (await inbox(service)).filter(({ to }) => to === '+14155550188');
  expect(told[0]?.body).toMatch(/^A recovery code was used at realm-/);
  expect(told).toHaveLength(2);
});

it('an application that does not accept the type neither makes nor takes them', async () => {
  const { codes } = await enrolRecoverable(service, 'lou');
  const setTypes = (types: readonly string[]) =>
    service.database.kysely
      .updateTable('applications')
      .set({ factor_types: [...types] })
      .where('id', '=', service.first.application.id)
      .execute();
  await setTypes(['totp']);
  service.clock.advance(6);
  expect(codeOf(await begin('lou'))).toBe('factor_type_not_allowed');
  expect(codeOf(await verify('lou', codes[0]))).toBe('factor_type_not_allowed');
  await setTypes(service.first.application.factorTypes);
  service.clock.advance(6);
  expect((await verify('lou', codes[0])).status).toBe(200);
});
