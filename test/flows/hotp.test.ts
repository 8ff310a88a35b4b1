/** Hardware tokens, those that count and those with a clock: enrolled, used, gone astray, found again. */
import { execFileSync, spawnSync } from 'node:child_process';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { CountingToken, enrolToken, TickingToken } from '../support/hard-token.js';
import { claimsOf } from '../support/sessions.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const begin = (userId: string, body: Record<string, unknown>) =>
  service.call('POST', `/v1/users/${userId}/factors`, body);
const verify = (userId: string, code: string, more: object = {}) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code, ...more });
const resync = (id: string, codes: readonly string[]) =>
  service.call('POST', `/v1/factors/${id}/resync`, { codes });
const show = async (id: string) => (await service.call('GET', `/v1/factors/${id}`)).body;
const events = async (userId: string) =>
  (await service.call('GET', `/v1/audit?user_id=${userId}`)).body.data as {
    type: string;
    factor_id: string | null;
    detail: Record<string, unknown>;
  }[];
const codeOf = ({ body }: { body: { code: string } }) => body.code;

describe('a token that counts', () => {
  it('is enrolled with its secret, which is never shown, and activated by a code', async () => {
    const token = new CountingToken(40);
    const body = { type: 'hotp', secret: token.base32, counter: 40, name: 'Grey one' };
    const enrolled = await begin('ada', body);
    expect(enrolled.status).toBe(201);
    expect(enrolled.body).toMatchObject({ type: 'hotp', name: 'Grey one', status: 'pending' });
    expect(enrolled.text).not.toContain(token.base32);
    const id = enrolled.body.id as string;
    expect((await service.call('GET', `/v1/factors/${id}/qr.svg`)).status).toBe(404);
    const active = await service.call('POST', `/v1/factors/${id}/activate`, {
      code: token.press(),
    });
    expect(active.body).toMatchObject({ type: 'hotp', status: 'active', hardware: true });
  });

  it('S86: logs in, as a one-time password and not as a hardware key', async () => {
    const token = new CountingToken();
    const id = await enrolToken(service, 'bea', token);
    const answer = await verify('bea', token.press(), { first_factor: ['pwd'] });
    expect(answer.body).toMatchObject({ factor: { id, type: 'hotp' }, user_id: 'bea' });
    expect(claimsOf(answer.body.access_token as string)).toMatchObject({
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'aal2',
    });
    expect((await events('bea')).at(-1)).toMatchObject({
      type: 'verification.approved',
      factor_id: id,
      detail: { factor_type: 'hotp' },
    });
    expect((await show(id)).last_used_at).toBeDefined();
  });

  it('S13, S23, S24: a code is good once, and whatever is older is dead with it', async () => {
    const token = new CountingToken();
    await enrolToken(service, 'cy', token);
    expect(codeOf(await verify('cy', token.codeOf(0)))).toBe('code_incorrect');
    expect((await verify('cy', token.codeOf(3))).status).toBe(200);
    for (const counter of [3, 2, 1])
      expect(codeOf(await verify('cy', token.codeOf(counter)))).toBe('code_incorrect');
    expect((await verify('cy', token.codeOf(4))).status).toBe(200);
  });

  it('S10: looks ten codes ahead, or as far as the token is given', async () => {
    const [usual, short] = [new CountingToken(), new CountingToken()];
    await enrolToken(service, 'dot', usual);
    await enrolToken(service, 'eli', short, { look_ahead: 2 });
    expect(codeOf(await verify('dot', usual.codeOf(11)))).toBe('code_incorrect');
    expect((await verify('dot', usual.codeOf(10))).status).toBe(200);
    expect(codeOf(await verify('eli', short.codeOf(3)))).toBe('code_incorrect');
    expect((await verify('eli', short.codeOf(2))).status).toBe(200);
  });

  it.each([0, 21, 1.5])('S8, S10: cannot be given a look-ahead of %d', async (look_ahead) => {
    const { base32: secret } = new CountingToken();
    const answer = await begin('flo', { type: 'hotp', secret, look_ahead });
    expect(codeOf(answer)).toBe('invalid_request');
  });

  it('by challenge: of its own type, and of no other', async () => {
    const token = new CountingToken();
    const id = await enrolToken(service, 'gil', token);
    const open = async (type: string) => {
      const { body } = await service.call('POST', '/v1/challenges', { user_id: 'gil', type });
      return `/v1/challenges/${body.id as string}/verify`;
    };
    const code = token.press();
    expect(codeOf(await service.call('POST', await open('totp'), { code }))).toBe('code_incorrect');
    const answer = await service.call('POST', await open('hotp'), { code });
    expect(answer.body).toMatchObject({ factor: { id, type: 'hotp' } });
  });

  it('S25: one code sent fifty times at once is good once', async () => {
    const token = new CountingToken();
    await enrolToken(service, 'hal', token);
    const code = token.press();
    const answers = await Promise.all(Array.from({ length: 50 }, () => verify('hal', code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('S34, S35: apps and tokens of a user share one budget, on every endpoint', async () => {
    const token = new CountingToken();
    await enrolToken(service, 'ida', token);
    const app = await enrol(service, 'ida');
    service.clock.advance(60);
    const challenge = await service.call('POST', '/v1/challenges', {
      ...{ user_id: 'ida', type: 'hotp' },
    });
    const path = `/v1/challenges/${challenge.body.id as string}/verify`;
    await verify('ida', token.wrong(1));
    await service.call('POST', path, { code: token.wrong(2) });
    await verify('ida', token.wrong(3), { factor_id: app.factorId });
    await verify('ida', token.wrong(4));
    expect((await verify('ida', token.wrong(5))).body.attempts_left).toBe(0);
    expect(codeOf(await verify('ida', token.press()))).toBe('locked');
    expect(codeOf(await verify('ida', app.code()))).toBe('locked');
  });

  it('S44: and its success clears that budget', async () => {
    const token = new CountingToken();
    await enrolToken(service, 'jo', token);
    for (let n = 0; n < 4; n++) await verify('jo', token.wrong(n));
    expect((await verify('jo', token.press())).status).toBe(200);
    expect((await verify('jo', token.wrong())).body.attempts_left).toBe(4);
  });

  it('S18: is dead at once when it is revoked', async () => {
    const token = new CountingToken();
    const id = await enrolToken(service, 'kim', token);
    await service.call('DELETE', `/v1/factors/${id}`);
    expect(codeOf(await verify('kim', token.press()))).toBe('code_incorrect');
    expect((await resync(id, [token.press(), token.press()])).status).toBe(404);
  });

  it('S23: a secret that the user has already is refused, as an app’s or as a token’s', async () => {
    const token = new CountingToken();
    await enrolToken(service, 'lou', token);
    for (const type of ['totp', 'hotp'])
      expect(codeOf(await begin('lou', { type, secret: token.base32 }))).toBe(
        'factor_secret_in_use',
      );
  });

  it('an application that does not accept the type gets none of its codes', async () => {
    const token = new CountingToken();
    const id = await enrolToken(service, 'mo', token);
    await service.database.kysely
      .updateTable('applications')
      .set({ factor_types: ['totp', 'phone'] })
      .where('id', '=', service.first.application.id)
      .execute();
    service.clock.advance(6);
    const { base32: secret } = new CountingToken();
    expect(codeOf(await begin('mo', { type: 'hotp', secret }))).toBe('factor_type_not_allowed');
    expect(codeOf(await verify('mo', token.press()))).toBe('code_incorrect');
    expect(codeOf(await resync(id, [token.press(), token.press()]))).toBe(
      'factor_type_not_allowed',
    );
    await service.database.kysely
      .updateTable('applications')
      .set({ factor_types: service.first.application.factorTypes.slice() })
      .where('id', '=', service.first.application.id)
      .execute();
    service.clock.advance(6);
    expect((await verify('mo', token.press())).status).toBe(200);
  });
});

describe('a token that went astray', () => {
  it('S10: two codes in a row find it again; both are used up', async () => {
    const token = new CountingToken();
    const id = await enrolToken(service, 'ned', token);
    token.pressBlindly(500);
    expect(codeOf(await verify('ned', token.press()))).toBe('code_incorrect');
    const pair = [token.press(), token.press()] as const;
    expect((await resync(id, pair)).body).toMatchObject({ id, status: 'active' });
    for (const code of pair) expect(codeOf(await verify('ned', code))).toBe('code_incorrect');
    expect(codeOf(await resync(id, pair))).toBe('code_incorrect');
    expect((await verify('ned', token.press())).status).toBe(200);
    const told = (await events('ned')).map(({ type }) => type);
    expect(told.filter((type) => type === 'factor.resynchronised')).toHaveLength(1);
    expect(told).toContain('factor.resync_refused');
  });

  it('S10, S30: it is counted as an attempt, and while locked right codes do not help', async () => {
    const token = new CountingToken();
    const id = await enrolToken(service, 'ola', token);
    token.pressBlindly(50);
    const pair = [token.press(), token.press()] as const;
    for (let left = 4; left >= 0; left--)
      expect((await resync(id, [token.wrong(left), token.wrong(left + 9)])).body).toMatchObject({
        code: 'code_incorrect',
        attempts_left: left,
      });
    expect(codeOf(await resync(id, pair))).toBe('locked');
    expect(codeOf(await verify('ola', pair[1]))).toBe('locked');
    service.clock.advance(31);
    expect((await resync(id, pair)).status).toBe(200);
    // S44: and the budget is whole again.
    expect((await verify('ola', token.wrong())).body.attempts_left).toBe(4);
  });

  it('S10: not further than a thousand codes, and not by codes with a gap or turned round', async () => {
    const token = new CountingToken();
    const id = await enrolToken(service, 'pat', token);
    const [one, two, three] = [token.codeOf(300), token.codeOf(301), token.codeOf(302)];
    for (const pair of [
      [one, three],
      [two, one],
      [one, one],
      [token.codeOf(1001), token.codeOf(1002)],
    ])
      expect(codeOf(await resync(id, pair))).toBe('code_incorrect');
    expect((await resync(id, [one, two])).status).toBe(200);
  });

  it('S25: of twenty at once one is right', async () => {
    const token = new CountingToken();
    const id = await enrolToken(service, 'quin', token);
    token.pressBlindly(30);
    const pair = [token.press(), token.press()] as const;
    const answers = await Promise.all(Array.from({ length: 20 }, () => resync(id, pair)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('in a drawer, before its first use: the two codes activate it', async () => {
    const token = new CountingToken();
    const { body } = await begin('rae', { type: 'hotp', secret: token.base32 });
    const id = body.id as string;
    token.pressBlindly(77);
    const activate = (code: string) => service.call('POST', `/v1/factors/${id}/activate`, { code });
    expect(codeOf(await activate(token.press()))).toBe('code_incorrect');
    expect((await resync(id, [token.press(), token.press()])).body.status).toBe('active');
    expect((await verify('rae', token.press())).status).toBe(200);
  });

  it('S105: another realm’s, or no id of anything, is not there', async () => {
    const other = await service.register('elsewhere');
    const token = new CountingToken();
    const id = await enrolToken(service, 'sam', token);
    const path = `/v1/factors/${id}/resync`;
    const codes = [token.press(), token.press()];
    expect((await service.call('POST', path, { codes }, { key: other.key })).status).toBe(404);
    expect((await resync('fac_nothing', codes)).status).toBe(404);
  });

  it('an app is told to set its clock instead', async () => {
    const app = await enrol(service, 'tia');
    expect(codeOf(await resync(app.factorId, ['123456', '234567']))).toBe('factor_not_resyncable');
  });
});

describe('a token with a clock', () => {
  async function enrolTicking(userId: string, driftSeconds: number) {
    const token = new TickingToken(service, driftSeconds);
    const { body } = await begin(userId, { type: 'totp', hardware: true, secret: token.base32 });
    return { token, id: body.id as string };
  }

  it('is a totp factor that says it is hardware', async () => {
    const { token, id } = await enrolTicking('una', 0);
    await service.call('POST', `/v1/factors/${id}/activate`, { code: token.code() });
    expect(await show(id)).toMatchObject({ type: 'totp', hardware: true, status: 'active' });
    service.clock.advance(30);
    expect((await verify('una', token.code())).body.factor).toEqual({ id, type: 'totp' });
  });

  it('S9: its drift is followed beyond an app’s, a step at a time', async () => {
    const { token, id } = await enrolTicking('vic', 0);
    await service.call('POST', `/v1/factors/${id}/activate`, { code: token.code() });
    for (let login = 0; login < 8; login++) {
      service.clock.advance(7 * 86_400);
      token.driftSeconds += 30;
      expect((await verify('vic', token.code())).status).toBe(200);
    }
    // S7: the window around it is as narrow as ever.
    service.clock.advance(300);
    token.driftSeconds += 60;
    expect(codeOf(await verify('vic', token.code()))).toBe('code_incorrect');
  });

  it('two codes in a row find its clock again, and the drift is kept', async () => {
    const { token, id } = await enrolTicking('wyn', -7_230);
    const pair = [token.code(-1), token.code()];
    expect((await resync(id, pair)).body.status).toBe('active');
    service.clock.advance(60);
    expect((await verify('wyn', token.code())).status).toBe(200);
    token.driftSeconds -= 3_600;
    // S24: a clock that was set back shows codes of steps that are spent already.
    expect(codeOf(await resync(id, [token.code(-1), token.code()]))).toBe('code_incorrect');
    service.clock.advance(7_200);
    expect((await resync(id, [token.code(-1), token.code()])).status).toBe(200);
    service.clock.advance(30);
    expect((await verify('wyn', token.code())).status).toBe(200);
  });
});

it('codes of oathtool log in, and find a token again', async () => {
  if (spawnSync('oathtool', ['--version']).status !== 0) {
    if (process.env['CI'] === 'true')
      throw new Error('oathtool is missing: apt-get install oathtool');
    console.warn('oathtool is MISSING: no code of another program was tried.');
    return;
  }
  const { base32 } = new CountingToken();
  const codesFrom = (counter: number) =>
    execFileSync('oathtool', ['--hotp', '--base32', '-d8', `-c${counter}`, '-w1', base32])
      .toString()
      .trim()
      .split('\n');
  const { body } = await begin('xia', { type: 'hotp', secret: base32, digits: 8 });
  const id = body.id as string;
  await service.call('POST', `/v1/factors/${id}/activate`, { code: codesFrom(0)[0] });
  expect((await verify('xia', codesFrom(7)[0] ?? '')).status).toBe(200);
  expect((await resync(id, codesFrom(400))).status).toBe(200);
  expect((await verify('xia', codesFrom(402)[0] ?? '')).status).toBe(200);
});
