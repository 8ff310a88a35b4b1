/** Enrolling an authenticator app: what may be asked for, what is shown, and how often. */
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { decodeSecret } from '../../src/otp/secret.js';
import { referenceCode } from '../otp/reference.js';
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
const activate = (factorId: string, code: string) =>
  service.call('POST', `/v1/factors/${factorId}/activate`, { code });
const parametersOf = (uri: string) => Object.fromEntries(new URL(uri).searchParams);

describe('what may be asked for', () => {
  it('S3, S5, S6: by default 160 bits, SHA1, six digits, 30 s, as every app takes them', async () => {
    const { status, body, headers } = await begin('ada');
    expect(status).toBe(201);
    expect(headers['cache-control']).toBe('no-store');
    const now = service.clock.now().getTime();
    expect(body).toEqual({
      id: expect.stringMatching(/^fac_[0-9a-z]{26}$/),
      type: 'totp',
      name: 'Authenticator app',
      status: 'pending',
      user_id: 'ada',
      created_at: new Date(now).toISOString(),
      expires_at: new Date(now + 600_000).toISOString(),
      totp: {
        secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
        uri: expect.any(String),
        qr_svg: expect.stringMatching(/^<svg[^]*<\/svg>\s*$/),
      },
    });
    const realm = service.first.application.realmName;
    expect(decodeURIComponent(new URL(body.totp.uri).pathname)).toBe(`/${realm}:ada`);
    expect(parametersOf(body.totp.uri)).toEqual({
      issuer: realm,
      secret: body.totp.secret,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
  });

  it.each(
    (['SHA1', 'SHA256', 'SHA512'] as const).flatMap((algorithm) =>
      ([6, 7, 8] as const).flatMap((digits) =>
        [15, 30, 47, 60, 120].map((period) => ({ algorithm, digits, period })),
      ),
    ),
  )(
    'S5, S6: $algorithm, $digits digits, $period s are shown and verified alike',
    async (wanted) => {
      const userId = `${wanted.algorithm}-${wanted.digits}-${wanted.period}`;
      const { body } = await begin(userId, wanted);
      const shown = parametersOf(body.totp.uri);
      expect(shown).toMatchObject({
        algorithm: wanted.algorithm,
        digits: String(wanted.digits),
        period: String(wanted.period),
      });
      const step = Math.floor(service.clock.now().getTime() / 1000 / wanted.period);
      const secret = decodeSecret(body.totp.secret);
      const codeOf = (counter: number) =>
        referenceCode(secret, counter, wanted.digits, wanted.algorithm);
      expect((await activate(body.id, codeOf(step + 2))).status).toBe(422);
      expect((await activate(body.id, codeOf(step))).status).toBe(200);
      service.clock.advance(wanted.period);
      const path = `/v1/users/${userId}/verify`;
      expect((await service.call('POST', path, { code: codeOf(step + 1) })).status).toBe(200);
    },
  );

  it.each([
    ['digits', 5],
    ['digits', 9],
    ['digits', 6.5],
    ['digits', '6'],
    ['period', 14],
    ['period', 121],
    ['period', 30.5],
    ['period', 0],
    ['period', '30'],
    ['algorithm', 'MD5'],
    ['algorithm', 'sha1'],
    ['type', 'sms'],
    ['name', ''],
    ['name', 'a\nb'],
    ['name', 'x'.repeat(65)],
    ['issuer', 'bank: real'],
    ['issuer', 'x'.repeat(65)],
    ['account_name', ''],
    ['secret', 7],
  ])('S5: %s %j is refused by name', async (member, value) => {
    const { status, body } = await begin('bea', { [member]: value });
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual([member]);
  });

  it.each(['status', 'id', 'user_id', 'last_step', 'digit', 'realm_id', 'Secret'])(
    'an unknown member, %s, is refused and not ignored',
    async (member) => {
      const { status, body } = await begin('bob', { [member]: 'active' });
      expect([status, body.code]).toEqual([400, 'invalid_request']);
      expect((await service.call('GET', '/v1/users/bob/factors')).body.data).toEqual([]);
    },
  );

  it('S6: issuer and account are encoded, and come out of the URI as they were given', async () => {
    const issuer = 'Söhne & Co/50% ?=#';
    const { body } = await begin('cleo', { issuer, account_name: 'a:b+c@d.example ü #1' });
    const uri = new URL(body.totp.uri);
    const [label, account] = uri.pathname.slice(1).split(':').map(decodeURIComponent);
    expect([label, account]).toEqual([issuer, 'a:b+c@d.example ü #1']);
    expect(uri.searchParams.get('issuer')).toBe(issuer);
    expect(body.totp.uri).not.toContain('+');
  });

  it('a user id of 255 characters of any script still fits into a QR code', async () => {
    const userId = '語'.repeat(255);
    const { status, body } = await begin(userId, { issuer: '銀'.repeat(64) });
    expect(status).toBe(201);
    expect(body.user_id).toBe(userId);
    expect((await service.call('GET', `/v1/factors/${body.id}/qr.png`)).status).toBe(200);
  });
});

describe('a secret that is brought along', () => {
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

  it('is taken as people copy it, and its codes are right', async () => {
    const spelled = 'jbsw y3dp-ehpk 3pxp JBSW Y3DP EHPK 3PXP';
    const app = await enrol(service, 'dora', { body: { secret: spelled } });
    expect(app.secret).toBe(secret);
    service.clock.advance(30);
    const step = Math.floor(service.clock.now().getTime() / 30_000);
    const code = referenceCode(decodeSecret(secret), step, 6, 'SHA1');
    expect((await service.call('POST', '/v1/users/dora/verify', { code })).status).toBe(200);
  });

  it('S23: is not taken twice for one user, whose codes would each be good twice', async () => {
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ';
    const app = await enrol(service, 'twice', { body: { secret } });
    expect((await begin('twice', { secret: secret.toLowerCase() })).body).toMatchObject({
      status: 409,
      code: 'factor_secret_in_use',
    });
    expect((await begin('somebody else', { secret })).status).toBe(201);
    expect((await begin('twice')).status).toBe(201);
    // Once it is gone it may come back.
    await service.call('DELETE', `/v1/factors/${app.factorId}`);
    expect((await begin('twice', { secret })).status).toBe(201);
  });

  it('S3: has 128 bits at least and 512 at most, and a refused one is not repeated', async () => {
    expect((await begin('eve', { secret: 'A'.repeat(26) })).status).toBe(201);
    expect((await begin('eve', { secret: 'A'.repeat(103) })).status).toBe(201);
    for (const refused of ['AEBAGBAFAYDQQCIK', 'A'.repeat(24), 'A'.repeat(104), `${secret}1`, '']) {
      const { status, body, text } = await begin('eve', { secret: refused });
      expect([status, body.code, body.errors[0].path]).toEqual([400, 'invalid_request', 'secret']);
      if (refused !== '') expect(text).not.toContain(refused);
    }
  });
});

describe('what is shown', () => {
  const qr = (factorId: string, kind: string, key?: string) =>
    service.app.inject({
      url: `/v1/factors/${factorId}/qr.${kind}`,
      headers: { authorization: `Bearer ${key ?? service.first.key}` },
    });

  it('S22: the QR codes are made here, are not stored on the way, and say exactly the URI', async () => {
    const { body } = await begin('fay', { issuer: 'Ünïcode & Sons', digits: 8, period: 60 });
    const types = { svg: 'image/svg+xml', png: 'image/png', txt: 'text/plain' };
    for (const [kind, type] of Object.entries(types)) {
      const answer = await qr(body.id, kind);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toMatch(new RegExp(`^${type.replace('+', '\\+')}`));
      expect(answer.headers['cache-control']).toBe('no-store');
      if (kind === 'svg') expect(answer.body).toBe(body.totp.qr_svg);
      // The one address in it is the name of the SVG language, which nothing loads.
      if (kind === 'svg')
        expect(answer.body.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
          /https?:|<script|href|url\(/i,
        );
    }
    const { data, width, height } = PNG.sync.read((await qr(body.id, 'png')).rawPayload);
    expect(jsQR.default(new Uint8ClampedArray(data), width, height)?.data).toBe(body.totp.uri);
  });

  it('S14: secret, URI and QR code are shown at enrolment and nowhere after it', async () => {
    const app = await scan(service, 'gus');
    const code = app.code();
    const later = [
      await activate(app.factorId, code),
      await service.call('GET', `/v1/factors/${app.factorId}`),
      await service.call('GET', '/v1/users/gus/factors'),
      await service.call('PATCH', `/v1/factors/${app.factorId}`, { name: 'mine' }),
    ];
    for (const { status, text } of later) {
      expect(status).toBe(200);
      expect(text).not.toContain(app.secret);
      expect(text).not.toMatch(/otpauth|<svg|"secret"|"totp":/);
    }
    for (const kind of ['svg', 'png', 'txt']) {
      const answer = await qr(app.factorId, kind);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
        409,
        'factor_not_pending',
      ]);
    }
  });

  it('S14: an expired or a revoked enrolment shows nothing either', async () => {
    const [expired, revoked] = [await scan(service, 'hal'), await scan(service, 'hal')];
    await service.call('DELETE', `/v1/factors/${revoked.factorId}`);
    expect((await qr(revoked.factorId, 'svg')).statusCode).toBe(409);
    expect((await qr(expired.factorId, 'svg')).statusCode).toBe(200);
    service.clock.advance(600);
    expect((await qr(expired.factorId, 'svg')).statusCode).toBe(409);
  });

  it('S14: a key that may only verify does not see the QR code', async () => {
    const app = await scan(service, 'ida');
    const realm = service.first.application.realmName;
    const { key } = await service.register(realm, 'verifier', { scopes: ['verify'] });
    for (const kind of ['svg', 'png', 'txt'])
      expect((await qr(app.factorId, kind, key)).statusCode).toBe(403);
  });
});
