/** Recovery codes on the pages: made, kept, and used when nothing else is at hand. */
import type { Page } from 'playwright-core';
import { enrol } from '../support/authenticator.js';
import { desktop, phone } from '../support/browser.js';
import { claimsOf } from '../support/sessions.js';
import { follow as open, startStage, type Stage } from '../support/stage.js';

let stage: Stage;
let service: Stage['service'];
let shop: Stage['shop'];
let users = 0;

beforeAll(async () => {
  stage = await startStage();
  ({ service, shop } = stage);
}, 120_000);
afterEach(async () => expect(await stage.clear()).toEqual([]));
afterAll(() => stage.close());

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

/** Ink and paper, as a printer gets them. */
const colorsOf = (body: Element) => {
  const { color, backgroundColor } = getComputedStyle(body);
  return [color, backgroundColor];
};
const BLACK_ON_WHITE = ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'];
/** On how many lines each of them stands. */
const linesOf = (codes: Element[]) => codes.map((code) => code.getClientRects().length);

async function follow(page: Page, user_id: string, purpose: string, isScripted: boolean) {
  await page.goto('about:blank');
  await open(page, await stage.linkFor({ user_id, purpose }), isScripted);
  await page.waitForURL(`**/${purpose}`);
}

it.each([
  ['with JavaScript, on a phone', true, phone],
  ['without, on a desktop', false, desktop],
])('made after a proof, downloaded, used once: %s', async (_how, isScripted, viewport) => {
  const app = await enrol(service, `user-${++users}`, { key: shop.key });
  service.clock.advance(30);
  const page = await stage.open({ javaScriptEnabled: isScripted, viewport });
  await follow(page, app.userId, 'manage', isScripted);
  await press(page, 'Add another way');
  await press(page, 'Continue');
  await page.getByRole('textbox', { name: 'Code' }).fill(app.code());
  if (!isScripted) await press(page, 'Confirm');
  await page.getByRole('button', { name: 'Recovery codes' }).click();
  await page.getByRole('heading', { name: 'Recovery codes' }).waitFor();
  const codes = await page.locator('.codes code').allInnerTexts();
  expect(codes).toHaveLength(10);

  const printing = page.getByRole('button', { name: 'Print' });
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  expect(await page.locator('a.button, button, form').filter({ visible: true }).count()).toBe(0);
  expect(await page.getByText(codes[9] ?? '-').isVisible()).toBe(true);
  const day = { dateStyle: 'medium', timeZone: 'UTC' } as const;
  const today = new Intl.DateTimeFormat('en', day).format(service.clock.now());
  const whose = `Shop · ${today}`;
  expect(await page.locator('.printed').innerText()).toBe(whose);
  expect(await page.locator('body').evaluate(colorsOf)).toEqual(BLACK_ON_WHITE);
  const lines = await page.locator('.codes code').evaluateAll(linesOf);
  expect(new Set(lines)).toEqual(new Set([1]));
  await page.emulateMedia({ media: null, colorScheme: null });
  expect(await printing.isVisible()).toBe(isScripted);
  if (isScripted) {
    await page.evaluate('window.print = () => (window.printed = true)');
    await printing.click();
    expect(await page.evaluate('window.printed')).toBe(true);
  }

  const arriving = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download' }).click();
  const file = await (await arriving).createReadStream();
  let kept = '';
  for await (const part of file) kept += String(part);
  expect(kept).toBe(`${whose}\n\n${codes.join('\n')}\n`);

  await press(page, 'Back to the list');
  await page.getByText('Left: 10').waitFor();
  expect(await page.content()).not.toContain(codes[0] ?? '-');

  const typed = (codes[0] ?? '').toLowerCase().replaceAll('-', ' ');
  for (const isFirst of [true, false]) {
    await follow(page, app.userId, 'verify', isScripted);
    await press(page, 'Recovery codes');
    await page.getByText('Each works once').waitFor();
    await page.getByRole('textbox', { name: 'Code' }).fill(typed);
    await press(page, 'Confirm');
    if (!isFirst) {
      await page.getByRole('alert').waitFor();
      continue;
    }
    const { body } = await stage.exchange((await stage.back(page))['code']);
    expect(body.factor.type).toBe('recovery_code');
    expect(claimsOf(body.access_token as string)).toMatchObject({ sub: app.userId, acr: 'aal1' });
  }
  await follow(page, app.userId, 'manage', isScripted);
  await page.getByText('Left: 9').waitFor();
});
