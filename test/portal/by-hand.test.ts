/** Hands and networks: a keyboard alone, a script that never comes, a browser that reads messages by itself. */
import type { Browser, Page } from 'playwright-core';
import type { Registered } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import {
  openWindow,
  startBrowser,
  startHosted,
  startShop,
  type Hosted,
  type Shop,
  type Window,
} from '../support/browser.js';
import { addressOf, makeLink } from '../support/links.js';
import { codeAt, enrolPhone, phoneBook } from '../support/phones.js';

let service: Hosted;
let browser: Browser;
let site: Shop;
let shop: Registered;
let open: Window;
let users = 0;
const nextNumber = phoneBook('253');

beforeAll(async () => {
  service = await startHosted();
  browser = await startBrowser();
  site = await startShop();
  shop = await service.register('Acme', 'Shop', { redirectUris: [site.redirectUri] });
}, 120_000);
afterAll(async () => {
  await browser.close();
  await site.close();
  await service.close();
});
beforeEach(async () => {
  open = await openWindow(browser, [service, site]);
});
afterEach(() => open.context.close());

async function newPhone() {
  const user_id = `user-${++users}`;
  const number = nextNumber();
  await enrolPhone(service, user_id, number, {}, { key: shop.key });
  service.clock.advance(120);
  return { user_id, number };
}

async function verifyLink(user_id: string): Promise<string> {
  const body = { user_id, purpose: 'verify', redirect_uri: site.redirectUri };
  return addressOf(await makeLink(service, shop, body)).href;
}

const back = (page: Page) => page.waitForURL(`${site.redirectUri}?code=**`);

/** Presses Tab until the focus is there. */
async function tabTo(page: Page, role: 'button' | 'textbox' | 'link', name: string) {
  const wanted = page.getByRole(role, { name, exact: true }).first();
  await wanted.waitFor();
  for (let pressed = 0; pressed < 60; pressed++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not reach ${name}`);
}

it('WebOTP: the browser reads the message, and its code is sent', async () => {
  const { page, faults } = open;
  // This browser has it on phones alone, so the interface stands here as the page sees it.
  await page.addInitScript(() => {
    const waiting = new Promise((resolve, reject) => {
      Object.assign(window, { OTPCredential: Object, arrive: resolve, leave: reject });
    });
    navigator.credentials.get = async (options) => {
      Object.assign(window, { asked: (options as { otp?: unknown }).otp });
      return (await waiting) as Credential;
    };
  });
  const { user_id, number } = await newPhone();
  await page.goto(await verifyLink(user_id));
  await page.waitForURL('**/verify');
  await page.waitForFunction(() => 'asked' in window);
  expect(await page.evaluate(() => (window as unknown as { asked: unknown }).asked)).toEqual({
    transport: ['sms'],
  });
  const code = await codeAt(service, number);
  await page.evaluate((read) => {
    (window as unknown as { arrive(message: unknown): void }).arrive({ code: read });
  }, code);
  await back(page);
  expect(faults).toEqual([]);
});

it('a script that never comes is missed by nobody', async () => {
  const { page } = open;
  const app = await enrol(service, `user-${++users}`, { key: shop.key });
  service.clock.advance(30);
  await page.goto(await verifyLink(app.userId), { waitUntil: 'commit' });
  await page.waitForURL('**/verify');
  await page.route('**/*.js', () => undefined);
  await page.reload({ waitUntil: 'commit' });
  await page.getByRole('textbox', { name: 'Code' }).fill(app.code());
  await page.keyboard.press('Enter');
  await back(page);
});

it('the keyboard alone suffices to prove a factor by another way', async () => {
  const { page, faults } = open;
  const { user_id, number } = await newPhone();
  await enrol(service, user_id, { key: shop.key });
  service.clock.advance(30);
  await page.goto(await verifyLink(user_id));
  await page.waitForURL('**/verify');
  const isAsked = await page.getByText('sent to').isVisible();
  if (!isAsked) {
    await tabTo(page, 'button', 'Phone');
    await page.keyboard.press('Enter');
    await page.getByText('sent to').waitFor();
  }
  await tabTo(page, 'textbox', 'Code');
  await page.keyboard.type((await codeAt(service, number)) ?? '');
  await back(page);
  expect(faults).toEqual([]);
});

it('the keyboard alone suffices on the page to try it out, and in the inbox', async () => {
  const { page, faults } = open;
  await page.goto(service.url);
  await tabTo(page, 'button', 'Send a code');
  await page.keyboard.press('Enter');
  const code = await page.locator('.message .big').first().innerText();
  await tabTo(page, 'textbox', 'Code from the message');
  await page.keyboard.type(code);
  await page.keyboard.press('Enter').catch(() => undefined);
  await page.locator('#jwt').waitFor();
  await tabTo(page, 'link', 'The inbox');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/dev/inbox');
  await tabTo(page, 'link', 'Watchword');
  expect(faults).toEqual([]);
});
