/** From nothing to an active factor, and everything an enrolment may ask for. */
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { CALLER_KEPT_MS } from '../../src/applications/callers.js';
import { PENDING_SECONDS } from '../../src/factors/factor.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, scan } from '../support/authenticator.js';

let service: TestApplication;
beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const begin = (userId: string, body: object = {}) =>
  service.call('POST', `/v1/users/${encodeURIComponent(userId)}/factors`, {
    type: 'totp',
    ...body,
  });

it('S3, S14: makes 160 bits, shows them this once, and is not to be stored', async () => {
  const { body, headers, status } = await begin('alice');
  expect(status).toBe(201);
  expect(headers['cache-control']).toBe('no-store');
  expect(body).toEqual({
    id: expect.stringMatching(/^fac_[0-9a-z]{26}$/),
    type: 'totp',
    name: 'Authenticator app',
    status: 'pending',
    user_id: 'alice',
    created_at: service.clock.now().toISOString(),
    expires_at: new Date(service.clock.now().getTime() + PENDING_SECONDS * 1000).toISOString(),
    totp: {
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      uri: expect.stringContaining('otpauth://totp/'),
      qr_svg: expect.stringContaining('<svg'),
    },
  });
  const { body: shown } = await service.call('GET', `/v1/factors/${body.id as string}`);
  expect(JSON.stringify(shown)).not.toContain(body.totp.secret);
  expect(shown).not.toHaveProperty('totp');
});

it.each([
  [{}, 'SHA1', '6', '30'],
  [{ algorithm: 'SHA256', digits: 8, period: 60 }, 'SHA256', '8', '60'],
  [{ algorithm: 'SHA512', digits: 7, period: 15 }, 'SHA512', '7', '15'],
  [{ period: 120 }, 'SHA1', '6', '120'],
])('S6: with %j the key URI says what is verified', async (body, algorithm, digits, period) => {
  const app = await scan(service, 'bob', { body });
  const { searchParams } = new URL(await uriOf(app.factorId));
  expect(Object.fromEntries(searchParams)).toMatchObject({ algorithm, digits, period });
  expect(app.code()).toHaveLength(Number(digits));
  const path = `/v1/factors/${app.factorId}/activate`;
  expect((await service.call('POST', path, { code: app.code() })).status).toBe(200);
});

it.each([
  { digits: 5 },
  { digits: 9 },
  { digits: '6' },
  { period: 14 },
  { period: 121 },
  { period: 30.5 },
  { algorithm: 'MD5' },
  { secret: 'MFRGG' },
  { secret: 'not base32!' },
  { issuer: 'a:b' },
  { issuer: '' },
  { name: 'x'.repeat(65) },
  { name: 'line\nbreak' },
  { account_name: 'x'.repeat(101) },
  { unknown: true },
  { type: 'sms' },
])('S5: %j is refused with the member’s name', async (body) => {
  const answer = await begin('carl', body);
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
  expect(answer.body.errors[0].message).toBeTruthy();
});

it('takes a secret that exists already, and names that are hard to fit', async () => {
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
  const app = await scan(service, 'dora', {
    body: { secret: secret.toLowerCase(), name: '我的手机' },
  });
  expect(app.secret).toBe(secret);
  const long = await begin('漢'.repeat(255), { issuer: '漢'.repeat(64) });
  expect(long.status).toBe(201);
});

it('S22: the QR code is made here, holds exactly the key URI, and is gone once active', async () => {
  const { body } = await begin('eva', {
    issuer: 'Café & Söhne',
    account_name: 'eva+1@example.com',
  });
  const path = `/v1/factors/${body.id as string}/qr`;
  expect(await uriOf(body.id as string)).toBe(body.totp.uri);
  const svg = await service.call('GET', `${path}.svg`);
  expect(svg.headers).toMatchObject({
    'content-type': 'image/svg+xml; charset=utf-8',
    'cache-control': 'no-store',
  });
  expect(svg.text).not.toMatch(/<script|href=|url\(/);
  const text = await service.call('GET', `${path}.txt`);
  expect(text.headers['content-type']).toContain('text/plain');
  const app = await enrol(service, 'eva2');
  for (const kind of ['svg', 'png', 'txt'])
    expect((await service.call('GET', `/v1/factors/${app.factorId}/qr.${kind}`)).body.code).toBe(
      'factor_not_pending',
    );
});

it('S12: an unfinished enrolment ends by itself', async () => {
  const app = await scan(service, 'finn');
  service.clock.advance(PENDING_SECONDS);
  const path = `/v1/factors/${app.factorId}`;
  expect((await service.call('POST', `${path}/activate`, { code: app.code() })).body.code).toBe(
    'factor_not_pending',
  );
  expect((await service.call('GET', path)).body.status).toBe('revoked');
  expect((await service.call('GET', '/v1/users/finn/factors')).body.data).toEqual([]);
});

it('an activation bears ten wrong codes', async () => {
  const app = await scan(service, 'gwen');
  const path = `/v1/factors/${app.factorId}/activate`;
  for (let left = 9; left >= 0; left--)
    expect((await service.call('POST', path, { code: '000000' })).body.attempts_left).toBe(left);
  expect((await service.call('POST', path, { code: app.code() })).body.code).toBe(
    'factor_not_pending',
  );
});

it('lists, renames and revokes several factors of a user', async () => {
  const one = await enrol(service, 'hugo', { body: { name: 'phone' } });
  const two = await enrol(service, 'hugo', { body: { name: 'tablet' } });
  const path = `/v1/factors/${two.factorId}`;
  expect((await service.call('PATCH', path, { name: 'iPad' })).body.name).toBe('iPad');
  const listed = async () =>
    ((await service.call('GET', '/v1/users/hugo/factors')).body.data as { name: string }[]).map(
      ({ name }) => name,
    );
  expect(await listed()).toEqual(['phone', 'iPad']);
  expect((await service.call('DELETE', path)).status).toBe(204);
  expect((await service.call('DELETE', path)).status).toBe(404);
  expect((await service.call('PATCH', path, { name: 'x' })).status).toBe(404);
  expect((await service.call('GET', path)).body.status).toBe('revoked');
  expect(await listed()).toEqual(['phone']);
  expect(one.factorId).not.toBe(two.factorId);
});

it('S7, S9, S11: one step each way; a drift is learned, bounded, and moves on success only', async () => {
  const app = await enrol(service, 'iris');
  const verify = (code: string) => service.call('POST', '/v1/users/iris/verify', { code });
  const drift = async () =>
    (
      await service.database.kysely
        .selectFrom('factors')
        .select('drift_steps')
        .where('id', '=', app.factorId)
        .executeTakeFirstOrThrow()
    ).drift_steps;
  service.clock.advance(300);
  expect((await verify(app.code(2))).status).toBe(422);
  expect((await verify(app.code(-2))).status).toBe(422);
  expect(await drift()).toBe(0);
  expect((await verify(app.code(1))).status).toBe(200);
  expect(await drift()).toBe(1);
  service.clock.advance(300);
  expect((await verify(app.code(3))).status).toBe(422);
  expect((await verify(app.code(2))).status).toBe(200);
  expect(await drift()).toBe(1);
  service.clock.advance(300);
  expect((await verify(app.code())).status).toBe(200);
  expect(await drift()).toBe(0);
});

it('S127: a clock that jumps back an hour makes no code good twice', async () => {
  const app = await enrol(service, 'jane');
  service.clock.advance(60);
  const code = app.code();
  expect((await service.call('POST', '/v1/users/jane/verify', { code })).status).toBe(200);
  service.clock.advance(-3600);
  expect((await service.call('POST', '/v1/users/jane/verify', { code: app.code() })).status).toBe(
    422,
  );
  service.clock.advance(3600 + CALLER_KEPT_MS / 1000);
  expect((await service.call('POST', '/v1/users/jane/verify', { code })).status).toBe(422);
  service.clock.advance(60);
  expect((await service.call('POST', '/v1/users/jane/verify', { code: app.code() })).status).toBe(
    200,
  );
});

async function uriOf(factorId: string): Promise<string> {
  const answer = await service.app.inject({
    url: `/v1/factors/${factorId}/qr.png`,
    headers: { authorization: `Bearer ${service.first.key}` },
  });
  expect(answer.headers['content-type']).toBe('image/png');
  expect(answer.headers['cache-control']).toBe('no-store');
  const { data, width, height } = PNG.sync.read(answer.rawPayload);
  return jsQR.default(new Uint8ClampedArray(data), width, height)?.data ?? '';
}
