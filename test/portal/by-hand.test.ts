/** Hands and networks: a keyboard alone, a script that never comes, a browser that reads messages by itself. */
import type { Page } from 'playwright-core';
import { enrol } from '../support/authenticator.js';
import { codeAt, enrolPhone, phoneBook } from '../support/phones.js';
import { startStage, type Stage } from '../support/stage.js';

let stage: Stage;
let service: Stage['service'];
let shop: Stage['shop'];
let page: Page;
let users = 0;
const nextNumber = phoneBook('253');

beforeAll(async () => {
  stage = await startStage();
  ({ service, shop } = stage);
}, 120_000);
afterEach(() => stage.clear());
afterAll(() => stage.close());
beforeEach(async () => {
  page = await stage.open();
});

async function newPhone() {
  const user_id = `user-${++users}`;
  const number = nextNumber();
  await enrolPhone(service, user_id, number, {}, { key: shop.key });
  service.clock.advance(120);
  return { user_id, number };
}

const verifyLink = (user_id: string) => stage.linkFor({ user_id, purpose: 'verify' });
const back = () => page.waitForURL(`${stage.site.redirectUri}?code=**`);

/** Presses Tab until the focus is there. */
async function tabTo(role: 'button' | 'textbox' | 'link', name: string) {
  const wanted = page.getByRole(role, { name, exact: true }).first();
  await wanted.waitFor();
  for (let pressed = 0; pressed < 60; pressed++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not reach ${name}`);
}

it('WebOTP: the browser reads the message, and its code is sent', async () => {
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
  await back();
  expect(await stage.clear()).toEqual([]);
});

it('a script that never comes is missed by nobody', async () => {
  const app = await enrol(service, `user-${++users}`, { key: shop.key });
  service.clock.advance(30);
  await page.goto(await verifyLink(app.userId), { waitUntil: 'commit' });
  await page.waitForURL('**/verify');
  await page.route('**/*.js', () => undefined);
  await page.reload({ waitUntil: 'commit' });
  await page.getByRole('textbox', { name: 'Code' }).fill(app.code());
  await page.keyboard.press('Enter');
  await back();
});

it('the keyboard alone suffices to prove a factor by another way', async () => {
  const { user_id, number } = await newPhone();
  await enrol(service, user_id, { key: shop.key });
  service.clock.advance(30);
  await page.goto(await verifyLink(user_id));
  await page.waitForURL('**/verify');
  const isAsked = await page.getByText('sent to').isVisible();
  if (!isAsked) {
    await tabTo('button', 'Phone');
    await page.keyboard.press('Enter');
    await page.getByText('sent to').waitFor();
  }
  await tabTo('textbox', 'Code');
  await page.keyboard.type((await codeAt(service, number)) ?? '');
  await back();
  expect(await stage.clear()).toEqual([]);
});

it('the keyboard alone suffices on the page to try it out, and in the inbox', async () => {
  await page.goto(service.url);
  await tabTo('button', 'Send a code');
  await page.keyboard.press('Enter');
  const code = await page.locator('.message .big').first().innerText();
  await tabTo('textbox', 'Code from the message');
  await page.keyboard.type(code);
  await page.keyboard.press('Enter').catch(() => undefined);
  await page.locator('#jwt').waitFor();
  await tabTo('link', 'The inbox');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/dev/inbox');
  await tabTo('link', 'Watchword');
  expect(await stage.clear()).toEqual([]);
});
