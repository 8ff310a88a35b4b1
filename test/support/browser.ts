/** A real Chromium, and the service as it stands before one: on a port, under an address of its own. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { startApplication, type ApplicationOptions, type TestApplication } from './application.js';
import { freePort } from './service-process.js';

/** As distributions call it; the one without windows of its own takes a quarter of the processor's time. */
const names = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
];
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Hosted extends TestApplication {
  /** Where it answers, which is its public address as well. */
  readonly url: string;
}

/** The service on a port of this machine, where browsers reach it. */
export async function startHosted(options: ApplicationOptions = {}): Promise<Hosted> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const service = await startApplication({
    ...options,
    environment: { WATCHWORD_PUBLIC_URL: url, ...options.environment },
  });
  await service.app.listen(port, 'localhost');
  return { ...service, url };
}

/** Starts the browser that is installed, or playwright's own, which is fetched where there is none. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findBrowser(), args: flags });
}

function findBrowser(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const installed = folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isProgram);
  if (installed !== undefined) return installed;
  const own = chromium.executablePath();
  if (!existsSync(own)) fetchBrowser();
  if (existsSync(own)) return own;
  throw new Error(
    'There is no browser for the tests. Install Chromium (apt-get install chromium), or run: npx playwright-core install chromium',
  );
}

function fetchBrowser(): void {
  const cli = join(require.resolve('playwright-core/package.json'), '../cli.js');
  try {
    execFileSync(process.execPath, [cli, 'install', 'chromium'], { stdio: 'ignore' });
  } catch {
    // What to do then is said by who asked for it.
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A browser window of its own, with nothing in it from others. */
export interface Window {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What went wrong in it so far: scripts, policies, requests to elsewhere. */
  readonly faults: string[];
}

export const phone = { width: 390, height: 844 };
export const desktop = { width: 1280, height: 800 };

/** Opens a window that notes whatever a page does that it should not. */
export async function openWindow(
  browser: Browser,
  hosts: readonly { readonly url: string }[],
  options: BrowserContextOptions = {},
): Promise<Window> {
  const context = await browser.newContext({ viewport: phone, locale: 'en-US', ...options });
  const faults: string[] = [];
  const known = new Set(['null', ...hosts.map(({ url }) => new URL(url).origin)]);
  context.on('page', (page) => {
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('request', (request) => {
      const { origin } = new URL(request.url());
      if (!known.has(origin)) faults.push(`asks ${origin}`);
    });
  });
  return { context, page: await context.newPage(), faults };
}

/** An application's own site: another one than the service's, for browsers. */
export interface Shop {
  readonly url: string;
  /** Where browsers are sent back to. */
  readonly redirectUri: string;
  /** Has a page of its own show this. */
  show(path: string, html: string): void;
  close(): Promise<void>;
}

export async function startShop(): Promise<Shop> {
  const pages = new Map<string, string>();
  const server = createServer(({ url = '' }, answer) => {
    const { pathname } = new URL(url, 'http://shop');
    answer.setHeader('Content-Type', 'text/html; charset=utf-8');
    answer.end(pages.get(pathname) ?? '<!doctype html><title>Shop</title><h1>Shop</h1>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    url,
    redirectUri: `${url}/mfa`,
    show: (path, html) => void pages.set(path, html),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
