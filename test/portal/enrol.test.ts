/** The pages on which a factor is set up, in a browser, from the link to the login with what was set up. */
import type { Page } from 'playwright-core';
import { desktop, phone } from '../support/browser.js';
import {
  alert,
  button,
  deepLink,
  enter,
  field,
  heading,
  NewUsers,
  scan,
} from '../support/enrol-pages.js';
import { codeAt, otherThan, phoneBook } from '../support/phones.js';
import { startStage, type Stage } from '../support/stage.js';

let stage: Stage;
let service: Stage['service'];
let shop: Stage['shop'];
let users: NewUsers;
const nextNumber = phoneBook('415');

beforeAll(async () => {
  stage = await startStage();
  ({ service, shop } = stage);
  users = new NewUsers(stage);
}, 120_000);
afterEach(async () => expect(await stage.clear()).toEqual([]));
afterAll(() => stage.close());

function logIn(user: string, code: string) {
  return service.call('POST', `/v1/users/${user}/verify`, { code }, shop);
}

describe.each([
  ['with JavaScript, on a phone', true, phone],
  ['without, on a desktop', false, desktop],
])('%s', (_how, javaScript, viewport) => {
  it('S22: what the screen shows is scanned, and its code logs in', async () => {
    const user = users.next();
    const page = await users.follow(user, { javaScript, viewport, link: { state: 's' } });
    await button(page, 'Authenticator app').click();
    await page.getByRole('img', { name: 'QR code' }).scrollIntoViewIfNeeded();
    const uri = await scan(page);
    expect(decodeURIComponent(uri.pathname)).toContain(`Acme:${user}`);
    await enter(page, users.codeOf(uri), !javaScript);
    expect(await heading(page)).toBe('That works');
    await page.getByLabel('Give it a name').fill('Old <b>phone</b>');
    await button(page, 'Continue to Shop').click();
    const { outcome, ...rest } = await users.back(page);
    expect(rest).toEqual({ state: 's', iss: service.url });
    const [factor] = await users.factorsOf(user);
    expect(factor).toMatchObject({ name: 'Old <b>phone</b>', status: 'active' });
    expect(outcome).toMatchObject({
      purpose: 'enrol',
      done: [{ action: 'factor_enrolled', factor: { id: factor?.id, type: 'totp' } }],
    });
    service.clock.advance(30);
    expect((await logIn(user, users.codeOf(uri))).status).toBe(200);
  });

  it('a phone: its number as it is written at home, and the code that it gets', async () => {
    const user = users.next();
    const number = nextNumber();
    const page = await users.follow(user, { javaScript, viewport });
    await page.getByRole('link', { name: 'Text message' }).click();
    await page.getByLabel('Country').selectOption({ label: 'United States (+1)' });
    const typed = `(${number.slice(2, 5)}) ${number.slice(5, 8)}-${number.slice(8)}`;
    await page.getByLabel('Phone number').fill(typed);
    await button(page, 'Send the code').click();
    await page.getByText('by text message').waitFor();
    expect(await page.getByText('by text message').innerText()).toContain('+1••••••••23');
    await enter(page, otherThan(await codeAt(service, number)), !javaScript);
    expect(await alert(page)).toContain('Tries left: 4.');
    await enter(page, (await codeAt(service, number)) ?? '', !javaScript);
    expect(await heading(page)).toBe('That works');
    await button(page, 'Continue to Shop').click();
    const { outcome } = await users.back(page);
    expect(outcome.done.map(({ factor }) => factor.type)).toEqual(['phone']);
    const phones = await users.factorsOf(user);
    expect(phones).toMatchObject([{ type: 'phone', status: 'active', phone: '+1••••••••23' }]);
  });

  it('a wrong code is said, and a reload does not send it again', async () => {
    const page = await users.follow(users.next(), {
      javaScript,
      viewport,
      link: { types: ['totp'] },
    });
    const uri = await deepLink(page);
    await enter(page, otherThan(users.codeOf(uri)), !javaScript);
    expect(await alert(page)).toContain('Tries left: 9.');
    await page.reload();
    await page.reload();
    expect(await alert(page)).toContain('Tries left: 9.');
    expect(await field(page).getAttribute('aria-invalid')).toBe('true');
    expect((await deepLink(page)).href).toBe(uri.href);
    await enter(page, users.codeOf(uri), !javaScript);
    expect(await heading(page)).toBe('That works');
  });
});

async function scanScrolled(page: Page): Promise<URL> {
  await page.getByRole('img', { name: 'QR code' }).scrollIntoViewIfNeeded();
  return scan(page);
}

it('on a phone there is a link to the app, on a desktop there is none', async () => {
  const page = await users.follow(users.next(), { link: { types: ['totp'] } });
  const link = page.getByRole('link', { name: 'Open in your authenticator' });
  expect(await link.isVisible()).toBe(true);
  expect((await deepLink(page)).href).toBe((await scanScrolled(page)).href);
  await page.context().close();
  const wide = await users.follow(users.next(), { viewport: desktop, link: { types: ['totp'] } });
  expect(await wide.locator('a[href^="otpauth:"]').isVisible()).toBe(false);
});

it('the secret can be typed in, in groups of four, and copied', async () => {
  const page = await users.follow(users.next(), { viewport: desktop, link: { types: ['totp'] } });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByText('You cannot scan it?').click();
  const shown = await page.locator('.secret').innerText();
  expect(shown).toMatch(/^[A-Z2-7]{4}( [A-Z2-7]{4}){7}$/);
  const secret = shown.replaceAll(' ', '');
  expect((await deepLink(page)).searchParams.get('secret')).toBe(secret);
  await button(page, 'Copy the key').click();
  await button(page, 'Copied').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(secret);
});

describe('a clock that is wrong', () => {
  it.each([
    [300, 'about 5 minutes ahead'],
    [-240, 'about 4 minutes behind'],
    [-7200, 'about 2 hours behind'],
  ])('by %d seconds: it is said, and charged like any other code', async (seconds, words) => {
    const user = users.next();
    const page = await users.follow(user, { link: { types: ['totp'] } });
    const uri = await deepLink(page);
    await enter(page, users.codeOf(uri, seconds));
    expect(await alert(page)).toContain(words);
    expect(await alert(page)).toContain('Tries left: 9.');
    expect(await users.factorsOf(user)).toMatchObject([{ status: 'pending' }]);
    await enter(page, users.codeOf(uri));
    expect(await heading(page)).toBe('That works');
  });

  it('a little ahead: it works, and is said', async () => {
    const page = await users.follow(users.next(), { link: { types: ['totp'] } });
    await enter(page, users.codeOf(await deepLink(page), 30));
    expect(await heading(page)).toBe('That works');
    expect(await page.getByText('runs a little ahead').count()).toBe(1);
  });
});

it('an enrolment that took too long says so, and begins anew', async () => {
  const page = await users.follow(users.next());
  await button(page, 'Authenticator app').click();
  const uri = await deepLink(page);
  service.clock.advance(601);
  await enter(page, users.codeOf(uri));
  expect(await alert(page)).toContain('That took too long');
  await button(page, 'Authenticator app').click();
  const another = await deepLink(page);
  expect(another.href).not.toBe(uri.href);
  await enter(page, users.codeOf(another));
  expect(await heading(page)).toBe('That works');
});

it('ten wrong codes end it, and it begins anew', async () => {
  const page = await users.follow(users.next());
  await button(page, 'Authenticator app').click();
  for (let wrong = 1; wrong <= 10; wrong++)
    await enter(page, otherThan(users.codeOf(await deepLink(page))));
  expect(await alert(page)).toContain('too many wrong codes');
  expect(await button(page, 'Authenticator app').count()).toBe(1);
});

it('the back button shows the same secret, and later what was done', async () => {
  const page = await users.follow(users.next());
  await button(page, 'Authenticator app').click();
  const uri = await deepLink(page);
  await page.goBack();
  expect((await deepLink(page)).href).toBe(uri.href);
  await enter(page, users.codeOf(uri));
  await page.goBack();
  expect(await heading(page)).toBe('That works');
  await button(page, 'Continue to Shop').click();
  await stage.back(page);
  await page.goBack();
  await button(page, 'Continue to Shop').click();
  expect((await users.back(page)).outcome.done).toHaveLength(1);
  stage.forgive();
});

it('a double click without JavaScript sets one factor up, and tells of it once', async () => {
  const user = users.next();
  const page = await users.follow(user, { javaScript: false, link: { types: ['totp'] } });
  await field(page).fill(users.codeOf(await deepLink(page)));
  await button(page, 'Confirm').dblclick();
  await page.getByText('That works').waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
  await button(page, 'Continue to Shop').dblclick();
  const { outcome } = await users.back(page);
  expect(outcome.done).toHaveLength(1);
  expect(await users.factorsOf(user)).toHaveLength(1);
});

it('of two answers at once neither says that anything is wrong', async () => {
  const user = users.next();
  const page = await users.follow(user, { link: { types: ['totp'] } });
  await field(page).fill(users.codeOf(await deepLink(page)).slice(0, 5));
  await page.evaluate(`(async (code) => {
    const form = document.querySelector('.code-form');
    const body = () => new URLSearchParams({ ...Object.fromEntries(new FormData(form)), code });
    await Promise.all([1, 2, 3].map(() => fetch(form.action, { method: 'POST', body: body() })));
  })('${users.codeOf(await deepLink(page))}')`);
  await page.reload();
  expect(await heading(page)).toBe('That works');
  expect(await page.getByRole('alert').count()).toBe(0);
  await button(page, 'Continue to Shop').click();
  expect((await users.back(page)).outcome.done).toHaveLength(1);
});

it('“not now” leads back without anything', async () => {
  const user = users.next();
  const page = await users.follow(user);
  await button(page, 'Not now').click();
  await stage.back(page);
  expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied');
  expect(await users.factorsOf(user)).toEqual([]);
});

it('S104: names of applications and users are text', async () => {
  const name = '<img src=x onerror=alert(1)>"\u202e';
  const odd = await service.register(`R ${name}`, name, { redirectUris: [stage.site.redirectUri] });
  const page = await users.follow(`<script>alert(1)</script>`, { by: odd });
  await button(page, 'Authenticator app').click();
  await page.getByText('You cannot scan it?').click();
  const shown = await page.locator('main').innerText();
  expect(shown).toContain('<script>alert(1)</script>');
  await enter(page, users.codeOf(await deepLink(page)));
  expect(await button(page, 'Continue to').innerText()).toContain('<img src=x onerror=alert(1)>"');
  expect(await page.locator('main img, main script').count()).toBe(0);
});
