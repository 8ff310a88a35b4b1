/** Which factor types an application accepts, and as what: the operator's word, and what it changes. */
import { createVerifier } from '../../src/verify/verifier.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { provePhone, setRules, textCode, type PhoneOwner } from '../support/assurance.js';
import { enrol, scan } from '../support/authenticator.js';
import { forwardAuth } from '../support/browser-request.js';
import { check, remember } from '../support/devices.js';
import { makeLink } from '../support/links.js';
import { openLink, REDIRECT } from '../support/pages.js';
import { codeAt, enrolPhone, phoneBook } from '../support/phones.js';
import { refused } from '../support/refused.js';
import { enrolKey, openForKey, SecurityKey, verifyKey } from '../support/security-key.js';
import { begin, claimsOf, cookieOf, introspect, refresh } from '../support/sessions.js';

const all = ['totp', 'phone', 'hotp', 'webauthn', 'recovery_code'];
const strong = ['totp', 'webauthn'];
const nextNumber = phoneBook('415');

let service: TestApplication;
let bank: Registered;
let key: string;
let users = 0;

beforeAll(async () => {
  service = await startApplication();
  bank = await service.register('acme', 'bank', {
    redirectUris: [REDIRECT],
    rememberDeviceSeconds: 86_400,
  });
  ({ key } = bank);
});
afterAll(() => service.close());
beforeEach(() => setRules(service, bank, { factorTypes: all, aal2Types: strong }));

const codeOf = ({ body }: { body: { code?: string } }) => body.code;
const pwd = { first_factor: ['pwd'] };

async function phoneOwner(): Promise<PhoneOwner> {
  const owner = { key, userId: `user-${++users}`, number: nextNumber() };
  await enrolPhone(service, owner.userId, owner.number, {}, owner);
  return owner;
}

const newApp = () => enrol(service, `user-${++users}`, { key });

const assurance = (token: unknown) => {
  const { amr, acr } = claimsOf(String(token));
  return { amr, acr };
};

/** Proves a phone on the pages of a link. @returns what brings its token */
async function provePhoneOnPages({ userId: user_id, number }: PhoneOwner): Promise<string> {
  service.clock.advance(60);
  const link = { user_id, purpose: 'verify', ...pwd, types: ['phone'] };
  const opened = await openLink(service, bank, link);
  const code = await codeAt(service, number);
  const { headers } = await opened.post('verify/code', { code: code ?? '' });
  return new URL(String(headers['location'])).searchParams.get('code') ?? '';
}

const exchange = (code: string) => service.call('POST', '/v1/links/exchange', { code }, { key });

describe('S86: a type that may not earn aal2', () => {
  it('is aal1 beside a password, and the methods stay what happened', async () => {
    const owner = await phoneOwner();
    const { body } = await provePhone(service, owner);
    expect(assurance(body.access_token)).toEqual({ amr: ['pwd', 'sms', 'mfa'], acr: 'aal1' });
    const app = await newApp();
    const { body: strongBody } = await begin(service, app, pwd, { key });
    expect(assurance(strongBody.access_token)).toEqual({
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'aal2',
    });
    await setRules(service, bank, { aal2Types: null });
    const { body: again } = await provePhone(service, owner);
    expect(assurance(again.access_token)).toEqual({ amr: ['pwd', 'sms', 'mfa'], acr: 'aal2' });
  });

  it('is aal1 also by a key that has verified its user', async () => {
    const user = `user-${++users}`;
    const held = new SecurityKey({ verifies: true });
    await enrolKey(service, user, held, { key });
    const prove = async () => {
      const { id, options } = await openForKey(service, user, {}, { key });
      const { body } = await verifyKey(service, id, held.get(options), {}, { key });
      return assurance(body.access_token);
    };
    expect(await prove()).toEqual({ amr: ['hwk', 'user', 'mfa'], acr: 'aal2' });
    await setRules(service, bank, { aal2Types: ['totp'] });
    expect(await prove()).toEqual({ amr: ['hwk', 'user', 'mfa'], acr: 'aal1' });
  });

  it('is another application’s business in the same realm', async () => {
    const shop = await service.register('acme', `shop-${++users}`);
    const owner = await phoneOwner();
    const { body } = await provePhone(service, { ...owner, key: shop.key });
    expect(assurance(body.access_token)).toMatchObject({ acr: 'aal2' });
  });
});

describe('S87: what wants aal2', () => {
  it('asks for a step-up at the proxy, by cookie and by token (RFC 9470)', async () => {
    const owner = await phoneOwner();
    const answer = await provePhone(service, owner, { session: 'cookie' });
    const audience = encodeURIComponent(bank.application.audience);
    const pass = async (query: string) => {
      const carried = [{ cookie: cookieOf(answer) }, { bearer: answer.body.access_token }];
      return Promise.all(
        carried.map((one) =>
          forwardAuth(service, { ...one, query: `?audience=${audience}&${query}` }),
        ),
      );
    };
    for (const { status, body, headers } of await pass('acr=aal2')) {
      expect([status, body.code, body.acr]).toEqual([401, 'proof_insufficient', 'aal2']);
      expect(headers['www-authenticate']).toMatch(
        /error="insufficient_user_authentication".* acr_values="aal2"/,
      );
    }
    for (const { status, headers } of await pass('acr=aal1')) {
      expect([status, headers['x-watchword-acr']]).toEqual([200, 'aal1']);
      expect(headers['x-watchword-amr']).toBe('pwd sms mfa');
    }
  });

  it('asks for it in a service that checks the token with the kit', async () => {
    const fetchHere = async (url: string) => {
      const { pathname } = new URL(url);
      const { text, status } = await service.call('GET', pathname, undefined, { key: '' });
      return new Response(text, { status });
    };
    const verifier = createVerifier({
      issuer: 'https://mfa.example',
      audience: bank.application.audience,
      fetch: fetchHere,
      now: () => service.clock.now(),
    });
    const { body } = await provePhone(service, await phoneOwner());
    const wanted = { require: { acr: 'aal2' } } as const;
    const failure = await refused(verifier.verify(String(body.access_token), wanted));
    expect(failure.code).toBe('acr_insufficient');
    const { body: good } = await begin(service, await newApp(), pwd, { key });
    await expect(verifier.verify(good.access_token, wanted)).resolves.toMatchObject({
      acr: 'aal2',
    });
  });

  it('is opened by a link for the types that earn it', async () => {
    const app = await newApp();
    await enrolPhone(service, app.userId, nextNumber(), {}, { key });
    service.clock.advance(60);
    const link = { user_id: app.userId, purpose: 'verify', ...pwd, types: strong };
    const opened = await openLink(service, bank, link);
    const { headers } = await opened.post('verify/code', { code: app.code() });
    const code = new URL(String(headers['location'])).searchParams.get('code') ?? '';
    expect(assurance((await exchange(code)).body.access_token)).toMatchObject({ acr: 'aal2' });
  });
});

describe('a change of the rules', () => {
  it('S86: leaves sessions what they were granted at their proof', async () => {
    const owner = await phoneOwner();
    const session = { session: 'refresh_token' };
    const before = await provePhone(service, owner, session);
    await setRules(service, bank, { aal2Types: null });
    const after = await provePhone(service, owner, session);
    await setRules(service, bank, { aal2Types: strong });
    for (const [{ body }, acr] of [
      [before, 'aal1'],
      [after, 'aal2'],
    ] as const) {
      const renewed = await refresh(service, body.refresh_token, { key });
      expect(assurance(renewed.body.access_token)).toEqual({ amr: ['pwd', 'sms', 'mfa'], acr });
      const { refresh_token } = renewed.body;
      expect((await introspect(service, refresh_token, { key })).body).toMatchObject({ acr });
    }
  });

  it('a proof that waits on the pages is worth no more than one made now', async () => {
    const owner = await phoneOwner();
    expect(assurance((await exchange(await provePhoneOnPages(owner))).body.access_token)).toEqual({
      amr: ['pwd', 'sms', 'mfa'],
      acr: 'aal1',
    });
    await setRules(service, bank, { aal2Types: null });
    const kept = await provePhoneOnPages(owner);
    await setRules(service, bank, { aal2Types: strong });
    expect(assurance((await exchange(kept)).body.access_token)).toEqual({
      amr: ['pwd', 'sms', 'mfa'],
      acr: 'aal1',
    });
  });

  it('is written down', async () => {
    const other = await service.register('written', 'app');
    await setRules(service, other, { aal2Types: strong, enrolProofSeconds: 300 });
    await setRules(service, other, { factorTypes: strong, enrolProofSeconds: null });
    const { body } = await service.call('GET', '/v1/audit', undefined, other);
    const events = body.data as { type: string }[];
    expect(events.filter(({ type }) => type === 'application.assurance_set')).toMatchObject([
      {
        actor: 'operator',
        detail: { factor_types: all, aal2_types: strong, enrol_proof_seconds: 300 },
      },
      { detail: { factor_types: strong, aal2_types: strong, enrol_proof_seconds: null } },
    ]);
  });
});

describe('a type that is accepted no more', () => {
  const withoutPhones = { factorTypes: ['totp', 'webauthn'] };

  it('is useless at once: open challenges, new ones, links, and what waits on a page', async () => {
    const owner = await phoneOwner();
    const open = await textCode(service, owner, pwd);
    const waiting = await provePhoneOnPages(owner);
    await setRules(service, bank, withoutPhones);
    const call = (path: string, body: object) => service.call('POST', path, body, { key });
    const answers = [
      await call(`/v1/challenges/${open.id}/verify`, { code: open.code }),
      await call(`/v1/challenges/${open.id}/resend`, {}),
      await call('/v1/challenges', { type: 'phone', user_id: owner.userId }),
      await call('/v1/challenges', { type: 'phone', phone: owner.number, purpose: 'login' }),
      await call(`/v1/users/${owner.userId}/factors`, { type: 'phone', phone: nextNumber() }),
      await makeLink(service, bank, {
        ...{ user_id: owner.userId, purpose: 'verify', redirect_uri: REDIRECT },
        types: ['phone'],
      }),
    ];
    for (const { status, body } of answers)
      expect([status, body.code, body.allowed]).toEqual([
        403,
        'factor_type_not_allowed',
        ['totp', 'webauthn'],
      ]);
    expect(codeOf(await exchange(waiting))).toBe('exchange_code_invalid');
    await setRules(service, bank, { factorTypes: all });
    // Nothing of it was used up.
    expect((await exchange(waiting)).status).toBe(200);
  });

  it('a page that is open asks for it no more, nor takes its code', async () => {
    const owner = await phoneOwner();
    service.clock.advance(60);
    const opened = await openLink(service, bank, { user_id: owner.userId, purpose: 'verify' });
    const code = await codeAt(service, owner.number);
    expect((await opened.get('verify')).text).toContain('name="code"');
    await setRules(service, bank, withoutPhones);
    const { headers } = await opened.post('verify/code', { code: code ?? '' });
    expect(String(headers['location'])).toContain(`/p/${opened.id}/verify`);
    expect((await opened.get('verify')).text).not.toContain('name="code"');
  });

  it('an app’s code in one call, and an enrolment under way', async () => {
    const app = await newApp();
    const pending = await scan(service, app.userId, { key });
    await setRules(service, bank, { factorTypes: ['phone'], aal2Types: null });
    service.clock.advance(30);
    const call = (path: string, code: string) => service.call('POST', path, { code }, { key });
    for (const answer of [
      await call(`/v1/users/${app.userId}/verify`, app.code()),
      await call(`/v1/factors/${pending.factorId}/activate`, pending.code()),
    ])
      expect(codeOf(answer)).toBe('factor_type_not_allowed');
    await setRules(service, bank, { factorTypes: all });
    const activated = await call(`/v1/factors/${pending.factorId}/activate`, pending.code());
    expect(activated.status).toBe(200);
  });

  it('a browser that was remembered by it is not known', async () => {
    const app = await newApp();
    const device = await remember(service, app, { key });
    await setRules(service, bank, { factorTypes: ['phone'], aal2Types: null });
    expect(codeOf(await check(service, app.userId, device.token, { key }))).toBe('device_unknown');
    // Nor does it get in where somebody's guesses keep the account locked.
    await setRules(service, bank, { factorTypes: ['hotp'] });
    const guess = async (device_token?: string) => {
      const body = { code: '000000', ...(device_token !== undefined && { device_token }) };
      return codeOf(await service.call('POST', `/v1/users/${app.userId}/verify`, body, { key }));
    };
    for (let n = 0; n < 5; n++) expect(await guess()).toBe('code_incorrect');
    expect(await guess(device.token)).toBe('locked');
    await setRules(service, bank, { factorTypes: all });
    expect(await guess(device.token)).toBe('code_incorrect');
    expect((await check(service, app.userId, device.token, { key })).status).toBe(200);
  });
});
