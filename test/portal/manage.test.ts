/** The pages on which a user manages factors and sessions, in a browser. */
import type { Browser, Page } from 'playwright-core';
import { agoOf } from '../../src/portal/manage/when.js';
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
  type Window,
} from '../support/browser.js';
import { addressOf, makeLink } from '../support/links.js';
import { codeAt, enrolPhone, otherThan, phoneBook } from '../support/phones.js';
import { begin, introspect, type SessionToken } from '../support/sessions.js';

let service: Hosted;
let browser: Browser;
let site: Shop;
let shop: Registered;
let club: Registered;
let open: Window | undefined;
let users = 0;
const nextNumber = phoneBook('415');

beforeAll(async () => {
  service = await startHosted();
  browser = await startBrowser();
  site = await startShop();
  shop = await service.register('Acme', 'Shop', { redirectUris: [site.redirectUri] });
  club = await service.register('Acme', 'Club');
}, 120_000);
afterAll(async () => {
  await browser.close();
  await site.close();
  await service.close();
});
afterEach(async () => {
  const { faults } = open ?? { faults: [] };
  await open?.context.close();
  open = undefined;
  expect(faults).toEqual([]);
});

async function newUser(body: Record<string, unknown> = {}): Promise<Authenticator> {
  const app = await enrol(service, `user-${++users}`, { key: shop.key, body });
  service.clock.advance(30);
  return app;
}

async function addPhone(userId: string): Promise<{ number: string; factorId: string }> {
  const number = nextNumber();
  const factorId = await enrolPhone(service, userId, number, {}, { key: shop.key });
  service.clock.advance(120);
  return { number, factorId };
}

async function addressFor(user_id: string): Promise<string> {
  const body = { user_id, purpose: 'manage', redirect_uri: site.redirectUri, state: 's' };
  return addressOf(await makeLink(service, shop, body)).href;
}

async function follow(user: string, javaScriptEnabled = true, viewport = phone): Promise<Page> {
  open = await openWindow(browser, [service, site], { javaScriptEnabled, viewport });
  const { page } = open;
  const address = await addressFor(user);
  await page.goto(address);
  if (!javaScriptEnabled) {
    await page.getByLabel('Link').fill(address);
    await page.getByRole('button', { name: 'Continue' }).click();
  }
  await page.waitForURL('**/manage');
  return page;
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const title = (page: Page) => page.getByRole('heading', { level: 1 }).innerText();
const news = (page: Page) => page.getByRole('status').innerText();
const part = (page: Page, name: string) =>
  page.locator('section').filter({ has: page.getByRole('heading', { name }) });
const factors = (page: Page) => part(page, 'Ways to confirm').getByRole('link');
const sessions = (page: Page) => part(page, 'Where you are').locator('li');

async function listed(user: string): Promise<Record<string, string>[]> {
  const { body } = await service.call('GET', `/v1/users/${user}/factors`, undefined, shop);
  return body.data as Record<string, string>[];
}

/** What the application learns, once the browser is back. */
async function outcome(page: Page): Promise<{ done: Record<string, unknown>[] }> {
  await press(page, 'Done');
  await page.waitForURL(`${site.redirectUri}?**`);
  const { code, state } = Object.fromEntries(new URL(page.url()).searchParams);
  expect(state).toBe('s');
  const answer = await service.call('POST', '/v1/links/exchange', { code }, { key: shop.key });
  expect(answer.status).toBe(200);
  return answer.body;
}

/** Opens a factor's page and asks for its removal. */
async function wishAway(page: Page, name: string): Promise<void> {
  await factors(page).filter({ hasText: name }).first().click();
  await press(page, 'Remove…');
  await page.waitForURL('**/remove');
}

async function prove(page: Page, code: string, javaScript = true): Promise<void> {
  await page.getByRole('textbox', { name: 'Code' }).fill(code);
  if (!javaScript) await press(page, 'Confirm');
  await page.getByRole('heading', { name: 'Remove' }).waitFor();
}

/** Sends a form of this page by hand, as whoever has changed it would. */
function send(page: Page, to: string, members: Record<string, string> = {}) {
  return page.evaluate(
    async ([path, added]) => {
      const token = document.querySelector<HTMLInputElement>('[name=form_token]')?.value ?? '';
      const link = location.pathname.split('/')[2] ?? '';
      const body = new URLSearchParams({ form_token: token, ...added });
      const answer = await fetch(`/p/${link}/${path}`, { method: 'POST', body });
      return { status: answer.status, path: new URL(answer.url).pathname };
    },
    [to, members] as const,
  );
}

describe.each([
  ['on a phone, with JavaScript', true, phone],
  ['on a narrow phone, without', false, { width: 360, height: 640 }],
  ['on a desktop, with JavaScript', true, desktop],
])('%s', (_how, javaScript, viewport) => {
  it('lists, renames, and the application learns of it', async () => {
    const app = await newUser();
    await addPhone(app.userId);
    const page = await follow(app.userId, javaScript, viewport);
    expect(await title(page)).toBe('Your security');
    expect((await factors(page).allInnerTexts()).map((text) => text.split(/\n+/))).toEqual([
      ['Authenticator app', 'Not used yet'],
      ['Phone', expect.stringMatching(/^\+1••••••••\d\d$/), 'Last used: 2 minutes ago'],
    ]);
    await factors(page).first().click();
    await page.getByLabel('Name').fill('  My <b>old</b> “phone” & co. ');
    await press(page, 'Save the name');
    expect(await news(page)).toBe('The name is saved.');
    expect(await factors(page).first().innerText()).toContain('My <b>old</b> “phone” & co.');
    expect((await listed(app.userId))[0]).toMatchObject({ name: 'My <b>old</b> “phone” & co.' });
    expect(await outcome(page)).toMatchObject({
      purpose: 'manage',
      user_id: app.userId,
      done: [{ action: 'factor_renamed', factor: { id: app.factorId, type: 'totp' } }],
    });
  });

  it('removes after a proof, which counts for the next one as well', async () => {
    const app = await newUser({ name: 'Tablet' });
    await addPhone(app.userId);
    const { factorId: other } = await addPhone(app.userId);
    const page = await follow(app.userId, javaScript, viewport);
    await wishAway(page, 'Phone');
    expect(await title(page)).toBe('Confirm that it is you');
    await page.getByRole('button', { name: 'Authenticator app' }).click();
    await prove(page, app.code(), javaScript);
    expect(await page.getByRole('checkbox').count()).toBe(0);
    await press(page, 'Remove');
    expect(await news(page)).toBe('It is removed.');
    expect((await listed(app.userId)).map(({ id }) => id)).toEqual([app.factorId, other]);
    await factors(page).filter({ hasText: 'Phone' }).click();
    await press(page, 'Remove…');
    await press(page, 'Remove');
    await page.getByRole('status').waitFor();
    expect((await listed(app.userId)).map(({ id }) => id)).toEqual([app.factorId]);
    expect((await outcome(page)).done.map(({ action }) => action)).toEqual([
      'factor_removed',
      'factor_removed',
    ]);
  });

  it('the last one goes only when it is known to be the last', async () => {
    const app = await newUser();
    const page = await follow(app.userId, javaScript, viewport);
    await wishAway(page, 'Authenticator app');
    await prove(page, app.code(), javaScript);
    expect(await page.getByRole('alert').innerText()).toContain('This is the last one.');
    await press(page, 'Remove');
    expect(await page.getByRole('checkbox').isChecked()).toBe(false);
    expect(await listed(app.userId)).toHaveLength(1);
    await page.getByRole('checkbox').check();
    await press(page, 'Remove');
    expect(await news(page)).toBe('It is removed.');
    expect(await part(page, 'Ways to confirm').innerText()).toContain('There is none');
    expect(await listed(app.userId)).toEqual([]);
  });

  it('shows the sessions of all applications, signs out of one, and then of all', async () => {
    const app = await newUser();
    const one = (await begin(service, app, undefined, shop)).body as unknown as SessionToken;
    const two = (await begin(service, app, undefined, club)).body as unknown as SessionToken;
    await begin(service, app, { session: 'cookie' }, shop);
    service.clock.advance(3 * 3600);
    const page = await follow(app.userId, javaScript, viewport);
    const shown = (await sessions(page).allInnerTexts()).map((text) => text.split(/\n+/));
    const ago = ['Last used: 3 hours ago', 'Since: 3 hours ago', 'Sign out'];
    expect(shown).toEqual([
      ['Shop', 'In a browser', ...ago],
      ['Club', 'In an app', ...ago],
      ['Shop', 'In an app', ...ago],
    ]);
    await sessions(page).filter({ hasText: 'Club' }).getByRole('button').click();
    expect(await news(page)).toBe('You are signed out there.');
    expect(await sessions(page).count()).toBe(2);
    const ends = await introspect(service, two.access_token, club);
    expect(ends.body).toEqual({ active: false });
    const all = page.locator('details');
    await all.locator('summary').click();
    await page
      .getByLabel('Where you stay logged in')
      .selectOption({ label: 'Shop · In a browser · 3 hours ago' });
    await all.getByRole('button').click();
    await page.waitForFunction(() => document.querySelectorAll('li.entry').length === 1);
    expect(await sessions(page).innerText()).toContain('In a browser');
    expect((await introspect(service, one.access_token, shop)).body).toEqual({ active: false });
    await all.locator('summary').click();
    await all.getByRole('button').click();
    await page.getByText('Nowhere at the moment.').waitFor();
    const { done } = await outcome(page);
    expect(done.map(({ action }) => action)).toEqual(Array(3).fill('session_ended'));
    expect(done[0]).toMatchObject({ session_id: two.session_id });
  });
});

it('a name of nothing is refused, and says what one is', async () => {
  const app = await newUser({ name: 'Tablet' });
  const page = await follow(app.userId, false);
  await factors(page).click();
  await page.getByLabel('Name').fill('   ');
  await press(page, 'Save the name');
  expect(await page.getByRole('alert').innerText()).toBe('Type a name of 1 to 64 characters.');
  expect(await page.getByLabel('Name').inputValue()).toBe('Tablet');
});

it('refuses to remove anything without a proof, or long after it', async () => {
  const app = await newUser();
  const { factorId } = await addPhone(app.userId);
  const page = await follow(app.userId);
  const confirm = `manage/factor/${factorId}/remove/confirm`;
  const refused = { status: 200, path: expect.stringMatching(/\/remove$/) as string };
  expect(await send(page, confirm, { understood: 'yes' })).toEqual(refused);
  expect(await listed(app.userId)).toHaveLength(2);
  await wishAway(page, 'Phone');
  await page.getByRole('button', { name: 'Authenticator app' }).click();
  await page.getByText('your authenticator app shows').waitFor();
  // Not by a wrong code either.
  const field = page.getByRole('textbox', { name: 'Code' });
  await field.fill(otherThan(app.code()));
  await page.getByText('Tries left').waitFor();
  expect(await send(page, confirm)).toEqual(refused);
  await prove(page, app.code());
  service.clock.advance(301);
  await press(page, 'Remove');
  await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
  expect(await listed(app.userId)).toHaveLength(2);
});

it('S18: a proof by a factor that is gone counts no more', async () => {
  const app = await newUser();
  const { factorId, number } = await addPhone(app.userId);
  const page = await follow(app.userId);
  await wishAway(page, 'Phone');
  await prove(page, (await codeAt(service, number)) ?? '');
  await press(page, 'Remove');
  await page.getByRole('status').waitFor();
  expect((await listed(app.userId)).map(({ id }) => id)).not.toContain(factorId);
  await wishAway(page, 'Authenticator app');
  expect(await title(page)).toBe('Confirm that it is you');
});

it('the last one is not removed where the page has not said so', async () => {
  const app = await newUser();
  const page = await follow(app.userId);
  await wishAway(page, 'Authenticator app');
  await prove(page, app.code());
  const confirm = `manage/factor/${app.factorId}/remove/confirm`;
  expect((await send(page, confirm)).path).toMatch(/\/remove$/);
  expect(await listed(app.userId)).toHaveLength(1);
});

it('S105: another user’s factor and session are as missing ones', async () => {
  const app = await newUser();
  const victim = await newUser({ name: 'Theirs' });
  const session = (await begin(service, victim, undefined, shop)).body as unknown as SessionToken;
  const page = await follow(app.userId);
  await wishAway(page, 'Authenticator app');
  await prove(page, app.code());
  const missing = 'fac_01h455vb4pex5vsknk084sn02q';
  for (const id of [victim.factorId, missing])
    for (const [to, members] of [
      ['name', { name: 'Mine' }],
      ['remove/confirm', { understood: 'yes' }],
      ['remove/begin', {}],
    ] as const)
      expect(await send(page, `manage/factor/${id}/${to}`, members)).toMatchObject({ status: 404 });
  await send(page, 'manage/sign-out', { session: session.session_id });
  expect(await listed(victim.userId)).toMatchObject([{ name: 'Theirs', status: 'active' }]);
  expect((await introspect(service, session.access_token, shop)).body).toMatchObject({
    active: true,
  });
  const base = page.url().replace(/manage.*/, 'manage');
  for (const path of ['', '/remove']) {
    const answer = await page.goto(`${base}/factor/${victim.factorId}${path}`);
    expect([answer?.status(), await title(page)]).toEqual([404, 'There is nothing here']);
  }
  await page.goto(base);
  await page
    .locator('summary')
    .isVisible()
    .catch(() => false);
  await send(page, 'manage/sign-out-all');
  expect((await introspect(service, session.access_token, shop)).body).toMatchObject({
    active: true,
  });
  expect(await outcome(page)).toMatchObject({ done: [] });
  open?.faults.splice(0);
});

it('S100: a form from elsewhere changes nothing', async () => {
  const app = await newUser({ name: 'Tablet' });
  const page = await follow(app.userId);
  const action = `${page.url()}/factor/${app.factorId}/name`;
  site.show(
    '/evil',
    `<!doctype html><form method="post" action="${action}"><input name="name" value="Evil"><button>Go`,
  );
  const tab = await page.context().newPage();
  await tab.goto(`${site.url}/evil`);
  await tab.getByRole('button').click();
  await tab.getByRole('heading', { name: 'another browser' }).waitFor();
  // Where a browser brings the cookie along, the token in the form is still missing.
  const name = `manage/factor/${app.factorId}/name`;
  const sent = await send(page, name, { name: 'Evil', form_token: 'x' });
  expect(sent.status).toBe(403);
  expect(await listed(app.userId)).toMatchObject([{ name: 'Tablet' }]);
  open?.faults.splice(0);
});

describe.each([
  ['with JavaScript', true],
  ['without', false],
])('%s', (_how, javaScript) => {
  it('a double click removes one, once', async () => {
    const app = await newUser();
    const { factorId } = await addPhone(app.userId);
    const page = await follow(app.userId, javaScript);
    await wishAway(page, 'Phone');
    await page.getByRole('button', { name: 'Authenticator app' }).click();
    await prove(page, app.code(), javaScript);
    await page.getByRole('button', { name: 'Remove', exact: true }).dblclick();
    expect(await news(page)).toBe('It is removed.');
    expect(await listed(app.userId)).toHaveLength(1);
    expect(await outcome(page)).toMatchObject({
      done: [{ action: 'factor_removed', factor: { id: factorId, type: 'phone' } }],
    });
  });

  it('two tabs: what one has removed, the other finds gone', async () => {
    const app = await newUser();
    await addPhone(app.userId);
    const page = await follow(app.userId, javaScript);
    const list = page.url();
    await wishAway(page, 'Phone');
    await page.getByRole('button', { name: 'Authenticator app' }).click();
    await prove(page, app.code(), javaScript);
    const tab = await page.context().newPage();
    await tab.goto(page.url());
    await press(page, 'Remove');
    await page.getByRole('status').waitFor();
    await press(tab, 'Remove');
    await tab.getByRole('status').waitFor();
    expect(tab.url()).toBe(`${list}?said=removed`);
    await tab.goBack();
    await tab.getByRole('heading', { name: 'Your security' }).waitFor();
    expect(await factors(tab).count()).toBe(1);
    expect((await outcome(page)).done).toHaveLength(1);
  });

  it('the back button leads over what is gone to the list, and after the end forward', async () => {
    const app = await newUser();
    await addPhone(app.userId);
    const page = await follow(app.userId, javaScript);
    await wishAway(page, 'Phone');
    await page.getByRole('button', { name: 'Authenticator app' }).click();
    await prove(page, app.code(), javaScript);
    await press(page, 'Remove');
    await page.getByRole('status').waitFor();
    await page.goBack();
    expect(await title(page)).toBe('Your security');
    await press(page, 'Done');
    await page.waitForURL(`${site.redirectUri}?**`);
    await page.goBack();
    await press(page, 'Continue to Shop');
    await page.waitForURL(`${site.redirectUri}?**`);
    open?.faults.splice(0);
  });

  it('the keyboard alone suffices', async () => {
    const app = await newUser({ name: 'Tablet' });
    await begin(service, app, undefined, shop);
    service.clock.advance(30);
    const page = await follow(app.userId, javaScript, desktop);
    const focused = () =>
      page.evaluate(() => {
        const at = document.activeElement;
        const label = at instanceof HTMLInputElement ? at.name : at?.textContent;
        return (label ?? '').trim();
      });
    const tabTo = async (name: string) => {
      for (let times = 0; times < 20; times++) {
        if ((await focused()).startsWith(name)) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`the keyboard does not reach ${name}`);
    };
    const enter = async (on: string) => {
      await tabTo(on);
      const arrived = page.waitForEvent('load');
      await page.keyboard.press('Enter');
      await arrived;
    };
    await enter('Tablet');
    await tabTo('name');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('Desk');
    await enter('Save the name');
    await tabTo('Sign out everywhere else');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    const arrived = page.waitForEvent('load');
    await page.keyboard.press('Enter');
    await arrived;
    await page.getByText('Nowhere at the moment.').waitFor();
    await enter('Desk');
    await enter('Remove…');
    await tabTo('code');
    const proven = page.getByRole('heading', { name: 'Remove' }).waitFor();
    await page.keyboard.type(app.code());
    if (!javaScript) await page.keyboard.press('Enter');
    await proven;
    await page.waitForLoadState();
    await tabTo('understood');
    await page.keyboard.press('Space');
    await enter('Remove');
    expect(await news(page)).toBe('It is removed.');
    await enter('Done');
    expect(page.url()).toContain(site.redirectUri);
  });
});

it('many sessions and factors stay below 30 kB, with everything a page has', async () => {
  const app = await newUser({ name: 'W'.repeat(64) });
  for (let times = 0; times < 8; times++) await addPhone(app.userId);
  for (let times = 0; times < 25; times++) await begin(service, app, undefined, shop);
  const page = await follow(app.userId);
  let bytes = 0;
  page.on('response', (response) => {
    const counted = response.body().then((body) => (bytes += body.length + 500));
    counted.catch(() => undefined);
  });
  await page.reload({ waitUntil: 'networkidle' });
  expect(await sessions(page).count()).toBe(12);
  expect(await part(page, 'Where you are').innerText()).toContain('Not shown here: 13.');
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(30_000);
});

it('times are how long ago, and after a week days, in the page’s language', () => {
  const now = new Date('2026-03-10T12:00:00Z');
  const ago = (seconds: number, locale = 'en') =>
    agoOf(locale, new Date(now.getTime() - seconds * 1000), now);
  expect([-5, 5, 60, 3599, 3600, 86_400, 6 * 86_400].map((seconds) => ago(seconds))).toEqual([
    'now',
    'now',
    '1 minute ago',
    '59 minutes ago',
    '1 hour ago',
    '1 day ago',
    '6 days ago',
  ]);
  expect([ago(7 * 86_400), ago(7 * 86_400, 'de'), ago(60, 'de')]).toEqual([
    'Mar 3, 2026',
    '03.03.2026',
    'vor 1 Minute',
  ]);
});
