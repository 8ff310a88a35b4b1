/** What a page weighs on the wire, in every language: the page and all that it names, compressed, with headers. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { openLink, REDIRECT, type Opened } from '../support/pages.js';
import { begin } from '../support/sessions.js';

const MOST = 30_000;
const languages = readdirSync(join(__dirname, '../../src/portal/texts')).map((file) =>
  file.replace('.json', ''),
);

let service: TestApplication;
let shop: Registered;

beforeAll(async () => {
  service = await startApplication({
    environment: { WATCHWORD_PUBLIC_URL: 'https://mfa.example' },
  });
  // The longest names that there may be make the densest QR code.
  shop = await service.register('R'.repeat(64), 'A'.repeat(64), { redirectUris: [REDIRECT] });
  const app = await enrol(service, 'ann', { key: shop.key });
  for (let n = 0; n < 15; n++) await begin(service, app, undefined, { key: shop.key });
  service.clock.advance(30);
});
afterAll(() => service.close());

/** Bytes of an answer, with what a browser of today says that it understands. */
async function fetched(url: string, cookie = '') {
  const headers = { 'accept-encoding': 'gzip, deflate, br', cookie };
  const answer = await service.app.inject({ method: 'GET', url, headers });
  expect([url, answer.statusCode]).toEqual([url, 200]);
  const lines = Object.entries(answer.headers).map(
    ([name, value]) => `${name}: ${String(value)}\r\n`,
  );
  return { bytes: answer.rawPayload.length + lines.join('').length, answer };
}

async function weightOf(page: Opened, path: string): Promise<number> {
  const { bytes } = await fetched(`/p/${page.id}/${path}`, page.cookie);
  const { text } = await page.get(path);
  const named = [...text.matchAll(/(?:src|href)="(\/p\/(?:assets|logo)\/[^"]+)"/g)].map(
    ([, asset = '']) => asset,
  );
  expect(named.length).toBeGreaterThan(1);
  const assets = await Promise.all(named.map((asset) => fetched(asset)));
  return assets.reduce((sum, asset) => sum + asset.bytes, bytes);
}

it.each(languages)('%s: no page has more than 30 kB', async (locale) => {
  const purposes = { verify: 'ann', manage: 'ann', enrol: `${locale}${'u'.repeat(200)}` };
  const weights: Record<string, number> = {};
  for (const [purpose, user_id] of Object.entries(purposes)) {
    const page = await openLink(service, shop, { user_id, purpose, locale });
    weights[purpose] = await weightOf(page, purpose);
    if (purpose !== 'enrol') continue;
    weights['number'] = await weightOf(page, 'enrol/phone');
    await page.post('enrol/app');
    weights['app'] = await weightOf(page, 'enrol');
  }
  if (process.env['SHOW_WEIGHTS'] === '1') console.log(locale, JSON.stringify(weights));
  for (const [what, weight] of Object.entries(weights))
    expect([what, weight, weight <= MOST]).toEqual([what, weight, true]);
});
