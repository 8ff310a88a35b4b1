/** The inbox page: what phones would have got, seen as it is sent. */
import type { Page } from 'playwright-core';
import { Inbox } from '../../src/delivery/inbox.js';
import { startApplication } from '../support/application.js';
import { desktop, phone } from '../support/browser.js';
import { codeAt, openLogin, phoneBook } from '../support/phones.js';
import { startStage, type Stage } from '../support/stage.js';

const nextNumber = phoneBook('212');
let stage: Stage;
let service: Stage['service'];

beforeAll(async () => {
  stage = await startStage();
  ({ service } = stage);
}, 120_000);
afterEach(async () => expect(await stage.clear()).toEqual([]));
afterAll(() => stage.close());

async function visit(javaScriptEnabled = true, viewport = phone): Promise<Page> {
  const page = await stage.open({ javaScriptEnabled, viewport });
  await page.goto(`${service.url}/dev/inbox`);
  return page;
}

/** A code is sent. @returns where to */
async function send(): Promise<string> {
  const number = nextNumber();
  await openLogin(service, number);
  return number;
}

it.each([
  ['with JavaScript', true, phone],
  ['with JavaScript, on a desktop', true, desktop],
  ['without', false, phone],
])('%s a message is seen as it is sent, the latest first', async (_how, javaScript, viewport) => {
  const before = await send();
  const page = await visit(javaScript, viewport);
  expect(await page.locator('.message').first().innerText()).toContain(before);
  const number = await send();
  const message = page.locator('.message', { hasText: number });
  await message.waitFor();
  expect(await page.locator('.message').first().innerText()).toContain(number);
  expect(await message.locator('.big').innerText()).toBe(await codeAt(service, number));
  expect(await message.innerText()).toContain('To log in');
  const width = await page.locator('html').evaluate((html) => html.scrollWidth);
  expect(width).toBeLessThanOrEqual(viewport.width);
});

it('says what a code is for', async () => {
  const number = nextNumber();
  await service.call('POST', '/v1/users/bob/factors', { type: 'phone', phone: number });
  const page = await visit();
  const message = page.locator('.message', { hasText: number });
  expect(await message.innerText()).toContain('To enrol this phone');
});

it('a code is copied by a button', async () => {
  const number = await send();
  const page = await visit();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const message = page.locator('.message', { hasText: number });
  await message.getByRole('button', { name: /^Copy/ }).click();
  await message.getByText('Copied').waitFor();
  const copied = await page.evaluate('navigator.clipboard.readText()');
  expect(copied).toBe(await codeAt(service, number));
});

it('a message is text, whatever is in it (S104)', async () => {
  const realm = '<img src=x onerror=alert(1)>';
  const { key } = await service.register(realm);
  const page = await visit();
  const number = nextNumber();
  await openLogin(service, number, {}, { key });
  const message = page.locator('.message', { hasText: number });
  await message.waitFor();
  expect(await message.innerText()).toContain('<img');
  await page.reload();
  expect(await message.innerText()).toContain('<img');
  expect(await page.locator('.message img').count()).toBe(0);
});

it('is at most 30 kB with all its parts, however many there are', async () => {
  for (let count = 0; count < 40; count++)
    await service.app.get(Inbox).add({
      ...{ id: '', channel: 'sms', to: nextNumber(), country: 'US', language: 'en' },
      ...{ text: '123456 is your code. '.repeat(7), code: '123456', purpose: 'login' },
      expiresAt: service.clock.now(),
    });
  const page = await visit();
  const text = await page.content();
  const parts = [...text.matchAll(/"(\/p\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
  const sizes = parts.map(async (path) => {
    return Number((await page.request.get(service.url + path)).headers()['content-length']);
  });
  const whole = (await Promise.all(sizes)).reduce((sum, size) => sum + size, text.length);
  expect(parts).toHaveLength(5);
  expect(whole).toBeLessThanOrEqual(30_000);
});

it('is not there where codes go to real phones', async () => {
  const elsewhere = await startApplication({ environment: { WATCHWORD_SMS_PROVIDERS: 'none' } });
  const headers = { accept: 'text/html' };
  expect((await elsewhere.call('GET', '/dev/inbox', undefined, { headers })).status).toBe(404);
  await elsewhere.close();
});
