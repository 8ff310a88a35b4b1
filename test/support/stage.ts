/** What the tests of the pages stand on: the service on a port, a browser, and an application with a site of its own. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Registered, TestApplication } from './application.js';
import { openWindow, startBrowser, startHosted, startShop } from './browser.js';
import type { Hosted, Shop, Window } from './browser.js';
import { addressOf, makeLink } from './links.js';

interface Visiting extends BrowserContextOptions {
  /** The application whose link it is, where it is another one. */
  readonly by?: Registered;
}

export class Stage {
  private windows: Window[] = [];

  constructor(
    readonly service: Hosted,
    readonly browser: Browser,
    readonly site: Shop,
    /** The application whose site it is. */
    readonly shop: Registered,
  ) {}

  /** Opens a window, which notes whatever a page does that it should not. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const window = await openWindow(this.browser, [this.service, this.site], options);
    this.windows.push(window);
    return window.page;
  }

  /** The address of a new link. */
  async linkFor(body: Record<string, unknown>, by = this.shop): Promise<string> {
    const whole = { redirect_uri: this.site.redirectUri, ...body };
    return addressOf(await makeLink(this.service, by, whole)).href;
  }

  /** A new window with the page of a new link. */
  async visit(
    body: { readonly purpose: string } & Record<string, unknown>,
    { by, ...options }: Visiting = {},
  ): Promise<Page> {
    const page = await this.open(options);
    const address = await this.linkFor(body, by);
    await follow(page, address, options.javaScriptEnabled);
    await page.waitForURL(`**/${body.purpose}`);
    return page;
  }

  /** Waits until the browser is back at the application. @returns what it brings along */
  async back(page: Page): Promise<Record<string, string>> {
    await page.waitForURL(`${this.site.redirectUri}?**`);
    return Object.fromEntries(new URL(page.url()).searchParams);
  }

  /** What the application gets for a code that the browser has brought. */
  exchange(code = '', { key }: { readonly key: string } = this.shop) {
    return this.service.call('POST', '/v1/links/exchange', { code }, { key });
  }

  /** What went wrong in the windows so far was meant to. */
  forgive(): void {
    for (const { faults } of this.windows) faults.splice(0);
  }

  /** Closes the windows. @returns what went wrong in them */
  async clear(): Promise<string[]> {
    const windows = this.windows.splice(0);
    for (const { context } of windows) await context.close();
    return windows.flatMap(({ faults }) => faults);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.site.close();
    await this.service.close();
  }
}

/** @param extra of the application `Shop`, in the realm `Acme` */
export async function startStage(
  extra: Parameters<TestApplication['register']>[2] = {},
): Promise<Stage> {
  const service = await startHosted();
  const [browser, site] = [await startBrowser(), await startShop()];
  const redirectUris = [site.redirectUri];
  const shop = await service.register('Acme', 'Shop', { redirectUris, ...extra });
  return new Stage(service, browser, site, shop);
}

/** Opens a link as its user does: by its address, or without JavaScript by pasting it. */
export async function follow(page: Page, address: string, isScripted = true): Promise<void> {
  await page.goto(address);
  if (isScripted) return;
  await page.getByLabel('Link').fill(address);
  await page.getByRole('button', { name: 'Continue' }).click();
}
