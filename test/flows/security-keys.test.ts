/** Security keys and passkeys: enrolled, used, listed, taken away; and what a realm asks of them. */
import { RelyingParties } from '../../src/applications/relying-parties.js';
import type { RequestOptions } from '../../src/factors/key-response.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { makeLink } from '../support/links.js';
import { openLink } from '../support/pages.js';
import {
  beginKey,
  enrolKey,
  openForKey,
  SecurityKey,
  verifyKey,
  type KeyAlgorithm,
} from '../support/security-key.js';
import { claimsOf } from '../support/sessions.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const show = async (id: string) => (await service.call('GET', `/v1/factors/${id}`)).body;
const activate = (id: string, body: Record<string, unknown>) =>
  service.call('POST', `/v1/factors/${id}/activate`, body);
const logIn = async (userId: string, key: SecurityKey, more: Record<string, unknown> = {}) => {
  const { id, options } = await openForKey(service, userId, more);
  return verifyKey(service, id, key.get(options));
};

describe('enrolment', () => {
  it('S71: asks for a key with a challenge of its own, and names no person', async () => {
    const first = await beginKey(service, 'ann', {
      name: 'Blue one',
      account_name: 'ann@a.example',
    });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ type: 'webauthn', name: 'Blue one', status: 'pending' });
    const { options } = first.body.webauthn;
    expect(options).toMatchObject({
      rp: { id: 'mfa.example', name: service.first.application.realmName },
      user: { name: 'ann@a.example' },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: [],
      attestation: 'none',
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    });
    expect(Buffer.from(options.challenge as string, 'base64url')).toHaveLength(32);
    expect(Buffer.from(options.user.id as string, 'base64url')).toHaveLength(32);
    const second = (await beginKey(service, 'ann')).body.webauthn.options;
    expect(second.challenge).not.toBe(options.challenge);
    // One person is one account to an authenticator, however many keys there are.
    expect(second.user.id).toBe(options.user.id);
    expect((await beginKey(service, 'ben')).body.webauthn.options.user.id).not.toBe(
      options.user.id,
    );
  });

  it.each<KeyAlgorithm>(['ES256', 'EdDSA', 'RS256'])(
    'takes a key of %s, and its use',
    async (algorithm) => {
      const key = new SecurityKey({ algorithm });
      const userId = `of-${algorithm}`;
      const id = await enrolKey(service, userId, key);
      expect(await show(id)).toMatchObject({
        ...{ type: 'webauthn', status: 'active', name: 'Security key' },
        security_key: { transports: ['usb'], synced: false, backed_up: false, aaguid: key.aaguid },
      });
      const answer = await logIn(userId, key);
      expect(answer.body).toMatchObject({ factor: { id, type: 'webauthn' }, user_id: userId });
      expect((await show(id)).last_used_at).toBeDefined();
    },
  );

  it('takes a statement of the key itself, and of its maker', async () => {
    for (const attestation of ['self', 'certified'] as const) {
      const { body } = await beginKey(service, 'cleo');
      const response = await new SecurityKey().create(body.webauthn.options, { attestation });
      expect((await activate(body.id, { response })).body).toMatchObject({ status: 'active' });
    }
  });

  it('names the keys that the user has, so that none is enrolled twice', async () => {
    const key = new SecurityKey();
    await enrolKey(service, 'dee', key);
    const { body } = await beginKey(service, 'dee');
    expect(body.webauthn.options.excludeCredentials).toEqual([
      { id: key.credentialId, type: 'public-key', transports: ['usb'] },
    ]);
    const again = await activate(body.id, { response: await key.create(body.webauthn.options) });
    expect(again.body).toMatchObject({ status: 409, code: 'security_key_in_use' });
  });

  it('wants a response of a key, and a code of everything else', async () => {
    const { body } = await beginKey(service, 'eve');
    expect((await activate(body.id, { code: '123456' })).body.code).toBe('answer_mismatched');
    const app = await service.call('POST', '/v1/users/eve/factors', { type: 'totp' });
    const response = await new SecurityKey().create(body.webauthn.options);
    expect((await activate(app.body.id, { response })).body.code).toBe('answer_mismatched');
    const both = await activate(body.id, { code: '123456', response });
    expect(both.body.code).toBe('invalid_request');
    expect((await activate(body.id, { response })).status).toBe(200);
    expect((await activate(body.id, { response })).body.code).toBe('factor_not_pending');
  });
});

describe('use', () => {
  it('S86: a touch is one factor: `hwk`, and `aal2` with the application’s own', async () => {
    const key = new SecurityKey();
    await enrolKey(service, 'fay', key);
    const alone = claimsOf((await logIn('fay', key)).body.access_token);
    expect(alone).toMatchObject({ sub: 'fay', amr: ['hwk', 'user'], acr: 'aal1' });
    const answer = await logIn('fay', key, { first_factor: ['pwd'] });
    const both = claimsOf(answer.body.access_token);
    expect(both).toMatchObject({ amr: ['pwd', 'hwk', 'user', 'mfa'], acr: 'aal2' });
  });

  it('S86: a key that has verified its user is two factors; a synced one is `swk`', async () => {
    const hard = new SecurityKey({ verifies: true });
    const synced = new SecurityKey({ verifies: true, synced: true });
    await enrolKey(service, 'gus', hard);
    await enrolKey(service, 'hal', synced);
    const ofHard = claimsOf((await logIn('gus', hard)).body.access_token);
    expect(ofHard).toMatchObject({ amr: ['hwk', 'user', 'mfa'], acr: 'aal2' });
    const ofSynced = claimsOf((await logIn('hal', synced)).body.access_token);
    expect(ofSynced).toMatchObject({ amr: ['swk', 'user', 'mfa'], acr: 'aal2' });
    // A counter that says nought for ever is no regression.
    expect((await logIn('hal', synced)).status).toBe(200);
  });

  it('asks for the keys of the user, or for the one that is named', async () => {
    const [one, other] = [new SecurityKey(), new SecurityKey()];
    const id = await enrolKey(service, 'ida', one);
    await enrolKey(service, 'ida', other);
    const any = await openForKey(service, 'ida');
    expect(any.options).toMatchObject({ rpId: 'mfa.example', userVerification: 'preferred' });
    expect(any.options.allowCredentials.map((key) => key.id).sort()).toEqual(
      [one.credentialId, other.credentialId].sort(),
    );
    const named = await openForKey(service, 'ida', { factor_id: id });
    expect(named.options.allowCredentials.map((key) => key.id)).toEqual([one.credentialId]);
    const wrong = await verifyKey(service, named.id, other.get(named.options));
    expect(wrong.body).toMatchObject({ code: 'security_key_refused', reason: 'credential' });
    const shown = await service.call('GET', `/v1/challenges/${any.id}`);
    expect(shown.body.webauthn.options).toEqual(any.options);
    expect((await verifyKey(service, any.id, other.get(any.options))).status).toBe(200);
    const done = (await service.call('GET', `/v1/challenges/${any.id}`)).body;
    expect(done).toMatchObject({ status: 'approved' });
    expect(done.webauthn).toBeUndefined();
  });

  it('S18: says where a user has none, and knows none that was revoked', async () => {
    const key = new SecurityKey();
    const id = await enrolKey(service, 'jon', key);
    const open = await openForKey(service, 'jon');
    await service.call('DELETE', `/v1/factors/${id}`);
    const late = await verifyKey(service, open.id, key.get(open.options));
    expect(late.body.code).toBe('security_key_refused');
    const next = await service.call('POST', '/v1/challenges', { user_id: 'jon', type: 'webauthn' });
    expect(next.body).toMatchObject({ status: 409, code: 'security_key_missing' });
    // The credential is free again, for whoever has the key now.
    await enrolKey(service, 'kit', key);
  });

  it('a passkey says by itself who it is', async () => {
    const key = new SecurityKey({ verifies: true, synced: true });
    await enrolKey(service, 'lea', key);
    const { id, options } = await openForKey(service);
    expect(options).toMatchObject({ allowCredentials: [], userVerification: 'required' });
    const answer = await verifyKey(service, id, key.get(options), { session: 'refresh_token' });
    expect(answer.body).toMatchObject({ user_id: 'lea', factor: { type: 'webauthn' } });
    expect(claimsOf(answer.body.access_token)).toMatchObject({ sub: 'lea', acr: 'aal2' });
    for (const purpose of ['step_up', 'confirm']) {
      const body = { type: 'webauthn', purpose };
      expect((await service.call('POST', '/v1/challenges', body)).body.code).toBe(
        'invalid_request',
      );
    }
  });

  it('is written down: enrolled, activated, proved, refused', async () => {
    const key = new SecurityKey();
    const id = await enrolKey(service, 'mia', key);
    await logIn('mia', key);
    const { id: challenge, options } = await openForKey(service, 'mia');
    await verifyKey(service, challenge, key.get(options, { counter: 1 }));
    const { body } = await service.call('GET', '/v1/audit?user_id=mia');
    const events = body.data as { type: string; factor_id: string; detail: object }[];
    expect(events.map(({ type }) => type)).toEqual([
      ...['factor.enrolled', 'factor.activated', 'challenge.created', 'verification.approved'],
      ...['challenge.created', 'verification.refused'],
    ]);
    expect(events.at(3)).toMatchObject({ factor_id: id, detail: { factor_type: 'webauthn' } });
    // Somebody may have made a second of that key.
    expect(events.at(-1)?.detail).toMatchObject({ reason: 'counter_regressed' });
  });
});

describe('what a realm asks', () => {
  const model = 'cb69481e-8ff7-4039-93ec-0a2729a154a8';

  it('another domain, other origins, and always its user’s PIN or finger', async () => {
    const { application, key: apiKey } = await service.register('strict realm');
    const options = { key: apiKey };
    const parties = service.app.get(RelyingParties);
    await parties.update(application.realmId, {
      ...{ webauthnRpId: 'bank.example', webauthnRpName: 'The Bank' },
      ...{ webauthnOrigins: ['https://login.bank.example'] },
      webauthnUserVerification: 'required',
    });
    const begun = (await beginKey(service, 'ann', {}, options)).body;
    expect(begun.webauthn.options).toMatchObject({
      rp: { id: 'bank.example', name: 'The Bank' },
      authenticatorSelection: { userVerification: 'required' },
    });
    const path = `/v1/factors/${begun.id as string}/activate`;
    const attempt = async (key: SecurityKey) => {
      const response = await key.create(begun.webauthn.options);
      return (await service.call('POST', path, { response }, options)).body;
    };
    const origin = 'https://login.bank.example';
    // The hosted pages stand elsewhere, and no browser would let them ask.
    expect(await attempt(new SecurityKey({ verifies: true }))).toMatchObject({ reason: 'origin' });
    const touched = await attempt(new SecurityKey({ origin }));
    expect(touched).toMatchObject({ reason: 'user_verification', attempts_left: 8 });
    expect(await attempt(new SecurityKey({ origin, verifies: true }))).toMatchObject({
      status: 'active',
    });
  });

  it('certain models, for which their maker vouches', async () => {
    const { application, key: apiKey } = await service.register('realm of models');
    const options = { key: apiKey };
    const parties = service.app.get(RelyingParties);
    await parties.update(application.realmId, { webauthnAaguids: [model] });
    const begun = (await beginKey(service, 'ann', {}, options)).body;
    expect(begun.webauthn.options.attestation).toBe('direct');
    const attempt = async (
      aaguid: string,
      attestation: 'none' | 'self' | 'certified' | 'forged',
    ) => {
      const response = await new SecurityKey({ aaguid }).create(begun.webauthn.options, {
        attestation,
      });
      const path = `/v1/factors/${begun.id as string}/activate`;
      const { body } = await service.call('POST', path, { response }, options);
      return (body.reason ?? body.status) as string;
    };
    expect(await attempt(model, 'none')).toBe('attestation');
    expect(await attempt(model, 'self')).toBe('attestation');
    expect(await attempt(model.replace('cb', 'ee'), 'certified')).toBe('authenticator');
    expect(['attestation', 'malformed']).toContain(await attempt(model, 'forged'));
    expect(await attempt(model, 'certified')).toBe('active');
  });
});

describe('a link for no user in particular', () => {
  const redirect_uri = 'https://shop.example/mfa';
  const made = (shop: Registered, more: object = {}) =>
    makeLink(service, shop, { purpose: 'verify', redirect_uri, ...more });

  it('is for a login alone', async () => {
    const shop = await service.register('shops', 'one', { redirectUris: [redirect_uri] });
    for (const more of [{ purpose: 'enrol' }, { purpose: 'manage' }, { transaction: { a: 1 } }])
      expect((await made(shop, more)).body.code).toBe('invalid_request');
    expect((await made(shop)).status).toBe(201);
  });

  it('logs in whoever’s passkey it is, and the audit says who', async () => {
    const shop = await service.register('shops', 'two', { redirectUris: [redirect_uri] });
    const key = new SecurityKey({ verifies: true, synced: true });
    await enrolKey(service, 'zoe', key, { key: shop.key });
    const page = await openLink(service, shop, { user_id: undefined, redirect_uri });
    const { text } = await page.get('verify');
    const options = /data-options="([^"]+)"/.exec(text)?.[1] ?? '';
    const asked = JSON.parse(options.replaceAll('&quot;', '"')) as RequestOptions;
    expect(asked).toMatchObject({ allowCredentials: [], userVerification: 'required' });
    const response = JSON.stringify(key.get(asked));
    const stranger = new SecurityKey({ verifies: true });
    const wrong = JSON.stringify(stranger.get(asked, { userHandle: key.userHandle }));
    const refused = await page.post('verify/key', { response: wrong });
    expect(refused.headers['location']).toMatch(/\/verify$/);
    expect((await page.get('verify')).text).toContain('That did not work with this key.');
    const answer = await page.post('verify/key', { response });
    const code = new URL(String(answer.headers['location'])).searchParams.get('code');
    const exchanged = await service.call('POST', '/v1/links/exchange', { code }, { key: shop.key });
    expect(exchanged.body).toMatchObject({ user_id: 'zoe', factor: { type: 'webauthn' } });
    const audit = await service.call('GET', '/v1/audit?user_id=zoe', undefined, { key: shop.key });
    const types = (audit.body.data as { type: string }[]).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['link.finished', 'link.exchanged']));
    // Another realm's key is nobody's here, and rubbish is no answer.
    for (const odd of ['', '[]', 'null', '{"id":1}', '{'])
      expect((await page.post('verify/key', { response: odd })).status).toBeLessThan(500);
  });
});
