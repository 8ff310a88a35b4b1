/** Logging in by a number alone: as the user whose number it is, or as a new one. */
import { startApplication, type TestApplication } from '../support/application.js';
import { codeAt, enrolPhone, inbox, openLogin, verify } from '../support/phones.js';

let service: TestApplication;
beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

let line = 400;
const nextNumber = () => `+1415555${String(++line).padStart(4, '0')}`;

const logIn = async (phone: string) => {
  const challenge = await openLogin(service, phone);
  return verify(service, challenge, await codeAt(service, phone));
};

it('a number that is known logs its user in', async () => {
  const phone = nextNumber();
  const factor = await enrolPhone(service, 'ann', phone);
  const answer = await logIn(phone);
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ user_id: 'ann', factor: { id: factor, type: 'phone' } });
});

it('a number that is new makes its user, once', async () => {
  const phone = nextNumber();
  const first = await logIn(phone);
  expect(first.body.user_id).toMatch(/^usr_[0-9a-z]{26}$/);
  const factors = await service.call('GET', `/v1/users/${first.body.user_id as string}/factors`);
  expect(factors.body.data).toMatchObject([{ type: 'phone', status: 'active' }]);
  const second = await logIn(phone);
  expect(second.body.user_id).toBe(first.body.user_id);
});

it('a code that is never typed in makes nobody', async () => {
  const phone = nextNumber();
  await openLogin(service, phone);
  const users = await service.database.kysely.selectFrom('users').selectAll().execute();
  await openLogin(service, nextNumber());
  expect(await service.database.kysely.selectFrom('users').selectAll().execute()).toEqual(users);
});

it('two proofs of a new number at once make one user', async () => {
  const phone = nextNumber();
  const one = await openLogin(service, phone);
  const first = await codeAt(service, phone);
  service.clock.advance(31);
  const other = await openLogin(service, phone);
  const second = await codeAt(service, phone);
  const answers = await Promise.all([verify(service, one, first), verify(service, other, second)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(answers[0].body.user_id).toBe(answers[1].body.user_id);
});

it('S106: the same number is another user’s in another realm', async () => {
  const phone = nextNumber();
  const own = await logIn(phone);
  const { key } = await service.register('another realm');
  const challenge = await openLogin(service, phone, {}, { key });
  const code = await codeAt(service, phone);
  expect((await verify(service, challenge, code)).status).toBe(404);
  const answer = await verify(service, challenge, code, { key });
  expect(answer.body.user_id).not.toBe(own.body.user_id);
});

it('a number that several users have is the one’s who proved it last', async () => {
  const phone = nextNumber();
  await enrolPhone(service, 'before', phone);
  service.clock.advance(31);
  await enrolPhone(service, 'after', phone);
  expect((await logIn(phone)).body.user_id).toBe('after');
});

it('a number that was removed is nobody’s', async () => {
  const phone = nextNumber();
  const factor = await enrolPhone(service, 'gone', phone);
  await service.call('DELETE', `/v1/factors/${factor}`);
  service.clock.advance(31);
  expect((await logIn(phone)).body.user_id).toMatch(/^usr_/);
});

it('one that is spelled otherwise is the same number (S56)', async () => {
  const phone = nextNumber();
  await enrolPhone(service, 'spelled', phone);
  const spelled = `+1 (415) ${phone.slice(5, 8)}-${phone.slice(8)}`;
  const challenge = await openLogin(service, spelled);
  const answer = await verify(service, challenge, await codeAt(service, phone));
  expect(answer.body.user_id).toBe('spelled');
});

it('an application that takes no phones opens none', async () => {
  const { application, key } = await service.register('apps only');
  await service.database.kysely
    .updateTable('applications')
    .set({ factor_types: ['totp'] })
    .where('id', '=', application.id)
    .execute();
  const body = { type: 'phone', phone: nextNumber() };
  const answer = await service.call('POST', '/v1/challenges', body, { key });
  expect(answer.body).toMatchObject({ code: 'factor_type_not_allowed', allowed: ['totp'] });
});

it('an erased user’s number is nobody’s, and nothing of it is left', async () => {
  const { UsersService } = await import('../../src/users/users.service.js');
  const phone = nextNumber();
  const { body } = await logIn(phone);
  const { realmId } = service.first.application;
  await service.app.get(UsersService).erase(realmId, body.user_id);
  const { kysely } = service.database;
  const left = await kysely
    .selectFrom('factors')
    .selectAll()
    .where('user_id', '=', body.user_id)
    .execute();
  expect(left).toEqual([]);
  service.clock.advance(601);
  const again = await logIn(phone);
  expect(again.body.user_id).not.toBe(body.user_id);
});

describe('test numbers', () => {
  const environment = { WATCHWORD_TEST_NUMBERS: '+15005550006=424242' };

  it('have a code that never changes, cost nothing, and are sent nothing', async () => {
    const own = await startApplication({ environment });
    for (let n = 0; n < 8; n++) {
      const challenge = await openLogin(own, '+15005550006');
      expect((await verify(own, challenge, '424243')).status).toBe(422);
      const answer = await verify(own, challenge, '424242');
      expect(answer.status).toBe(200);
    }
    expect(await inbox(own)).toEqual([]);
    expect(await own.database.kysely.selectFrom('send_counters').selectAll().execute()).toEqual([]);
    await own.close();
  });

  it('S123: in production are ordinary numbers once their day is over', async () => {
    const own = await startApplication({
      environment: {
        ...environment,
        NODE_ENV: 'production',
        WATCHWORD_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 'some random bytes').toString('base64')}`,
        WATCHWORD_EMBEDDED_IN_PRODUCTION: 'true',
        WATCHWORD_SMS_PROVIDERS: 'none',
        WATCHWORD_TEST_NUMBERS_IN_PRODUCTION: '+15005550006=2030-01-02',
      },
    });
    const challenge = await openLogin(own, '+15005550006');
    expect((await verify(own, challenge, '424242')).status).toBe(200);
    own.clock.advance(86_400);
    const body = { type: 'phone', phone: '+15005550006' };
    expect((await own.call('POST', '/v1/challenges', body)).body.code).toBe('channel_unavailable');
    expect((await own.call('GET', '/dev/inbox')).status).toBe(404);
    await own.close();
  });
});

describe('the inbox', () => {
  it('is a page for people: its own scripts run (S103), and without them it looks again by itself', async () => {
    const name = '<script>alert(1)</script>"';
    const { key } = await service.register(name);
    await openLogin(service, nextNumber(), {}, { key });
    await inbox(service);
    const page = await service.call('GET', '/dev/inbox', undefined, {
      key: '',
      headers: { accept: 'text/html,application/xhtml+xml' },
    });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'nonce-/,
    );
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.text).toContain('&lt;script>alert');
    expect(page.text).not.toContain('<script>');
    expect(page.text).toContain('http-equiv="refresh"');
  });

  it('is sealed at rest, and keeps the latest hundred', async () => {
    const rows = await service.database.kysely.selectFrom('inbox').selectAll().execute();
    expect(rows.length).toBeGreaterThan(5);
    for (const { content } of rows)
      expect(Buffer.from(content).toString('latin1')).not.toMatch(/\+1415/);
  });
});
