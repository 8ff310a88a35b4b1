/** The page at `/`, as somebody meets it who has just started the service: in a browser, from QR to token. */
import { execFile } from 'node:child_process';
import jsQR from 'jsqr';
import type { Locator, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import type { TotpParameters } from '../../src/otp/algorithm.js';
import { decodeSecret } from '../../src/otp/secret.js';
import { stepAt, totp } from '../../src/otp/totp.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { desktop, phone } from '../support/browser.js';
import { codeAt, otherThan } from '../support/phones.js';
import { claimsOf } from '../support/sessions.js';
import { startStage, type Stage } from '../support/stage.js';

const html = { accept: 'text/html,application/xhtml+xml' };
const app: TotpParameters = { algorithm: 'SHA1', digits: 6, periodSeconds: 30 };
let stage: Stage;
let service: Stage['service'];

beforeAll(async () => {
  stage = await startStage();
  ({ service } = stage);
}, 120_000);
beforeEach(() => {
  // The browser's clock is the machine's, and it looks whether the token's time is over.
  const behind = Date.now() - service.clock.now().getTime();
  service.clock.advance(Math.max(60, Math.floor(behind / 1000)));
});
afterEach(async () => expect(await stage.clear()).toEqual([]));
afterAll(() => stage.close());

async function visit(javaScriptEnabled = true, viewport = phone): Promise<Page> {
  const page = await stage.open({ javaScriptEnabled, viewport });
  await page.goto(service.url);
  return page;
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const codeOf = (secret: string) =>
  totp(decodeSecret(secret), stepAt(service.clock.now(), app.periodSeconds), app);

/** Reads the code off the screen, as an authenticator app does. @returns the secret in it */
async function scan(page: Page): Promise<string> {
  const picture = PNG.sync.read(await page.locator('.qr').screenshot());
  const found = jsQR.default(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  const uri = new URL(found?.data ?? 'nothing:');
  expect(uri.searchParams.get('issuer')).toBe('Watchword demo');
  return uri.searchParams.get('secret') ?? '';
}

async function type(page: Page, label: string, code: string, button: string): Promise<void> {
  await page.getByLabel(label).fill(code);
  // With JavaScript six digits send themselves, unless the button waits.
  await page
    .getByRole('button', { name: button, exact: true })
    .click({ timeout: 2_000 })
    .catch(() => undefined);
}

/** From the page as it is first seen to an active app. */
async function enrol(page: Page): Promise<string> {
  await press(page, 'Show me a QR code');
  const secret = await scan(page);
  await type(page, 'Code from the app', codeOf(secret), 'Activate');
  await page.getByText('The app is active.').waitFor();
  service.clock.advance(30);
  await page.reload();
  return secret;
}

async function tokenOf(page: Page): Promise<string> {
  return (await page.locator('#jwt').innerText()).replace(/\s/g, '');
}

/** Runs a command of the page in a shell as it stands, with a code to type where it asks for one. */
function run(command: string, typed = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('sh', ['-c', command], (error, output) => {
      if (error) reject(new Error('the command failed', { cause: error }));
      else resolve(output);
    });
    child.stdin?.end(`${typed}\n`);
  });
}

async function runOn(page: Page, what: string, typed?: string) {
  const output = await run(await page.getByLabel(what, { exact: true }).innerText(), typed);
  return JSON.parse(output.replace(/^Code: /, '')) as Record<string, unknown>;
}

describe.each([
  ['with JavaScript, on a desktop', true, desktop],
  ['without JavaScript', false, phone],
])('%s', (_how, javaScript, viewport) => {
  it('an app is scanned off the screen, and its code logs in', async () => {
    const page = await visit(javaScript, viewport);
    const secret = await enrol(page);
    await type(page, 'Code from the app', codeOf(secret), 'Log in');
    await page.locator('#jwt').waitFor();
    const claims = claimsOf(await tokenOf(page));
    expect(claims).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: 'aal2', iss: service.url });
    for (const claim of Object.keys(claims))
      expect(await page.locator('.claims.body dt', { hasText: claim }).count()).toBeGreaterThan(0);
    expect(page.url()).toBe(`${service.url}/#token`);
  });

  it('a code to a phone is read from the inbox beside, and logs in', async () => {
    const page = await visit(javaScript, viewport);
    const number = await page.getByLabel('Phone number').inputValue();
    await press(page, 'Send a code');
    const code = await page.locator('.message .big').first().innerText();
    expect(code).toBe(await codeAt(service, number));
    await type(page, 'Code from the message', code, 'Log in by phone');
    await page.locator('#jwt').waitFor();
    expect(claimsOf(await tokenOf(page))).toMatchObject({ amr: ['sms'], acr: 'aal1' });
  });

  it('a wrong code says so', async () => {
    const page = await visit(javaScript, viewport);
    await press(page, 'Show me a QR code');
    const secret = await scan(page);
    await type(page, 'Code from the app', otherThan(codeOf(secret)), 'Activate');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').innerText()).toContain('That code is not right.');
  });

  it('nothing is wider than the window', async () => {
    const page = await visit(javaScript, viewport);
    await enrol(page);
    await press(page, 'Send a code');
    const width = await page.locator('html').evaluate((html) => html.scrollWidth);
    expect(width).toBeLessThanOrEqual(viewport.width);
  });
});

/** Shows a token with the least ado. */
async function withToken(javaScript = true): Promise<Page> {
  const page = await visit(javaScript);
  await press(page, 'Send a code');
  const code = await page.locator('.message .big').first().innerText();
  await type(page, 'Code from the message', code, 'Log in by phone');
  await page.locator('#jwt').waitFor();
  return page;
}

const verdict = (page: Page, good: boolean): Locator =>
  page.locator(`#checked[data-good="${good}"]`);

it('the browser checks the signature, and sees a changed letter', async () => {
  const page = await withToken();
  await verdict(page, true).waitFor();
  const token = await tokenOf(page);
  await press(page, 'Change a letter');
  await verdict(page, false).waitFor();
  expect(await tokenOf(page)).not.toBe(token);
  expect(await verdict(page, false).innerText()).toContain('something was changed');
  await press(page, 'Put it back');
  await verdict(page, true).waitFor();
  expect(await tokenOf(page)).toBe(token);
  // By hand: the last letter, whose lowest bits say nothing.
  await page.locator('#jwt').focus();
  await page.keyboard.press('Control+End');
  await page.keyboard.press('Backspace');
  await page.keyboard.type(token.endsWith('B') ? 'C' : 'B');
  await verdict(page, false).waitFor();
});

it('without JavaScript the service itself says what the token is worth', async () => {
  const page = await withToken(false);
  const said = await page.getByLabel('Introspection').innerText();
  expect(JSON.parse(said)).toMatchObject({ active: true, amr: ['sms'] });
});

it('a message that comes by itself is seen at once, beside and in no other’s', async () => {
  const page = await visit();
  const number = await page.getByLabel('Phone number').inputValue();
  const send = (to: string) =>
    service.call('POST', '/v1/challenges', { type: 'phone', phone: to, purpose: 'login' });
  await send('+14155550199');
  await send(number);
  await page.locator('.message .big').waitFor();
  expect(await page.locator('.message .big').allInnerTexts()).toEqual([
    await codeAt(service, number),
  ]);
});

it('each command works as it stands', async () => {
  const page = await visit();
  expect(await runOn(page, 'The same by curl')).toMatchObject({ type: 'totp', status: 'pending' });
  // What was enrolled by curl is gone on with on the page.
  await page.reload();
  const secret = await scan(page);
  const activate = page.locator('#login').getByLabel('The same by curl', { exact: true });
  const activated = await run(await activate.innerText(), codeOf(secret));
  expect(JSON.parse(activated.replace('Code: ', ''))).toMatchObject({ status: 'active' });
  service.clock.advance(30);
  await page.reload();
  const verify = page.locator('#login').getByLabel('The same by curl', { exact: true });
  const verified = await run(await verify.innerText(), codeOf(secret));
  expect(JSON.parse(verified.replace('Code: ', ''))).toMatchObject({ token_type: 'Bearer' });

  expect(await runOn(page, 'Send, by curl')).toMatchObject({ type: 'phone', status: 'pending' });
  service.clock.advance(60);
  await press(page, 'Send a code');
  expect(await runOn(page, 'Read the inbox')).toMatchObject({ data: expect.any(Array) });
  const code = await page.locator('.message .big').first().innerText();
  expect(await runOn(page, 'Type the code', code)).toMatchObject({ token_type: 'Bearer' });
  service.clock.advance(60);
  await page.reload();
  await press(page, 'Send a code');
  const another = await page.locator('.message .big').first().innerText();
  await type(page, 'Code from the message', another, 'Log in by phone');
  await page.locator('#jwt').waitFor();
  expect(await runOn(page, 'The public keys')).toMatchObject({ keys: expect.any(Array) });
  expect(await runOn(page, 'Or ask whether it is still good')).toMatchObject({ active: true });
});

/** What a page and all its parts take on the wire. */
async function weigh(page: Page): Promise<number> {
  const document = await page.request.get(service.url, { headers: html });
  const text = await document.text();
  const parts = [...text.matchAll(/"(\/p\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
  expect(parts).toHaveLength(7);
  const sizes = parts.map(async (path) => {
    return Number((await page.request.get(service.url + path)).headers()['content-length']);
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, Buffer.byteLength(text));
}

it('is at most 30 kB with all its parts, in every state', async () => {
  const page = await visit();
  const sizes = { first: await weigh(page), scanning: 0, active: 0, sent: 0, proved: 0 };
  await press(page, 'Show me a QR code');
  sizes.scanning = await weigh(page);
  const secret = await scan(page);
  await type(page, 'Code from the app', codeOf(secret), 'Activate');
  await page.getByText('The app is active.').waitFor();
  sizes.active = await weigh(page);
  service.clock.advance(30);
  await page.reload();
  await type(page, 'Code from the app', codeOf(secret), 'Log in');
  await page.locator('#jwt').waitFor();
  sizes.proved = await weigh(page);
  await press(page, 'Send a code');
  await page.locator('.message .big').first().waitFor();
  sizes.sent = await weigh(page);
  expect(Math.max(...Object.values(sizes))).toBeLessThanOrEqual(30_000);
});

describe('who gets it', () => {
  const show = (headers: Record<string, string>, of: TestApplication = service) =>
    of.call('GET', '/', undefined, { key: '', headers });

  it('a program gets JSON', async () => {
    for (const accept of ['application/json', '*/*'])
      expect((await show({ accept })).body).toMatchObject({ docs: '/docs' });
    expect((await show({})).body).toMatchObject({ docs: '/docs' });
    expect((await show(html)).headers['content-type']).toMatch(/^text\/html/);
  });

  it('nobody where the service is not for trying out', async () => {
    const elsewhere = await startApplication({
      environment: { WATCHWORD_SMS_PROVIDERS: 'none' },
    });
    expect((await show(html, elsewhere)).body).toMatchObject({ docs: '/docs' });
    await elsewhere.close();
  });
});
