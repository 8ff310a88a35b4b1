/** Recovery codes on the pages: made, kept, and used when nothing else is at hand. */
import type { Browser, Page } from 'playwright-core';
import type { Registered } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import {
  desktop,
  openWindow,
  phone,
  startBrowser,
  startHosted,
  startShop,
  type Hosted,
  type Shop,
} from '../support/browser.js';
import { addressOf, makeLink } from '../support/links.js';
import { claimsOf } from '../support/sessions.js';

let service: Hosted;
let browser: Browser;
let site: Shop;
let shop: Registered;
let users = 0;

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

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

/** Ink and paper, as a printer gets them. */
const colorsOf = (body: Element) => {
  const { color, backgroundColor } = getComputedStyle(body);
  return [color, backgroundColor];
};
const BLACK_ON_WHITE = ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'];
/** On how many lines each of them stands. */
const linesOf = (codes: Element[]) => codes.map((code) => code.getClientRects().length);

async function follow(page: Page, user_id: string, purpose: string, isScripted: boolean) {
  const link = { user_id, purpose, redirect_uri: site.redirectUri };
  const address = addressOf(await makeLink(service, shop, link)).href;
  await page.goto('about:blank');
  await page.goto(address);
  if (!isScripted) {
    await page.getByLabel('Link').fill(address);
    await press(page, 'Continue');
  }
  await page.waitForURL(`**/${purpose}`);
}

it.each([
  ['with JavaScript, on a phone', true, phone],
  ['without, on a desktop', false, desktop],
])('made after a proof, downloaded, used once: %s', async (_how, isScripted, viewport) => {
  const app = await enrol(service, `user-${++users}`, { key: shop.key });
  service.clock.advance(30);
  const { context, page, faults } = await openWindow(browser, [service, site], {
    javaScriptEnabled: isScripted,
    viewport,
  });
  await follow(page, app.userId, 'manage', isScripted);
  await press(page, 'Add another way');
  await press(page, 'Continue');
  await page.getByRole('textbox', { name: 'Code' }).fill(app.code());
  if (!isScripted) await press(page, 'Confirm');
  await page.getByRole('button', { name: 'Recovery codes' }).click();
  await page.getByRole('heading', { name: 'Recovery codes' }).waitFor();
  const codes = await page.locator('.codes code').allInnerTexts();
  expect(codes).toHaveLength(10);

  const printing = page.getByRole('button', { name: 'Print' });
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  expect(await page.locator('a.button, button, form').filter({ visible: true }).count()).toBe(0);
  expect(await page.getByText(codes[9] ?? '-').isVisible()).toBe(true);
  const day = { dateStyle: 'medium', timeZone: 'UTC' } as const;
  const today = new Intl.DateTimeFormat('en', day).format(service.clock.now());
  const whose = `Shop · ${today}`;
  expect(await page.locator('.printed').innerText()).toBe(whose);
  expect(await page.locator('body').evaluate(colorsOf)).toEqual(BLACK_ON_WHITE);
  const lines = await page.locator('.codes code').evaluateAll(linesOf);
  expect(new Set(lines)).toEqual(new Set([1]));
  await page.emulateMedia({ media: null, colorScheme: null });
  expect(await printing.isVisible()).toBe(isScripted);
  if (isScripted) {
    await page.evaluate('window.print = () => (window.printed = true)');
    await printing.click();
    expect(await page.evaluate('window.printed')).toBe(true);
  }

  const arriving = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download' }).click();
  const file = await (await arriving).createReadStream();
  let kept = '';
  for await (const part of file) kept += String(part);
  expect(kept).toBe(`${whose}\n\n${codes.join('\n')}\n`);

  await press(page, 'Back to the list');
  await page.getByText('Left: 10').waitFor();
  expect(await page.content()).not.toContain(codes[0] ?? '-');

  const typed = (codes[0] ?? '').toLowerCase().replaceAll('-', ' ');
  for (const isFirst of [true, false]) {
    await follow(page, app.userId, 'verify', isScripted);
    await press(page, 'Recovery codes');
    await page.getByText('Each works once').waitFor();
    await page.getByRole('textbox', { name: 'Code' }).fill(typed);
    await press(page, 'Confirm');
    if (isFirst) await page.waitForURL(`${site.redirectUri}?**`);
    else await page.getByRole('alert').waitFor();
    if (!isFirst) continue;
    const code = new URL(page.url()).searchParams.get('code');
    const { body } = await service.call('POST', '/v1/links/exchange', { code }, shop);
    expect(body.factor.type).toBe('recovery_code');
    expect(claimsOf(body.access_token as string)).toMatchObject({ sub: app.userId, acr: 'aal1' });
  }
  await follow(page, app.userId, 'manage', isScripted);
  await page.getByText('Left: 9').waitFor();
  await context.close();
  expect(faults).toEqual([]);
});
