/** Codes that operators make for people who have lost every factor. */
import { sql } from 'kysely';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { makeBypass, operate } from '../support/bypass-codes.js';
import { codesAt, enrolPhone, inbox } from '../support/phones.js';
import { claimsOf } from '../support/sessions.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const verify = (userId: string, code: string | undefined, more: object = {}) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code, ...more });
const challenge = async (body: object) =>
  (await service.call('POST', '/v1/challenges', body)).body.id as string;
const answer = (id: string, code: string) =>
  service.call('POST', `/v1/challenges/${id}/verify`, { code });
const inRealm = () => ({ realm: service.first.application.realmName });
const listed = async (user: string) =>
  (
    await operate<{ id: string; status: string }[]>(service, 'bypass.list', { ...inRealm(), user })
  ).map(({ id, status }) => [id, status]);
const eventsOf = async (user: string) =>
  (await service.call('GET', `/v1/audit?user_id=${user}`)).body.data as {
    type: string;
    actor: string;
    factor_id: string | null;
    detail: Record<string, unknown>;
  }[];

it('lets its user in once, and the token says no more than that', async () => {
  await enrol(service, 'ada');
  const { id, code } = await makeBypass(service, 'ada');
  expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/);
  const typed = ` ${code.toLowerCase().replaceAll('-', ' ')} `;
  const letIn = await verify('ada', typed, { first_factor: ['pwd'] });
  expect(letIn.body).toMatchObject({ user_id: 'ada', factor: { id, type: 'bypass_code' } });
  expect(claimsOf(letIn.body.access_token as string)).toMatchObject({
    amr: ['pwd', 'otp'],
    acr: 'aal1',
  });
  expect((await verify('ada', code)).body).toMatchObject({ code: 'code_incorrect' });
  expect(await listed('ada')).toEqual([[id, 'used']]);
});

it.each([
  ['totp', '+14155550111'],
  ['phone', '+14155550112'],
  ['bypass_code', '+14155550113'],
])('answers a challenge of the type %s', async (type, phone) => {
  const user = `of-${type}`;
  await enrolPhone(service, user, phone);
  const { code } = await makeBypass(service, user);
  const asked = await challenge({ user_id: user, type });
  const { status, body } = await answer(asked, code);
  expect([status, body.factor?.type]).toEqual([200, 'bypass_code']);
  const shown = await service.call('GET', `/v1/challenges/${asked}`);
  expect(shown.body.status).toBe('approved');
});

it('is for a user that there is, and ends the one before', async () => {
  await enrol(service, 'bea');
  await expect(makeBypass(service, 'baa')).rejects.toThrow('watchword users list');
  const first = await makeBypass(service, 'bea');
  const second = await makeBypass(service, 'bea');
  expect((await verify('bea', first.code)).status).toBe(422);
  expect(await listed('bea')).toEqual([
    [second.id, 'open'],
    [first.id, 'revoked'],
  ]);
  expect((await verify('bea', second.code)).status).toBe(200);
});

it('ends by time, and before it', async () => {
  await enrol(service, 'cy');
  const { id, code } = await makeBypass(service, 'cy', { minutes: 10 });
  service.clock.advance(600);
  expect((await verify('cy', code)).status).toBe(422);
  expect(await listed('cy')).toEqual([[id, 'expired']]);
  const next = await makeBypass(service, 'cy');
  await operate(service, 'bypass.revoke', { ...inRealm(), id: next.id, by: 'pat' });
  expect((await verify('cy', next.code)).status).toBe(422);
  await expect(makeBypass(service, 'cy', { minutes: 24 * 60 + 1 })).rejects.toThrow('minutes');
});

it('S15: who was let in adds a factor where that takes a proof', async () => {
  const strict = await service.register('Strict', 'app', { enrolProofSeconds: 300 });
  const withKey = { key: strict.key };
  await enrol(service, 'dan', withKey);
  const add = (proof?: string) =>
    service.call('POST', '/v1/users/dan/factors', { type: 'totp', proof }, withKey);
  expect((await add()).body.code).toBe('proof_required');
  const { code } = await makeBypass(service, 'dan', {}, strict);
  const letIn = await service.call('POST', '/v1/users/dan/verify', { code }, withKey);
  expect((await add(letIn.body.access_token as string)).status).toBe(201);
});

it('a realm may ask for a second operator, who is another one', async () => {
  await enrol(service, 'eve');
  const set = (bypassSecondOperator: boolean) =>
    operate(service, 'realms.update', { ...inRealm(), bypassSecondOperator });
  expect(await set(true)).toMatchObject({ bypassSecondOperator: true });
  const { id, code, next } = await makeBypass(service, 'eve');
  expect(next).toContain(`watchword bypass approve ${id}`);
  expect((await verify('eve', code)).status).toBe(422);
  const approve = (by: string) => operate(service, 'bypass.approve', { ...inRealm(), id, by });
  await expect(approve(' OLGA')).rejects.toThrow('Somebody else');
  expect(await listed('eve')).toEqual([[id, 'waiting']]);
  expect(await approve('pat')).toMatchObject({
    status: 'open',
    createdBy: 'olga',
    approvedBy: 'pat',
  });
  await expect(approve('quinn')).rejects.toThrow('it is open');
  expect((await verify('eve', code)).status).toBe(200);
  await expect(approve('quinn')).rejects.toThrow('it is used');
  await set(false);
});

it('S16, S116: the audit has who and why, and the user’s phones hear of its use', async () => {
  await enrolPhone(service, 'flo', '+14155550120');
  const before = await codesAt(service, '+14155550120');
  const { id, code } = await makeBypass(service, 'flo');
  await verify('flo', code);
  expect(await codesAt(service, '+14155550120')).toBe(before + 1);
  expect((await inbox(service))[0]?.body).toContain('code from support');
  const told = (await eventsOf('flo')).slice(-2);
  expect(told).toMatchObject([
    {
      type: 'bypass_code.created',
      actor: 'operator',
      detail: { bypass_id: id, by: 'olga', reason: 'lost phone, called back', needs_second: false },
    },
    { type: 'verification.approved', factor_id: id, detail: { factor_type: 'bypass_code' } },
  ]);
  const said = JSON.stringify(told);
  expect(said).not.toContain(code.replaceAll('-', ''));
  expect(said).not.toContain(code);
});

it('S66: what is stored is sealed, and gone once it is over', async () => {
  await enrol(service, 'gus');
  const { id, code } = await makeBypass(service, 'gus');
  const stored = async () => {
    const { rows } = await sql<{ row: string; code: Uint8Array | null }>`
      SELECT to_jsonb(b)::text AS row, code FROM bypass_codes b WHERE id = ${id}`.execute(
      service.database.kysely,
    );
    return rows[0];
  };
  expect((await stored())?.row).not.toContain(code.replaceAll('-', ''));
  const sealed = Buffer.from((await stored())?.code ?? '').toString('latin1');
  expect(sealed.length).toBeGreaterThan(32);
  expect(sealed).not.toContain(code.replaceAll('-', ''));
  await verify('gus', code);
  expect((await stored())?.code).toBeNull();
});

it('erasing its user takes it along', async () => {
  await enrol(service, 'hal');
  const { code } = await makeBypass(service, 'hal');
  await operate(service, 'users.erase', { ...inRealm(), user: 'hal' });
  expect((await verify('hal', code)).status).toBe(422);
  expect(await listed('hal')).toEqual([]);
});
