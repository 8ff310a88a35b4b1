/**
 * Every page in each state: with nothing on it that axe finds fault with, in light and in dark, on a phone and on
 * a desktop, and nothing wider than the window. With SCREENS=1 what was seen is written to docs/screens/.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { desktop, phone } from '../support/browser.js';
import { pageStates } from '../support/page-states.js';
import { Walk } from '../support/page-walk.js';
import { startStage, type Stage } from '../support/stage.js';

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const screens = join(__dirname, '../../docs/screens');
const isShown = process.env['SCREENS'] === '1';

const views = [
  { colorScheme: 'light', viewport: phone, name: 'phone' },
  { colorScheme: 'dark', viewport: desktop, name: 'desktop-dark' },
] as const;
/** Those of which a second picture says more. */
const shownTwice = ['verify-app', 'enrol-app', 'manage', 'try-it', 'link-expired'];

let stage: Stage;
let walk: Walk;

beforeAll(async () => {
  stage = await startStage();
  const { service, site, shop } = stage;
  const club = await service.register('Acme', 'Club', {
    redirectUris: [site.redirectUri],
    rememberDeviceSeconds: 2_592_000,
  });
  walk = new Walk({ service, site, shop, club });
  if (isShown) mkdirSync(screens, { recursive: true });
}, 120_000);
// Some states are of something that went wrong.
afterEach(() => stage.clear());
afterAll(() => stage.close());

/** What axe finds, as text that can be read: the rule, and where. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${String(target)}: ${failureSummary ?? ''}`),
  );
}

it.each(pageStates)('$name', async ({ name, window = {}, reach }) => {
  const page = await stage.open(window);
  await reach(page, walk);
  for (const { colorScheme, viewport, name: view } of views) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    // Without JavaScript in the page there is none for axe.
    if (window.javaScriptEnabled !== false)
      expect([view, await faultsOf(page)]).toEqual([view, []]);
    const width = await page.locator('html').evaluate((html) => html.scrollWidth);
    expect([view, width]).toEqual([view, Math.min(width, viewport.width)]);
    if (isShown && (viewport === phone || shownTwice.includes(name))) {
      const path = join(screens, viewport === phone ? `${name}.png` : `${name}-${view}.png`);
      // A window as high as the page: a picture of the full page takes a phone for a desktop.
      const wanted = await page.locator('html').evaluate((html) => html.scrollHeight);
      await page.setViewportSize({ ...viewport, height: Math.max(wanted, viewport.height) });
      await page.screenshot({ path, scale: 'css' });
    }
  }
});
