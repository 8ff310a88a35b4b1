/** From the list of what there is to another factor, and back to the list. */
import type { Page } from 'playwright-core';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { desktop, phone } from '../support/browser.js';
import { openLink, type Opened } from '../support/pages.js';
import { codeAt, phoneBook } from '../support/phones.js';
import { startStage, type Stage } from '../support/stage.js';

let stage: Stage;
let service: Stage['service'];
let shop: Stage['shop'];
let users = 0;
const nextNumber = phoneBook('628');

beforeAll(async () => {
  stage = await startStage();
  ({ service, shop } = stage);
}, 120_000);
afterEach(async () => expect(await stage.clear()).toEqual([]));
afterAll(() => stage.close());

async function newUser(): Promise<Authenticator> {
  const app = await enrol(service, `user-${++users}`, { key: shop.key });
  service.clock.advance(30);
  return app;
}

const manageLink = (user_id: string) => ({
  ...{ user_id, purpose: 'manage', redirect_uri: stage.site.redirectUri },
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
    const window = { javaScriptEnabled, viewport };
    const page = await stage.visit({ user_id: app.userId, purpose: 'manage' }, window);
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
    const { body } = await stage.exchange((await stage.back(page))['code']);
    expect(body.done).toMatchObject([{ action: 'factor_enrolled', factor: { type: 'phone' } }]);
  });
});

it('S98: a double click on the proof, without JavaScript, leads on with a new id', async () => {
  const app = await newUser();
  const window = { javaScriptEnabled: false, viewport: phone };
  const page = await stage.visit({ user_id: app.userId, purpose: 'manage' }, window);
  await press(page, 'Add another way');
  await press(page, 'Continue');
  const idOf = async () =>
    (await page.context().cookies()).find(({ name }) => name.includes('lnk_'))?.value;
  const before = await idOf();
  await page.getByRole('textbox', { name: 'Code' }).fill(app.code());
  await page.getByRole('button', { name: 'Confirm', exact: true }).dblclick();
  await page.getByRole('link', { name: 'Phone' }).waitFor();
  expect(await idOf()).not.toBe(before);
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
