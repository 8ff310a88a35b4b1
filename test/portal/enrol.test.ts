/** The pages on which a factor is set up, in a browser, from the link to the login with what was set up. */
import jsQR from 'jsqr';
import type { Browser, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { decodeSecret } from '../../src/otp/secret.js';
import { stepAt, totp } from '../../src/otp/totp.js';
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
  type Window,
} from '../support/browser.js';
import { addressOf, makeLink } from '../support/links.js';
import { codeAt, codesAt, enrolPhone, otherThan, phoneBook } from '../support/phones.js';

let service: Hosted;
let browser: Browser;
let site: Shop;
let shop: Registered;
let careful: Registered;
let open: Window | undefined;
let users = 0;
const nextNumber = phoneBook('415');
const newUser = () => `person-${++users}`;

beforeAll(async () => {
  service = await startHosted();
  browser = await startBrowser();
  site = await startShop();
  const redirectUris = [site.redirectUri];
  shop = await service.register('Acme', 'Shop', { redirectUris });
  careful = await service.register('Bank', 'Vault', { redirectUris, enrolProofSeconds: 300 });
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

interface Following {
  readonly by?: Registered;
  readonly javaScript?: boolean;
  readonly viewport?: { width: number; height: number };
  readonly link?: Record<string, unknown>;
}

/** Opens a link as its user does: by its address, or without JavaScript by pasting it. */
async function follow(user: string, options: Following = {}): Promise<Page> {
  const { by = shop, javaScript: javaScriptEnabled = true, viewport = phone, link = {} } = options;
  open = await openWindow(browser, [service, site], {
    javaScriptEnabled,
    viewport,
    ...(viewport === phone && { hasTouch: true, isMobile: true }),
  });
  const { page } = open;
  const made = await makeLink(service, by, {
    user_id: user,
    purpose: 'enrol',
    redirect_uri: site.redirectUri,
    ...link,
  });
  const address = addressOf(made).href;
  await page.goto(address);
  if (!javaScriptEnabled) {
    await page.getByLabel('Link').fill(address);
    await page.getByRole('button', { name: 'Continue' }).click();
  }
  await page.waitForURL('**/enrol');
  return page;
}

const button = (page: Page, name: string) => page.getByRole('button', { name });
const field = (page: Page) => page.getByRole('textbox', { name: 'Code' });
const heading = (page: Page) => page.getByRole('heading', { level: 1 }).innerText();
const alert = (page: Page) => page.getByRole('alert').innerText();

/** Types a code and has it sent: by its last digit, or by the button where there is no script. */
async function enter(page: Page, code: string, byHand = false): Promise<void> {
  const answered = page.waitForEvent('framenavigated');
  await field(page).fill(code);
  if (byHand) await button(page, 'Confirm').click();
  await answered;
  await page.waitForLoadState();
}

/** What an authenticator app reads from what is to be seen on the screen. */
async function scan(page: Page): Promise<URL> {
  const { data, width, height } = PNG.sync.read(await page.screenshot());
  const read = jsQR.default(new Uint8ClampedArray(data), width, height);
  if (read === null) throw new Error('there is no QR code on the screen');
  return new URL(read.data);
}

/** The code of a key URI, also on a clock that is wrong. */
function codeOf(uri: URL, secondsAhead = 0): string {
  const now = new Date(service.clock.now().getTime() + secondsAhead * 1000);
  const { searchParams } = uri;
  expect(searchParams.get('algorithm')).toBe('SHA1');
  const parameters = { algorithm: 'SHA1', digits: 6, periodSeconds: 30 } as const;
  return totp(decodeSecret(searchParams.get('secret') ?? ''), stepAt(now, 30), parameters);
}

/** Where the browser has come to in the end, and what the application is told. */
async function back(page: Page, by = shop) {
  await page.waitForURL(`${site.redirectUri}?**`);
  const { code, ...rest } = Object.fromEntries(new URL(page.url()).searchParams);
  const { body } = await service.call('POST', '/v1/links/exchange', { code }, { key: by.key });
  return { ...rest, outcome: body as { done: { factor: { id: string; type: string } }[] } };
}

function logIn(user: string, code: string, by = shop) {
  return service.call('POST', `/v1/users/${user}/verify`, { code }, { key: by.key });
}

async function factorsOf(user: string, by = shop) {
  const { body } = await service.call('GET', `/v1/users/${user}/factors`, undefined, by);
  return body.data as { id: string; type: string; name: string; status: string }[];
}

describe.each([
  ['with JavaScript, on a phone', true, phone],
  ['without, on a desktop', false, desktop],
])('%s', (_how, javaScript, viewport) => {
  it('S22: what the screen shows is scanned, and its code logs in', async () => {
    const user = newUser();
    const page = await follow(user, { javaScript, viewport, link: { state: 's' } });
    await button(page, 'Authenticator app').click();
    await page.getByRole('img', { name: 'QR code' }).scrollIntoViewIfNeeded();
    const uri = await scan(page);
    expect(decodeURIComponent(uri.pathname)).toContain(`Acme:${user}`);
    await enter(page, codeOf(uri), !javaScript);
    expect(await heading(page)).toBe('That works');
    await page.getByLabel('Give it a name').fill('Old <b>phone</b>');
    await button(page, 'Continue to Shop').click();
    const { outcome, ...rest } = await back(page);
    expect(rest).toEqual({ state: 's', iss: service.url });
    const [factor] = await factorsOf(user);
    expect(factor).toMatchObject({ name: 'Old <b>phone</b>', status: 'active' });
    expect(outcome).toMatchObject({
      purpose: 'enrol',
      done: [{ action: 'factor_enrolled', factor: { id: factor?.id, type: 'totp' } }],
    });
    service.clock.advance(30);
    expect((await logIn(user, codeOf(uri))).status).toBe(200);
  });

  it('a phone: its number as it is written at home, and the code that it gets', async () => {
    const user = newUser();
    const number = nextNumber();
    const page = await follow(user, { javaScript, viewport });
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
    const { outcome } = await back(page);
    expect(outcome.done.map(({ factor }) => factor.type)).toEqual(['phone']);
    const phones = await factorsOf(user);
    expect(phones).toMatchObject([{ type: 'phone', status: 'active', phone: '+1••••••••23' }]);
  });

  it('a wrong code is said, and a reload does not send it again', async () => {
    const page = await follow(newUser(), { javaScript, viewport, link: { types: ['totp'] } });
    const uri = await deepLink(page);
    await enter(page, otherThan(codeOf(uri)), !javaScript);
    expect(await alert(page)).toContain('Tries left: 9.');
    await page.reload();
    await page.reload();
    expect(await alert(page)).toContain('Tries left: 9.');
    expect(await field(page).getAttribute('aria-invalid')).toBe('true');
    expect((await deepLink(page)).href).toBe(uri.href);
    await enter(page, codeOf(uri), !javaScript);
    expect(await heading(page)).toBe('That works');
  });
});

/** What a tap on “Open in your authenticator” hands to the app. */
async function deepLink(page: Page): Promise<URL> {
  const link = page.locator('a[href^="otpauth:"]');
  return new URL((await link.getAttribute('href')) ?? '');
}

it('on a phone there is a link to the app, on a desktop there is none', async () => {
  const page = await follow(newUser(), { link: { types: ['totp'] } });
  const link = page.getByRole('link', { name: 'Open in your authenticator' });
  expect(await link.isVisible()).toBe(true);
  expect((await deepLink(page)).href).toBe((await scanScrolled(page)).href);
  await open?.context.close();
  const wide = await follow(newUser(), { viewport: desktop, link: { types: ['totp'] } });
  expect(await wide.locator('a[href^="otpauth:"]').isVisible()).toBe(false);
});

async function scanScrolled(page: Page): Promise<URL> {
  await page.getByRole('img', { name: 'QR code' }).scrollIntoViewIfNeeded();
  return scan(page);
}

it('the secret can be typed in, in groups of four, and copied', async () => {
  const page = await follow(newUser(), { viewport: desktop, link: { types: ['totp'] } });
  await open?.context.grantPermissions(['clipboard-read', 'clipboard-write']);
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
    const user = newUser();
    const page = await follow(user, { link: { types: ['totp'] } });
    const uri = await deepLink(page);
    await enter(page, codeOf(uri, seconds));
    expect(await alert(page)).toContain(words);
    expect(await alert(page)).toContain('Tries left: 9.');
    expect(await factorsOf(user)).toMatchObject([{ status: 'pending' }]);
    await enter(page, codeOf(uri));
    expect(await heading(page)).toBe('That works');
  });

  it('a little ahead: it works, and is said', async () => {
    const page = await follow(newUser(), { link: { types: ['totp'] } });
    await enter(page, codeOf(await deepLink(page), 30));
    expect(await heading(page)).toBe('That works');
    expect(await page.getByText('runs a little ahead').count()).toBe(1);
  });
});

it('an enrolment that took too long says so, and begins anew', async () => {
  const page = await follow(newUser());
  await button(page, 'Authenticator app').click();
  const uri = await deepLink(page);
  service.clock.advance(601);
  await enter(page, codeOf(uri));
  expect(await alert(page)).toContain('That took too long');
  await button(page, 'Authenticator app').click();
  const another = await deepLink(page);
  expect(another.href).not.toBe(uri.href);
  await enter(page, codeOf(another));
  expect(await heading(page)).toBe('That works');
});

it('ten wrong codes end it, and it begins anew', async () => {
  const page = await follow(newUser());
  await button(page, 'Authenticator app').click();
  for (let wrong = 1; wrong <= 10; wrong++)
    await enter(page, otherThan(codeOf(await deepLink(page))));
  expect(await alert(page)).toContain('too many wrong codes');
  expect(await button(page, 'Authenticator app').count()).toBe(1);
});

it('the back button shows the same secret, and later what was done', async () => {
  const page = await follow(newUser());
  await button(page, 'Authenticator app').click();
  const uri = await deepLink(page);
  await page.goBack();
  expect((await deepLink(page)).href).toBe(uri.href);
  await enter(page, codeOf(uri));
  await page.goBack();
  expect(await heading(page)).toBe('That works');
  await button(page, 'Continue to Shop').click();
  await page.waitForURL(`${site.redirectUri}?**`);
  await page.goBack();
  await button(page, 'Continue to Shop').click();
  expect((await back(page)).outcome.done).toHaveLength(1);
  open?.faults.splice(0);
});

it('a double click without JavaScript sets one factor up, and tells of it once', async () => {
  const user = newUser();
  const page = await follow(user, { javaScript: false, link: { types: ['totp'] } });
  await field(page).fill(codeOf(await deepLink(page)));
  await button(page, 'Confirm').dblclick();
  await page.getByText('That works').waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
  await button(page, 'Continue to Shop').dblclick();
  const { outcome } = await back(page);
  expect(outcome.done).toHaveLength(1);
  expect(await factorsOf(user)).toHaveLength(1);
});

it('of two answers at once neither says that anything is wrong', async () => {
  const user = newUser();
  const page = await follow(user, { link: { types: ['totp'] } });
  await field(page).fill(codeOf(await deepLink(page)).slice(0, 5));
  await page.evaluate(`(async (code) => {
    const form = document.querySelector('.code-form');
    const body = () => new URLSearchParams({ ...Object.fromEntries(new FormData(form)), code });
    await Promise.all([1, 2, 3].map(() => fetch(form.action, { method: 'POST', body: body() })));
  })('${codeOf(await deepLink(page))}')`);
  await page.reload();
  expect(await heading(page)).toBe('That works');
  expect(await page.getByRole('alert').count()).toBe(0);
  await button(page, 'Continue to Shop').click();
  expect((await back(page)).outcome.done).toHaveLength(1);
});

it('a second way on the same link, and the application learns of both', async () => {
  const user = newUser();
  const page = await follow(user, { by: careful });
  await button(page, 'Authenticator app').click();
  await enter(page, codeOf(await deepLink(page)));
  service.clock.advance(1);
  await button(page, 'Add another way').click();
  await page.getByRole('link', { name: 'Text message' }).click();
  const number = nextNumber();
  await page.getByLabel('Phone number').fill(number);
  await button(page, 'Send the code').click();
  await field(page).waitFor();
  await enter(page, (await codeAt(service, number)) ?? '');
  await page.getByText('You have 2 ways').waitFor();
  await button(page, 'Continue to Vault').click();
  const { outcome } = await back(page, careful);
  expect(outcome.done.map(({ factor }) => factor.type)).toEqual(['totp', 'phone']);
});

describe('an application that wants a fresh proof first (S15)', () => {
  it('has a factor shown before another one is added', async () => {
    const app = await enrol(service, newUser(), { key: careful.key });
    service.clock.advance(30);
    const page = await follow(app.userId, { by: careful, link: { types: ['phone'] } });
    expect(await heading(page)).toBe('First, confirm that it is you');
    await button(page, 'Continue').click();
    await page.waitForURL('**/verify');
    await enter(page, app.code());
    await page.waitForURL('**/enrol');
    const number = nextNumber();
    await page.getByLabel('Phone number').fill(number);
    await button(page, 'Send the code').click();
    await field(page).waitFor();
    await enter(page, (await codeAt(service, number)) ?? '');
    await button(page, 'Continue to Vault').click();
    const { outcome } = await back(page, careful);
    expect(outcome.done.map(({ factor }) => factor.type)).toEqual(['phone']);
  });

  it('takes no form without one, and a proof that has grown old is none', async () => {
    const app = await enrol(service, newUser(), { key: careful.key });
    service.clock.advance(30);
    const page = await follow(app.userId, { by: careful });
    await page.evaluate(`(() => {
      const form = document.forms[0];
      form.action = form.action.replace('/prove', '/app');
      form.submit();
    })()`);
    await page.waitForLoadState();
    expect(await heading(page)).toBe('First, confirm that it is you');
    expect(await factorsOf(app.userId, careful)).toHaveLength(1);
    await button(page, 'Continue').click();
    await enter(page, app.code());
    await button(page, 'Authenticator app').waitFor();
    service.clock.advance(301);
    await button(page, 'Authenticator app').click();
    expect(await heading(page)).toBe('First, confirm that it is you');
    expect(await factorsOf(app.userId, careful)).toHaveLength(1);
  });
});

describe('a number', () => {
  async function numberPage(options: Following = {}): Promise<Page> {
    const page = await follow(newUser(), { link: { types: ['phone'] }, ...options });
    expect(await heading(page)).toBe('Which phone gets the codes?');
    return page;
  }

  it('is arranged while it is typed', async () => {
    const page = await numberPage();
    const input = page.getByLabel('Phone number');
    await input.pressSequentially('4155550123');
    expect(await input.inputValue()).toBe('415 555 0123');
    await page.getByLabel('Country').selectOption('GB');
    await input.fill('');
    await input.pressSequentially('07400123456');
    expect(await input.inputValue()).toBe('07400 123456');
    await input.fill('');
    await input.pressSequentially('+4930');
    expect(await page.getByLabel('Country').inputValue()).toBe('DE');
  });

  it.each([
    ['DE', '0151 23456701', '+4915123456701'],
    ['DE', '٠١٥١ ٢٣٤٥٦٧٠٢', '+4915123456702'],
    ['US', '+49 (0) 151 / 23456703', '+4915123456703'],
    ['US', '0049-151.23456704', '+4915123456704'],
  ])('of %s may be written %s', async (country, typed, number) => {
    const page = await numberPage({ javaScript: false });
    await page.getByLabel('Country').selectOption(country);
    await page.getByLabel('Phone number').fill(typed);
    await button(page, 'Send the code').click();
    await field(page).waitFor();
    expect(await codesAt(service, number)).toBe(1);
  });

  it('that is none stays in its field, with what is wrong beside it', async () => {
    const page = await numberPage();
    await page.getByLabel('Phone number').fill('12<b>"');
    await button(page, 'Send the code').click();
    expect(await alert(page)).toContain('That is no phone number');
    expect(await page.getByLabel('Phone number').inputValue()).toBe('12<b>"');
  });

  it('that the user has already is not taken twice', async () => {
    const user = newUser();
    const number = nextNumber();
    await enrolPhone(service, user, number, {}, { key: shop.key });
    service.clock.advance(120);
    const page = await follow(user, { link: { types: ['phone'] } });
    await page.getByLabel('Phone number').fill(number);
    await button(page, 'Send the code').click();
    expect(await alert(page)).toContain('already');
  });

  it('begins where the browser’s language is at home', async () => {
    const page = await numberPage();
    expect(await page.getByLabel('Country').inputValue()).toBe('US');
    await open?.context.close();
    const other = await numberPage({ link: { types: ['phone'], locale: 'en-NZ' } });
    expect(await other.getByLabel('Country').inputValue()).toBe('NZ');
  });

  it('can be changed, and a new code be asked for when it is time', async () => {
    const page = await numberPage();
    const [wrong, right] = [nextNumber(), nextNumber()];
    await page.getByLabel('Phone number').fill(wrong);
    await button(page, 'Send the code').click();
    await page.getByRole('link', { name: 'Change the number' }).click();
    await page.getByLabel('Phone number').fill(right);
    await button(page, 'Send the code').click();
    await field(page).waitFor();
    expect(await button(page, 'Send a new code').isDisabled()).toBe(true);
    service.clock.advance(120);
    await page.reload();
    await button(page, 'Send a new code').click();
    await page.waitForLoadState();
    expect(await codesAt(service, right)).toBe(2);
    await enter(page, (await codeAt(service, right)) ?? '');
    expect(await heading(page)).toBe('That works');
  });
});

it('“not now” leads back without anything', async () => {
  const user = newUser();
  const page = await follow(user);
  await button(page, 'Not now').click();
  await page.waitForURL(`${site.redirectUri}?**`);
  expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied');
  expect(await factorsOf(user)).toEqual([]);
});

it('S104: names of applications and users are text', async () => {
  const name = '<img src=x onerror=alert(1)>"\u202e';
  const odd = await service.register(`R ${name}`, name, { redirectUris: [site.redirectUri] });
  const page = await follow(`<script>alert(1)</script>`, { by: odd });
  await button(page, 'Authenticator app').click();
  await page.getByText('You cannot scan it?').click();
  const shown = await page.locator('main').innerText();
  expect(shown).toContain('<script>alert(1)</script>');
  await enter(page, codeOf(await deepLink(page)));
  expect(await button(page, 'Continue to').innerText()).toContain('<img src=x onerror=alert(1)>"');
  expect(await page.locator('main img, main script').count()).toBe(0);
});
