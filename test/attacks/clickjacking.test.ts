/**
 * A site puts a hosted page into a frame under something that people click: a login is confirmed, or broken off,
 * by a click that was meant for something else. Only the origins that an application has listed may frame the
 * pages of its links, and its own frame works.
 */
import type { Browser } from 'playwright-core';
import type { Registered } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import {
  openWindow,
  startBrowser,
  startHosted,
  startShop,
  type Hosted,
  type Shop,
} from '../support/browser.js';
import { makeLink } from '../support/links.js';

let service: Hosted;
let browser: Browser;
let site: Shop;
let evil: Shop;
let shop: Registered;
let framed: Registered;

beforeAll(async () => {
  service = await startHosted();
  browser = await startBrowser();
  [site, evil] = [await startShop(), await startShop()];
  const redirectUris = [site.redirectUri];
  shop = await service.register('realm', 'shop', { redirectUris });
  framed = await service.register('realm', 'framed', { redirectUris, frameOrigins: [site.url] });
  await enrol(service, 'ann', { key: shop.key });
}, 120_000);
afterAll(async () => {
  await browser.close();
  await Promise.all([site.close(), evil.close(), service.close()]);
});

const link = (by: Registered) =>
  makeLink(service, by, { user_id: 'ann', purpose: 'verify', redirect_uri: site.redirectUri });

/** Frames the pages of a link on a site, whose form opens it there. @returns what the frame shows */
async function shownIn(frame: Shop, by: Registered) {
  const { action, token } = (await link(by)).body.form as Record<string, string>;
  frame.show(
    '/page',
    `<!doctype html><iframe name="f" width="400" height="700"></iframe>
     <form method="post" target="f" action="${action}"><input name="token" value="${token}"><button>Go`,
  );
  const { context, page } = await openWindow(browser, [service, frame]);
  await page.goto(`${frame.url}/page`);
  const loaded = page.waitForResponse((response) => response.url().endsWith('/verify'));
  await page.getByRole('button', { name: 'Go' }).click();
  await loaded;
  await page.waitForLoadState('networkidle');
  return { context, page, inside: page.frameLocator('iframe') };
}

it('S99: no site frames the pages', async () => {
  for (const frame of [site, evil]) {
    const { context, inside } = await shownIn(frame, shop);
    expect(await inside.getByRole('textbox').count()).toBe(0);
    await context.close();
  }
});

it('S99: a listed origin does, and no other', async () => {
  const { context, inside } = await shownIn(evil, framed);
  expect(await inside.getByRole('textbox').count()).toBe(0);
  await context.close();
});

it('in the frame of a listed origin the page works, with its own cookie', async () => {
  service.clock.advance(30);
  const { context, page, inside } = await shownIn(site, framed);
  await inside.getByRole('textbox', { name: 'Code' }).fill('000000');
  expect(await inside.getByRole('alert').innerText()).toContain('not right');
  await inside.getByRole('button', { name: 'This was not me' }).click();
  await page.frame({ name: 'f' })?.waitForURL(`${site.redirectUri}?error=access_denied**`);
  await context.close();
});

it('S99: every page says so, the one that nobody has opened yet, and those of problems', async () => {
  const unopened = await fetch(`${service.url}/open`);
  const problem = await fetch(`${service.url}/p/lnk_01h455vb4pex5vsknk084sn02q/verify`);
  for (const { headers } of [unopened, problem]) {
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-frame-options')).toBe('DENY');
  }
});
