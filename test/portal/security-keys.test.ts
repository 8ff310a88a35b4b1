/** S76: security keys and passkeys on the pages, in a real browser with authenticators that plug into it. */
import type { CDPSession, Page } from 'playwright-core';
import { enrol } from '../support/authenticator.js';
import { claimsOf } from '../support/sessions.js';
import { follow as open, startStage, type Stage } from '../support/stage.js';

type Transport = 'usb' | 'ble' | 'nfc' | 'internal';

let stage: Stage;
let service: Stage['service'];
let shop: Stage['shop'];
let users = 0;

beforeAll(async () => {
  stage = await startStage();
  ({ service, shop } = stage);
}, 120_000);
afterEach(async () => expect(await stage.clear()).toEqual([]));
afterAll(() => stage.close());

const press = (page: Page, name: string) => page.getByRole('button', { name }).click();
const heading = (page: Page) => page.getByRole('heading', { level: 1 }).innerText();

/** Plugs an authenticator into the browser. */
async function plugIn(page: Page, transport: Transport, knowsUser: boolean, remembers: boolean) {
  const cdp: CDPSession = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport,
      hasResidentKey: remembers,
      hasUserVerification: knowsUser,
      isUserVerified: knowsUser,
      automaticPresenceSimulation: true,
    },
  });
  return {
    keys: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    unplug: () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
  };
}

async function follow(page: Page, user_id: string, purpose: string) {
  await page.goto(await stage.linkFor({ user_id, purpose }));
  await page.waitForURL(`**/p/**`);
}

/** What the application is told in the end. */
const back = async (page: Page) => (await stage.exchange((await stage.back(page))['code'])).body;

async function enrolKey(page: Page, user: string) {
  await follow(page, user, 'enrol');
  await press(page, 'Security key or passkey');
  await press(page, 'Continue');
  await page.getByText('Your security key is set up.').waitFor();
}

it.each<[Transport, boolean, boolean]>([
  ['usb', false, false],
  ['usb', true, false],
  ['usb', true, true],
  ['ble', false, false],
  ['ble', true, true],
  ['nfc', false, false],
  ['nfc', true, true],
  ['internal', false, false],
  ['internal', true, true],
])('%s: enrolled, and confirms (knows its user: %s, remembers: %s)', async (...kind) => {
  const [transport, knowsUser, remembers] = kind;
  const user = `person-${++users}`;
  const page = await stage.open();
  const key = await plugIn(page, transport, knowsUser, remembers);
  await enrolKey(page, user);
  expect(await key.keys()).toMatchObject([{ isResidentCredential: remembers, rpId: 'localhost' }]);
  await page.getByLabel('Give it a name').fill('Blue one');
  await press(page, 'Continue to Shop');
  const { done } = await back(page);
  expect(done).toMatchObject([{ action: 'factor_enrolled', factor: { type: 'webauthn' } }]);
  const shown = await service.call('GET', `/v1/factors/${done[0].factor.id as string}`, undefined, {
    key: shop.key,
  });
  expect(shown.body).toMatchObject({ name: 'Blue one', security_key: { transports: [transport] } });

  await follow(page, user, 'verify');
  await press(page, 'Continue');
  const { access_token: token } = await back(page);
  expect(claimsOf(token as string)).toMatchObject({
    sub: user,
    amr: knowsUser ? ['hwk', 'user', 'mfa'] : ['hwk', 'user'],
    acr: knowsUser ? 'aal2' : 'aal1',
  });
});

it('says when no key has answered, and goes another way', async () => {
  const user = `person-${++users}`;
  const page = await stage.open();
  const key = await plugIn(page, 'internal', true, true);
  const app = await enrol(service, user, { key: shop.key });
  await enrolKey(page, user);
  await key.unplug();
  await plugIn(page, 'internal', true, true);
  service.clock.advance(60);
  await follow(page, user, 'verify');
  if ((await page.getByRole('button', { name: 'Continue' }).count()) === 0)
    await press(page, 'Security key or passkey');
  await press(page, 'Continue');
  await page.getByText('That did not work with this key.').waitFor();
  await press(page, 'Authenticator app');
  await page.getByRole('textbox', { name: 'Code' }).fill(app.code());
  expect(await back(page)).toMatchObject({ user_id: user, factor: { type: 'totp' } });
});

it('a key opens what only its user may do: itself is removed', async () => {
  const user = `person-${++users}`;
  const page = await stage.open();
  await plugIn(page, 'usb', false, false);
  await enrolKey(page, user);
  await follow(page, user, 'manage');
  await page.getByRole('link', { name: 'Security key' }).click();
  await press(page, 'Remove…');
  expect(await heading(page)).toBe('Confirm that it is you');
  await press(page, 'Continue');
  await page.getByRole('checkbox').check();
  await press(page, 'Remove');
  await page.getByText('It is removed.').waitFor();
  const { body } = await service.call('GET', `/v1/users/${user}/factors`, undefined, {
    key: shop.key,
  });
  expect(body.data).toEqual([]);
});

it('a passkey logs in without a name: from the list of the browser, or by the button', async () => {
  const user = `person-${++users}`;
  const page = await stage.open();
  await plugIn(page, 'internal', true, true);
  await enrolKey(page, user);
  await page.goto(await stage.linkFor({ purpose: 'verify' }));
  // The virtual authenticator chooses by itself what the list has.
  const answer = await back(page);
  expect(answer).toMatchObject({ user_id: user, factor: { type: 'webauthn' } });
  expect(claimsOf(answer.access_token as string)).toMatchObject({ sub: user, acr: 'aal2' });
  await page.addInitScript(() => {
    Object.assign(PublicKeyCredential, { isConditionalMediationAvailable: undefined });
  });
  await page.goto(await stage.linkFor({ purpose: 'verify' }));
  await page.waitForURL('**/p/**');
  await press(page, 'Continue');
  expect(await back(page)).toMatchObject({ user_id: user });
});

it('without scripts it says that they are needed, and there is another way', async () => {
  const user = `person-${++users}`;
  const page = await stage.open({ javaScriptEnabled: false });
  await open(page, await stage.linkFor({ user_id: user, purpose: 'enrol' }), false);
  await press(page, 'Security key or passkey');
  expect(await page.getByRole('alert').innerText()).toContain('scripts are switched off');
  expect(await page.getByRole('button', { name: 'Continue' }).count()).toBe(0);
  await press(page, 'Choose another way');
  await press(page, 'Authenticator app');
  await page.getByRole('textbox', { name: 'Code' }).waitFor();
});
