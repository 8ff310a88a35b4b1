/**
 * Somebody knows a password and has phished a code by text message. The owner has an authenticator app as well,
 * and the application takes text messages for aal1 alone. What wants aal2 must stay shut: at once, after a
 * refresh, by the hosted pages, and by way of a key of the thief's own that is added, or of the owner's app that
 * is removed.
 */
import { signJwt } from '../../src/tokens/sign-jwt.js';
import { SigningKeys } from '../../src/tokens/signing-keys.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { provePhone, setRules, type PhoneOwner } from '../support/assurance.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { makeBypass } from '../support/bypass-codes.js';
import { forwardAuth } from '../support/browser-request.js';
import { openLink, REDIRECT, type Opened } from '../support/pages.js';
import { codeAt, enrolPhone, phoneBook } from '../support/phones.js';
import { beginKey } from '../support/security-key.js';
import { begin, claimsOf, cookieOf, refresh } from '../support/sessions.js';

const all = ['totp', 'phone', 'hotp', 'webauthn', 'recovery_code'];
const strong = ['totp', 'webauthn'];
const nextNumber = phoneBook('415');

let service: TestApplication;
let bank: Registered;
let key: string;
let app: Authenticator;
let owner: PhoneOwner;
let users = 0;

beforeAll(async () => {
  service = await startApplication();
  bank = await service.register('acme', 'bank', { redirectUris: [REDIRECT] });
  ({ key } = bank);
});
afterAll(() => service.close());
beforeEach(async () => {
  await setRules(service, bank, { factorTypes: all, aal2Types: null, enrolProofSeconds: null });
  owner = { key, userId: `user-${++users}`, number: nextNumber() };
  app = await enrol(service, owner.userId, { key });
  await enrolPhone(service, owner.userId, owner.number, {}, { key });
  await setRules(service, bank, { aal2Types: strong, enrolProofSeconds: 600 });
});

const statusAt = async (carried: { cookie?: string; bearer?: string }, acr: string) => {
  const audience = encodeURIComponent(bank.application.audience);
  const { status, headers } = await forwardAuth(service, {
    ...carried,
    query: `?audience=${audience}&acr=${acr}`,
  });
  return [status, String(headers['www-authenticate'] ?? '').includes('insufficient_user')];
};
const shut = [401, true];
const open = [200, false];

const add = (proof: string, type: string) =>
  type === 'webauthn'
    ? beginKey(service, owner.userId, { proof }, { key })
    : service.call('POST', `/v1/users/${owner.userId}/factors`, { type, proof }, { key });
const remove = (proof: string, factorId: string) =>
  service.call('DELETE', `/v1/factors/${factorId}`, undefined, {
    key,
    headers: { 'watchword-proof': proof },
  });
const phished = async () => String((await provePhone(service, owner)).body.access_token);

async function expectNothingChanged(proof: string): Promise<void> {
  for (const type of ['webauthn', 'totp', 'recovery_code']) {
    const { status, body } = await add(proof, type);
    expect([type, status, body.code, body.allowed]).toEqual([type, 403, 'proof_required', strong]);
  }
  expect((await remove(proof, app.factorId)).body.code).toBe('proof_required');
}

describe('a phished text message', () => {
  it('S86, S87: opens nothing that wants aal2, by cookie, token or refreshed token', async () => {
    const { body } = await provePhone(service, owner, { session: 'refresh_token' });
    const renewed = await refresh(service, body.refresh_token as string, { key });
    const cookie = cookieOf(await provePhone(service, owner, { session: 'cookie' }));
    const { access_token: bearer } = renewed.body;
    for (const carried of [{ bearer: body.access_token }, { bearer }, { cookie }]) {
      expect(await statusAt(carried, 'aal2')).toEqual(shut);
      expect(await statusAt(carried, 'aal1')).toEqual(open);
    }
    const good = await begin(service, app, { first_factor: ['pwd'] }, { key });
    expect(await statusAt({ bearer: good.body.access_token }, 'aal2')).toEqual(open);
  });

  it('S15: adds no key of the thief’s, and takes none of the owner’s away', async () => {
    await expectNothingChanged(await phished());
    const { body } = await begin(service, app, {}, { key });
    const proof = body.access_token as string;
    for (const type of ['webauthn', 'totp', 'recovery_code'])
      expect([type, (await add(proof, type)).status]).toEqual([type, 201]);
    expect((await remove(proof, app.factorId)).status).toBe(204);
  });

  it('S15: is a proof where the user has nothing better to show', async () => {
    const proof = String((await begin(service, app, {}, { key })).body.access_token);
    expect((await remove(proof, app.factorId)).status).toBe(204);
    expect((await add(await phished(), 'webauthn')).status).toBe(201);
  });

  it('leaves an operator’s code what it is for: the way back of somebody who has lost the app', async () => {
    const { code } = await makeBypass(service, owner.userId, {}, bank);
    const path = `/v1/users/${owner.userId}/verify`;
    const { body } = await service.call('POST', path, { code, first_factor: ['pwd'] }, { key });
    expect(await statusAt({ bearer: body.access_token }, 'aal2')).toEqual(shut);
    expect((await add(body.access_token as string, 'webauthn')).status).toBe(201);
    expect((await remove(body.access_token as string, app.factorId)).status).toBe(204);
  });
});

describe('on the hosted pages', () => {
  /** What a page sends to go on by a phone; undefined where it does not offer that. */
  const phoneWay = async (opened: Opened, path: string) =>
    /name="way" value="(fac_[^"]+)"/.exec((await opened.get(path)).text)?.[1];

  it('S87: a link opens no more than the same code elsewhere', async () => {
    service.clock.advance(60);
    const link = { user_id: owner.userId, types: ['phone'], first_factor: ['pwd'] };
    const opened = await openLink(service, bank, link);
    const sent = (await codeAt(service, owner.number)) ?? '';
    const { headers } = await opened.post('verify/code', { code: sent });
    const code = new URL(String(headers['location'])).searchParams.get('code');
    const { body } = await service.call('POST', '/v1/links/exchange', { code }, { key });
    expect(await statusAt({ bearer: body.access_token }, 'aal2')).toEqual(shut);
  });

  it('S15: the pages to manage ask for the app, not for a text message', async () => {
    service.clock.advance(60);
    const opened = await openLink(service, bank, { user_id: owner.userId, purpose: 'manage' });
    const removal = `manage/factor/${app.factorId}/remove`;
    await opened.post(`${removal}/begin`);
    expect(await phoneWay(opened, removal)).toBe(undefined);
    await opened.post(`${removal}/confirm`, { understood: 'on' });
    const listed = await service.call('GET', `/v1/factors/${app.factorId}`, undefined, { key });
    expect(listed.body.status).toBe('active');
    await opened.post(`${removal}/code`, { code: app.code() });
    await opened.post(`${removal}/confirm`, { understood: 'on' });
    const gone = await service.call('GET', `/v1/factors/${app.factorId}`, undefined, { key });
    expect(gone.body.status).not.toBe('active');
  });

  it('S15: a text message proved before the rule was made changes nothing after it', async () => {
    await setRules(service, bank, { aal2Types: null });
    service.clock.advance(60);
    const opened = await openLink(service, bank, { user_id: owner.userId, purpose: 'manage' });
    const removal = `manage/factor/${app.factorId}/remove`;
    await opened.post(`${removal}/begin`);
    await opened.post(`${removal}/way`, { way: (await phoneWay(opened, removal)) ?? '' });
    await opened.post(`${removal}/code`, { code: (await codeAt(service, owner.number)) ?? '' });
    expect((await opened.get(removal)).text).toContain(`/remove/confirm"`);
    await setRules(service, bank, { aal2Types: strong });
    expect((await opened.get(removal)).text).not.toContain(`/remove/confirm"`);
    await opened.post(`${removal}/confirm`, { understood: 'on' });
    const listed = await service.call('GET', `/v1/factors/${app.factorId}`, undefined, { key });
    expect(listed.body.status).toBe('active');
  });
});

describe('a proof that does not say a type that will do', () => {
  it('S15: by what is accepted no more is none', async () => {
    await setRules(service, bank, { aal2Types: null });
    const proof = await phished();
    expect((await add(proof, 'totp')).status).toBe(201);
    await setRules(service, bank, { factorTypes: strong });
    const { status, body } = await add(proof, 'totp');
    expect([status, body.code, body.allowed]).toEqual([403, 'proof_required', strong]);
    expect((await remove(proof, app.factorId)).body.code).toBe('proof_required');
  });

  it('S15: without a type, as versions before made them, is none', async () => {
    const { body } = await begin(service, app, {}, { key });
    const { headers, privateKey } = service.app.get(SigningKeys).current();
    const { factor_type, ...claims } = claimsOf(body.access_token as string);
    expect(factor_type).toBe('totp');
    for (const [said, status] of [
      [{}, 403],
      [{ factor_type: 7 }, 403],
      [{ factor_type: ['totp'] }, 403],
      [{ factor_type: 'phone' }, 403],
      [{ factor_type }, 201],
    ] as const) {
      const token = signJwt(headers['at+jwt'], { ...claims, ...said }, privateKey);
      expect([said, (await add(token, 'totp')).status]).toEqual([said, status]);
    }
  });
});
