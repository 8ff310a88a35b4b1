/** From the list of what there is to another factor, and back to the list. */
import type { Browser, Page } from 'playwright-core';
import type { Registered } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
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
import { openLink, type Opened } from '../support/pages.js';
import { codeAt, phoneBook } from '../support/phones.js';

let service: Hosted;
let browser: Browser;
let site: Shop;
let shop: Registered;
let users = 0;
const nextNumber = phoneBook('628');

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

async function newUser(): Promise<Authenticator> {
  const app = await enrol(service, `user-${++users}`, { key: shop.key });
  service.clock.advance(30);
  return app;
}

const manageLink = (user_id: string) => ({
  ...{ user_id, purpose: 'manage', redirect_uri: site.redirectUri },
});
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const title = (page: Page) => page.getByRole('heading', { level: 1 }).innerText();

async function factorsOf(user: string, status = 'active'): Promise<string[]> {
  const { body } = await service.call('GET', `/v1/users/${user}/factors`, undefined, shop);
  const factors = body.data as { type: string; status: string }[];
  return factors.filter((factor) => factor.status === status).map(({ type }) => type);
}

describe.each([
  { where: 'with JavaScript, on a phone', javaScriptEnabled: true, viewport: phone },
  { where: 'without, on a desktop', javaScriptEnabled: false, viewport: desktop },
])('$where', ({ javaScriptEnabled, viewport }) => {
  it('who proves one factor adds another, sees it in the list, and the application learns of it', async () => {
    const app = await newUser();
    const { context, page, faults } = await openWindow(browser, [service, site], {
      javaScriptEnabled,
      viewport,
    });
    const address = addressOf(await makeLink(service, shop, manageLink(app.userId))).href;
    await page.goto(address);
    if (!javaScriptEnabled) {
      await page.getByLabel('Link').fill(address);
      await press(page, 'Continue');
    }
    await page.waitForURL('**/manage');
    await press(page, 'Add another way');
    expect(await title(page)).toBe('First, confirm that it is you');
    await press(page, 'Continue');
    await page.getByRole('textbox', { name: 'Code' }).fill(app.code());
    if (!javaScriptEnabled) await press(page, 'Confirm');
    await page.getByRole('link', { name: 'Phone' }).click();
    const number = nextNumber();
    await page.getByRole('textbox').fill(number);
    await press(page, 'Send the code');
    await page.getByRole('textbox', { name: 'Code' }).fill((await codeAt(service, number)) ?? '');
    if (!javaScriptEnabled) await press(page, 'Confirm');
    await page.getByRole('status').waitFor();
    await page.getByRole('textbox').fill('My phone');
    await press(page, 'Back to the list');
    await page.waitForURL('**/manage');
    await page.getByRole('link', { name: 'My phone' }).waitFor();
    expect(await factorsOf(app.userId)).toEqual(['totp', 'phone']);
    await press(page, 'Done');
    await page.waitForURL(`${site.redirectUri}?**`);
    const code = new URL(page.url()).searchParams.get('code');
    const { body } = await service.call('POST', '/v1/links/exchange', { code }, shop);
    expect(body.done).toMatchObject([{ action: 'factor_enrolled', factor: { type: 'phone' } }]);
    await context.close();
    expect(faults).toEqual([]);
  });
});

it('S98: a double click on the proof, without JavaScript, leads on with a new id', async () => {
  const app = await newUser();
  const { context, page } = await openWindow(browser, [service, site], {
    javaScriptEnabled: false,
    viewport: phone,
  });
  const address = addressOf(await makeLink(service, shop, manageLink(app.userId))).href;
  await page.goto(address);
  await page.getByLabel('Link').fill(address);
  await press(page, 'Continue');
  await press(page, 'Add another way');
  await press(page, 'Continue');
  const idOf = async () =>
    (await context.cookies()).find(({ name }) => name.includes('lnk_'))?.value;
  const before = await idOf();
  await page.getByRole('textbox', { name: 'Code' }).fill(app.code());
  await page.getByRole('button', { name: 'Confirm', exact: true }).dblclick();
  await page.getByRole('link', { name: 'Phone' }).waitFor();
  expect(await idOf()).not.toBe(before);
  await context.close();
});

describe('without a browser', () => {
  let app: Authenticator;
  let pages: Opened;

  beforeEach(async () => {
    app = await newUser();
    pages = await openLink(service, shop, manageLink(app.userId));
  });

  const post = (path: string, form: Record<string, string> = {}) =>
    pages.post(path, form, { origin: service.url });

  async function prove(): Promise<void> {
    await post('enrol/begin');
    await post('enrol/prove');
    await post('verify/code', { code: app.code() });
  }

  it('S15: nothing is set up without a proof, whatever the application asks for elsewhere', async () => {
    for (const [path, form] of [
      ['enrol/begin', {}],
      ['enrol/app', {}],
      ['enrol/phone', { country: 'US', number: nextNumber() }],
    ] as const)
      expect((await post(path, form)).status).toBe(303);
    expect(await factorsOf(app.userId, 'pending')).toEqual([]);
    await prove();
    await post('enrol/app');
    expect(await factorsOf(app.userId, 'pending')).toEqual(['totp']);
  });

  it('S15: a proof that has grown old is none, nor is one of a factor that was removed', async () => {
    await prove();
    service.clock.advance(301);
    await post('enrol/app');
    expect(await factorsOf(app.userId, 'pending')).toEqual([]);
    expect((await pages.get('enrol')).text).toContain('First, confirm that it is you');

    const other = await enrol(service, app.userId, { key: shop.key });
    service.clock.advance(30);
    pages = await openLink(service, shop, manageLink(app.userId));
    await prove();
    await service.call('DELETE', `/v1/factors/${app.factorId}`, undefined, shop);
    await post('enrol/app');
    expect(await factorsOf(app.userId, 'pending')).toEqual([]);
    app = other;
    await prove();
    await post('enrol/app');
    expect(await factorsOf(app.userId, 'pending')).toEqual(['totp']);
  });

  it('who goes back to the list leaves nothing behind', async () => {
    await prove();
    await post('enrol/app');
    const answer = await post('enrol/back');
    expect(answer.headers['location']).toMatch(/\/manage$/);
    expect(await factorsOf(app.userId, 'pending')).toEqual([]);
  });
});
