/** Every page in each of its states, as a walk that brings a browser there. */
import type { Page } from 'playwright-core';
import { remember } from './devices.js';
import { codeOf, type PageState, type Walk } from './page-walk.js';
import { codeAt, otherThan } from './phones.js';
import { makeBypass } from './bypass-codes.js';
import { newSet } from './recovery-codes.js';
import { begin } from './sessions.js';
import { workshop } from './workshop-states.js';

const purchase = { payee: 'Alpine Sports, Bern', amount: '1,240.00 CHF', order: '2030-0042' };

const opening: PageState[] = [
  {
    name: 'open-paste',
    window: { javaScriptEnabled: false },
    reach: (page, { ground }) => page.goto(`${ground.service.url}/open`),
  },
  {
    name: 'link-unknown',
    reach: async (page, walk) => {
      await page.goto(`${walk.ground.service.url}/open#${'x'.repeat(43)}`);
      await page.getByRole('alert').or(page.getByText('link')).first().waitFor();
    },
  },
  {
    name: 'link-expired',
    reach: async (page, walk) => {
      const address = await walk.address('somebody', 'verify');
      walk.ground.service.clock.advance(601);
      await page.goto(address);
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
  },
  ...['link_used', 'page_ended', 'wrong_browser', 'cross_site_refused', 'storage_unavailable'].map(
    (code): PageState => ({
      name: `problem-${code.replaceAll('_', '-')}`,
      reach: (page, { ground }) => page.goto(`${ground.service.url}/p/problems/${code}`),
    }),
  ),
];

const verify: PageState[] = [
  {
    name: 'verify-app',
    reach: async (page, walk) => walk.follow(page, (await walk.user()).userId, 'verify'),
  },
  {
    name: 'verify-wrong-code',
    reach: async (page, walk) => {
      const app = await walk.user();
      await walk.follow(page, app.userId, 'verify');
      await walk.type(page, otherThan(app.code()));
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'verify-locked',
    reach: async (page, walk) => {
      const app = await walk.user();
      const { service, shop } = walk.ground;
      const body = { code: otherThan(app.code()) };
      for (let n = 0; n < 6; n++)
        await service.call('POST', `/v1/users/${app.userId}/verify`, body, { key: shop.key });
      await walk.follow(page, app.userId, 'verify');
      await walk.type(page, otherThan(app.code()));
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'verify-phone',
    reach: async (page, walk) => {
      const { userId } = await walk.phoneUser((await walk.user()).userId);
      await walk.follow(page, userId, 'verify', { types: ['phone'] });
      await page.locator('time.countdown').first().waitFor();
    },
  },
  {
    name: 'verify-other-ways',
    reach: async (page, walk) =>
      walk.follow(page, (await walk.phoneUser((await walk.user()).userId)).userId, 'verify'),
  },
  {
    name: 'verify-transaction',
    reach: async (page, walk) =>
      walk.follow(page, (await walk.user()).userId, 'verify', { transaction: purchase }),
  },
  {
    name: 'verify-trust',
    reach: async (page, walk) => {
      const { userId: user_id } = await walk.user();
      await page.goto(await walk.addressFor(walk.ground.club, { user_id, purpose: 'verify' }));
      await page.getByRole('checkbox').check();
    },
  },
  {
    name: 'verify-key',
    reach: async (page, walk) => {
      const user = walk.name();
      await walk.key(page, user);
      await walk.follow(page, user, 'verify');
    },
  },
  {
    name: 'verify-recovery',
    reach: async (page, walk) => {
      const { userId } = await walk.user();
      await newSet(walk.ground.service, userId, {}, { key: walk.ground.shop.key });
      await walk.follow(page, userId, 'verify');
      await walk.press(page, 'Recovery codes');
      await page.getByText('Each works once').waitFor();
    },
  },
  {
    name: 'verify-bypass',
    reach: async (page, walk) => {
      const { userId } = await walk.user();
      await makeBypass(walk.ground.service, userId, {}, walk.ground.shop);
      await walk.follow(page, userId, 'verify');
      await walk.press(page, 'Code from support');
      await page.getByText('Enter the code that support gave you').waitFor();
    },
  },
  {
    name: 'verify-nameless',
    reach: async (page, walk) => {
      await page.goto(await walk.addressFor(walk.ground.shop, { purpose: 'verify' }));
      await page.waitForURL('**/verify');
    },
  },
  {
    name: 'verify-no-factor',
    reach: (page, walk) => walk.follow(page, walk.name(), 'verify'),
  },
  {
    name: 'verify-arabic',
    window: { locale: 'ar' },
    reach: async (page, walk) =>
      walk.follow(page, (await walk.phoneUser((await walk.user()).userId)).userId, 'verify'),
  },
];

const beginApp = async (page: Page, walk: Walk) => {
  await walk.follow(page, walk.name(), 'enrol', { types: ['totp'] });
  await page.locator('.qr').waitFor();
};

const setUp: PageState[] = [
  {
    name: 'enrol-choose',
    reach: (page, walk) => walk.follow(page, walk.name(), 'enrol'),
  },
  { name: 'enrol-app', reach: beginApp },
  { name: 'enrol-app-here', window: { hasTouch: true, isMobile: true }, reach: beginApp },
  {
    name: 'enrol-app-key',
    reach: async (page, walk) => {
      await beginApp(page, walk);
      await page.locator('summary').click();
    },
  },
  {
    name: 'enrol-app-wrong-code',
    reach: async (page, walk) => {
      await beginApp(page, walk);
      await walk.type(page, '000000');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'enrol-app-done',
    reach: async (page, walk) => {
      await beginApp(page, walk);
      const secret = (await page.locator('#key').textContent()) ?? '';
      await walk.type(page, codeOf(walk, secret.replaceAll(' ', '')));
      await page.getByRole('status').waitFor();
    },
  },
  {
    name: 'enrol-key',
    reach: (page, walk) => walk.follow(page, walk.name(), 'enrol', { types: ['webauthn'] }),
  },
  {
    name: 'enrol-key-no-script',
    window: { javaScriptEnabled: false },
    reach: async (page, walk) => {
      const link = { user_id: walk.name(), purpose: 'enrol', types: ['webauthn', 'totp'] };
      const address = await walk.addressFor(walk.ground.shop, link);
      await page.goto(address);
      await page.getByLabel('Link').fill(address);
      await walk.press(page, 'Continue');
      await page.getByRole('button', { name: 'Security key or passkey' }).click();
    },
  },
  { name: 'enrol-key-done', reach: (page, walk) => walk.key(page, walk.name()) },
  {
    name: 'enrol-recovery',
    reach: async (page, walk) => {
      await walk.follow(page, (await walk.user()).userId, 'enrol');
      await page.getByRole('button', { name: 'Recovery codes' }).click();
      await page.locator('.codes').waitFor();
    },
  },
  {
    name: 'enrol-number',
    reach: (page, walk) => walk.follow(page, walk.name(), 'enrol', { types: ['phone'] }),
  },
  {
    name: 'enrol-number-wrong',
    reach: async (page, walk) => {
      await walk.follow(page, walk.name(), 'enrol', { types: ['phone'] });
      await page.getByRole('textbox').fill('12');
      await walk.press(page, 'Send the code');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'enrol-phone-code',
    reach: async (page, walk) => {
      await walk.follow(page, walk.name(), 'enrol', { types: ['phone'] });
      const number = walk.number();
      await page.getByRole('textbox').fill(number);
      await walk.press(page, 'Send the code');
      await codeAt(walk.ground.service, number);
      await page.locator('time.countdown').first().waitFor();
    },
  },
  {
    name: 'enrol-arabic',
    window: { locale: 'ar' },
    reach: beginApp,
  },
];

const list = async (page: Page, walk: Walk) => {
  const { service, shop, club } = walk.ground;
  const app = await walk.user();
  await walk.phoneUser(app.userId);
  await newSet(service, app.userId, {}, { key: shop.key });
  await remember(service, app, { key: club.key });
  service.clock.advance(30);
  await begin(service, app, undefined, { key: shop.key });
  service.clock.advance(30);
  await walk.follow(page, app.userId, 'manage');
  return app;
};

const manage: PageState[] = [
  { name: 'manage', reach: list },
  {
    name: 'manage-nothing',
    reach: (page, walk) => walk.follow(page, walk.name(), 'manage'),
  },
  {
    name: 'manage-factor',
    reach: async (page, walk) => {
      await list(page, walk);
      await page.getByRole('link', { name: 'Phone' }).click();
      await page.waitForURL('**/factor/*');
    },
  },
  {
    name: 'manage-add-proof',
    reach: async (page, walk) => {
      await list(page, walk);
      await walk.press(page, 'Add another way');
      await page.waitForURL('**/enrol');
    },
  },
  {
    name: 'recovery-codes',
    reach: async (page, walk) => {
      const app = await list(page, walk);
      await walk.press(page, 'Add another way');
      await walk.press(page, 'Continue');
      await page.getByRole('textbox', { name: 'Code' }).waitFor();
      await page
        .getByRole('button', { name: 'Authenticator app' })
        .click({ timeout: 1_000 })
        .catch(() => undefined);
      await page.getByText('app shows').waitFor();
      await walk.type(page, app.code());
      await page.getByRole('button', { name: 'Recovery codes' }).click();
      await page.locator('.codes').waitFor();
    },
  },
  {
    name: 'manage-remove-last',
    reach: async (page, walk) => {
      const app = await walk.user();
      await walk.follow(page, app.userId, 'manage');
      await page.getByRole('link', { name: 'Authenticator app' }).click();
      await walk.press(page, 'Remove…');
      await walk.type(page, app.code());
      await page.getByRole('checkbox').waitFor();
    },
  },
];

/** The workshop first: later its inbox is full of everybody else's messages. */
export const pageStates: readonly PageState[] = [
  ...workshop,
  ...opening,
  ...verify,
  ...setUp,
  ...manage,
];
