/** The page on which a factor is proved, in a browser, from the link to the token. */
import type { Page } from 'playwright-core';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { addressOf, makeLink, tokenOf } from '../support/links.js';
import { codeAt, codesAt, enrolPhone, otherThan, phoneBook } from '../support/phones.js';
import { claimsOf } from '../support/sessions.js';
import { startStage, type Stage } from '../support/stage.js';

let stage: Stage;
let service: Stage['service'];
let shop: Stage['shop'];
let users = 0;
const nextNumber = phoneBook('415');

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

async function newPhone(userId = `user-${++users}`): Promise<{ userId: string; number: string }> {
  const number = nextNumber();
  await enrolPhone(service, userId, number, {}, { key: shop.key });
  service.clock.advance(120);
  return { userId, number };
}

const link = (user_id: string) =>
  makeLink(service, shop, {
    user_id,
    purpose: 'verify',
    redirect_uri: stage.site.redirectUri,
  });
const follow = (user_id: string, extra = {}, javaScriptEnabled = true): Promise<Page> =>
  stage.visit({ user_id, purpose: 'verify', ...extra }, { javaScriptEnabled });
const back = (page: Page) => stage.back(page);
const exchange = (code?: string) => stage.exchange(code);

const field = (page: Page) => page.getByRole('textbox', { name: 'Code' });
const alert = (page: Page) => page.getByRole('alert').innerText();
const submit = (page: Page) => page.getByRole('button', { name: 'Confirm' }).click();

describe.each([
  ['with JavaScript', true],
  ['without', false],
])('%s', (_how, javaScript) => {
  it('an app’s code leads back to the application, which gets the token', async () => {
    const app = await newUser();
    const page = await follow(app.userId, { state: 's', first_factor: ['pwd'] }, javaScript);
    await field(page).fill(app.code());
    if (!javaScript) await submit(page);
    const { code, state, iss } = await back(page);
    expect([state, iss]).toEqual(['s', service.url]);
    const { status, body } = await exchange(code);
    expect(status).toBe(200);
    expect(claimsOf(body.access_token as string)).toMatchObject({
      sub: app.userId,
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'aal2',
    });
  });

  it('a phone gets its code when the link is opened, and not before', async () => {
    const { userId, number } = await newPhone();
    const before = await codesAt(service, number);
    const page = await follow(userId, {}, javaScript);
    expect(await codesAt(service, number)).toBe(before + 1);
    expect(await page.getByText('by text message').innerText()).toContain('+1••••••••23');
    await field(page).fill((await codeAt(service, number)) ?? '');
    if (!javaScript) await submit(page);
    const { code } = await back(page);
    expect(claimsOf((await exchange(code)).body.access_token as string)).toMatchObject({
      amr: ['sms'],
    });
  });

  it('a wrong code says so, and a reload does not send it again', async () => {
    const app = await newUser();
    const page = await follow(app.userId, {}, javaScript);
    await field(page).fill(otherThan(app.code()));
    if (!javaScript) await submit(page);
    await page.getByRole('alert').waitFor();
    expect(await alert(page)).toContain('Tries left: 4.');
    await page.reload();
    await page.reload();
    expect(await alert(page)).toContain('Tries left: 4.');
    expect(await field(page).getAttribute('aria-invalid')).toBe('true');
    await field(page).fill(app.code());
    if (!javaScript) await submit(page);
    expect((await exchange((await back(page))['code'])).status).toBe(200);
  });

  it('“this was not me” ends it, and the application learns of it', async () => {
    const { userId, number } = await newPhone();
    const page = await follow(userId, { state: 'x' }, javaScript);
    const address = page.url();
    await page.getByRole('button', { name: 'This was not me' }).click();
    expect(await back(page)).toEqual({ error: 'access_denied', state: 'x', iss: service.url });
    await page.goto(address);
    expect(await page.getByRole('heading').innerText()).toBe('This page is closed');
    const events = await service.call('GET', `/v1/audit?user_id=${userId}`, undefined, shop);
    const types = (events.body.data as { type: string }[]).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['link.broken_off', 'challenge.canceled']));
    expect(await codeAt(service, number)).toBeDefined();
    stage.forgive();
  });

  it('the other way is one tap away', async () => {
    const app = await newUser();
    const { number } = await newPhone(app.userId);
    const page = await follow(app.userId, {}, javaScript);
    await page.getByRole('button', { name: 'Authenticator app' }).click();
    await page.getByText('your authenticator app shows').waitFor();
    // And back, without another message: the code that was sent is still good.
    const sent = await codesAt(service, number);
    await page.getByRole('button', { name: 'Code to' }).click();
    await page.getByText('by text message').waitFor();
    expect(await codesAt(service, number)).toBe(sent);
    await page.getByRole('button', { name: 'Authenticator app' }).click();
    await page.getByText('your authenticator app shows').waitFor();
    await field(page).fill(app.code());
    if (!javaScript) await submit(page);
    expect((await exchange((await back(page))['code'])).body.factor.type).toBe('totp');
  });

  it('another code, when it is time', async () => {
    const { userId, number } = await newPhone();
    const page = await follow(userId, {}, javaScript);
    const first = await codeAt(service, number);
    service.clock.advance(120);
    await page.reload();
    await page.getByRole('button', { name: 'Send a new code' }).click();
    await page.waitForLoadState();
    const second = await codeAt(service, number);
    await field(page).fill(first ?? '');
    if (!javaScript) await submit(page);
    await page.getByRole('alert').waitFor();
    await field(page).fill(second ?? '');
    if (!javaScript) await submit(page);
    expect((await exchange((await back(page))['code'])).status).toBe(200);
  });

  it('a user without a factor is led back', async () => {
    const page = await follow('nobody', {}, javaScript);
    await page.getByRole('button', { name: 'Back to Shop' }).click();
    expect(await back(page)).toMatchObject({ error: 'unmet_authentication_requirements' });
  });

  it('too many wrong codes: when to try again, and then it works', async () => {
    const app = await newUser();
    const page = await follow(app.userId, {}, javaScript);
    for (let wrong = 1; wrong <= 5; wrong++) {
      await field(page).fill(otherThan(app.code()));
      const answered = page.waitForResponse((response) => response.url().endsWith('/verify'));
      if (!javaScript) await submit(page);
      await answered;
      await page.waitForLoadState();
    }
    expect(await alert(page)).toContain('Try again in 0:30.');
    service.clock.advance(30);
    await page.reload();
    expect(await page.getByRole('alert').count()).toBe(0);
    await field(page).fill(app.code());
    if (!javaScript) await submit(page);
    expect((await exchange((await back(page))['code'])).status).toBe(200);
  });
});

it('takes a code with spaces, and of full-width digits', async () => {
  const app = await newUser();
  const page = await follow(app.userId);
  const wide = app.code().replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)));
  await field(page).fill(`${wide.slice(0, 3)} ${wide.slice(3)} `);
  expect(await back(page)).toHaveProperty('code');
});

it('shows what is confirmed, and the token is bound to it', async () => {
  const app = await newUser();
  const transaction = { amount: '250.00 EUR', payee: { name: 'Ann', accounts: ['x', 'y'] } };
  const page = await follow(app.userId, { transaction });
  const shown = await page.locator('.transaction').innerText();
  expect(shown.split(/\n+/)).toEqual([
    'amount',
    '250.00 EUR',
    'payee › name',
    'Ann',
    'payee › accounts › 1',
    'x',
    'payee › accounts › 2',
    'y',
  ]);
  await field(page).fill(app.code());
  const { body } = await exchange((await back(page))['code']);
  expect(claimsOf(body.access_token as string)['txn_hash']).toEqual(expect.any(String));
});

it('two tabs with two links do not disturb each other', async () => {
  const [one, other] = [await newUser(), await newUser()];
  const page = await follow(one.userId);
  const tab = await page.context().newPage();
  await tab.goto(addressOf(await link(other.userId)).href);
  await tab.waitForURL('**/verify');
  await field(page).fill(one.code());
  expect((await exchange((await back(page))['code'])).body.user_id).toBe(one.userId);
  await field(tab).fill(other.code());
  expect((await exchange((await back(tab))['code'])).body.user_id).toBe(other.userId);
});

it('the same browser may open the link again, another finds it used', async () => {
  const app = await newUser();
  const made = await link(app.userId);
  const page = await stage.open();
  for (let time = 0; time < 2; time++) {
    await page.goto('about:blank');
    await page.goto(addressOf(made).href);
    await page.waitForURL('**/verify');
  }
  const stranger = await stage.open();
  await stranger.goto(addressOf(made).href);
  await stranger.getByText('This link was already used').waitFor();
  const shared = await stranger.goto(page.url());
  expect(shared?.status()).toBe(403);
  expect(await stranger.getByRole('heading').innerText()).toContain('another browser');
  stage.forgive();
  await field(page).fill(app.code());
  expect(await back(page)).toHaveProperty('code');
});

it('the back button after it is done leads forward again', async () => {
  const app = await newUser();
  const page = await follow(app.userId);
  await field(page).fill(app.code());
  const first = await back(page);
  await page.goBack();
  await page.getByRole('button', { name: 'Continue to Shop' }).click();
  const again = await back(page);
  expect(again['code']).not.toBe(first['code']);
  expect((await exchange(again['code'])).status).toBe(200);
  stage.forgive();
});

it('S21, S103: the token is in no address that is asked for or kept', async () => {
  const app = await newUser();
  const page = await stage.open();
  const asked: string[] = [];
  page.on('request', (request) => {
    asked.push(`${request.url()} ${request.headers()['referer'] ?? ''}`);
  });
  const made = await link(app.userId);
  await page.goto(addressOf(made).href);
  await page.waitForURL('**/verify');
  await page.goBack();
  await page.goForward();
  expect(asked.length).toBeGreaterThan(3);
  // The first is the link itself; browsers keep what stands behind the sign to themselves.
  expect(asked.slice(1).filter((address) => address.includes(tokenOf(made)))).toEqual([]);
  expect(service.logged.filter((line) => line.includes(tokenOf(made)))).toEqual([]);
});

it('an application’s own form opens the link too, from another site', async () => {
  const app = await newUser();
  const { action, token } = (await link(app.userId)).body.form as Record<string, string>;
  stage.site.show(
    '/login',
    `<!doctype html><form method="post" action="${action}"><input name="token" value="${token}"><button>Go`,
  );
  const page = await stage.open();
  await page.goto(`${stage.site.url}/login`);
  await page.getByRole('button').click();
  await page.waitForURL('**/verify');
  await field(page).fill(app.code());
  expect(await back(page)).toHaveProperty('code');
});
