/** The hosted pages as they are answered: headers, cookies, languages, looks, weights, and every problem. */
import { Realms } from '../../src/applications/realms.js';
import { problems } from '../../src/portal/problem.page.js';
import { UsersService } from '../../src/users/users.service.js';
import { enrol } from '../support/authenticator.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { makeLink, tokenOf } from '../support/links.js';
import { openLink, ownForm, REDIRECT, send, type PageAnswer } from '../support/pages.js';
import { enrolPhone, inbox } from '../support/phones.js';

let service: TestApplication;
let shop: Registered;

beforeAll(async () => {
  service = await startApplication();
  shop = await service.register('Acme', 'Shop', { redirectUris: [REDIRECT] });
  await enrol(service, 'ann', { key: shop.key });
});
afterAll(() => service.close());

const get = (path: string, headers = {}) => send(service, 'GET', path, {}, headers);
const titleOf = ({ text }: PageAnswer) => /<h1[^>]*>(.*?)<\/h1>/.exec(text)?.[1];
const policyOf = ({ headers }: PageAnswer) => String(headers['content-security-policy']);
const verifyLink = (extra = {}) =>
  makeLink(service, shop, {
    user_id: 'ann',
    purpose: 'verify',
    redirect_uri: REDIRECT,
    ...extra,
  });

it('S99, S103: every page is private, and runs what carries its nonce alone', async () => {
  const ann = await openLink(service, shop, { user_id: 'ann' });
  const pages = [
    await get('/open'),
    await get('/p/problems/link_used'),
    await ann.get('verify'),
    await send(service, 'POST', '/open', { token: 'x' }),
  ];
  const nonces = pages.map((page) => /script-src 'nonce-([\w-]{22})'/.exec(policyOf(page))?.[1]);
  expect(new Set(nonces).size).toBe(pages.length);
  for (const [index, page] of pages.entries()) {
    const nonce = nonces[index] ?? '-';
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.headers['referrer-policy']).toBe('same-origin');
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(policyOf(page)).toContain("default-src 'none'");
    expect(policyOf(page)).not.toMatch(/unsafe|\*|https?:\/\/(?!shop\.example)/);
    const tags = page.text.match(/<(script|style|link rel="stylesheet")[^>]*>/g) ?? [];
    expect(tags.length).toBeGreaterThan(1);
    for (const tag of tags) expect(tag).toContain(`nonce="${nonce}"`);
    expect(page.text).not.toMatch(/\son[a-z]+=|\sstyle=|javascript:|<script[^>]*>[^<]/i);
  }
});

it('S101: the pages of a link lead to its application, and to nobody else', async () => {
  const ann = await openLink(service, shop, { user_id: 'ann' });
  expect(policyOf(await ann.get('verify'))).toContain("form-action 'self' https://shop.example;");
  expect(policyOf(await get('/open'))).toContain("form-action 'self';");
});

it('S22: all parts of a page come from here, and weigh at most 30 kB together', async () => {
  await service.app
    .get(Realms)
    .update(shop.application.realmId, { logo: Buffer.from(`<svg>${' '.repeat(9_900)}</svg>`) });
  const transaction = { payee: 'x'.repeat(3_000) };
  const ann = await openLink(service, shop, { user_id: 'ann', transaction });
  const page = await ann.get('verify');
  const parts = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(parts.length).toBeGreaterThanOrEqual(4);
  let weight = Buffer.byteLength(page.text) - 3_000;
  for (const path of new Set(parts)) {
    const part = await get(path);
    expect([path, part.status]).toEqual([path, 200]);
    expect(part.headers['cache-control']).toContain('immutable');
    weight += Buffer.byteLength(part.text);
  }
  expect(weight).toBeLessThan(30_000);
  await service.app.get(Realms).update(shop.application.realmId, { logo: null });
});

it.each(Object.keys(problems) as (keyof typeof problems)[])(
  'the problem %s is a page, with a title and what to do',
  async (code) => {
    const page = await get(`/p/problems/${code}`);
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(titleOf(page)).toEqual(expect.any(String));
    expect(page.text).toMatch(/<h1[^>]*>.+<\/h1><p>.+<\/p>/);
  },
);

it('a problem that is looked at has not happened', async () => {
  const before = service.logged.length;
  await get('/p/problems/internal');
  expect(service.logged.slice(before).filter((line) => /"level":[45]0|code=/.test(line))).toEqual(
    [],
  );
  const { text } = await get('/metrics');
  expect(text).not.toContain('code="internal"');
});

it('what is no problem, no asset and no logo is not there', async () => {
  for (const path of ['/p/problems/nothing', '/p/problems/__proto__', '/p/problems/locked'])
    expect(titleOf(await get(path))).toBe('There is nothing here');
  const other = ['/p/assets/page.css', '/p/assets/..%2f..%2fpackage.json', '/p/logo/rlm_x/1'];
  for (const path of other) expect([path, (await get(path)).status]).toEqual([path, 404]);
});

it('what is wrong with a link is said on a page', async () => {
  const open = (token: string) => send(service, 'POST', '/open', { token }, ownForm);
  expect([(await open('')).status, titleOf(await open('nothing'))]).toEqual([
    404,
    'We do not know this link',
  ]);
  const used = tokenOf(await verifyLink());
  expect((await open(used)).status).toBe(303);
  expect([(await open(used)).status, titleOf(await open(used))]).toEqual([
    410,
    'This link was already used',
  ]);
  const old = tokenOf(await verifyLink());
  service.clock.advance(600);
  expect([(await open(old)).status, titleOf(await open(old))]).toEqual([
    410,
    'This link is too old',
  ]);
});

it('a whole link that was copied opens as well as its token', async () => {
  const { url } = (await verifyLink()).body as { url: string };
  const { status, headers } = await send(service, 'POST', '/open', { token: `  ${url}\n` });
  expect(status).toBe(303);
  expect(headers['set-cookie']).toMatch(
    /^__Host-watchword-lnk_[0-9a-z]{26}=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Max-Age=1800; SameSite=Lax; Secure$/,
  );
});

it('a page ends with its time, and with its link', async () => {
  const late = await openLink(service, shop, { user_id: 'ann' });
  service.clock.advance(900);
  expect([(await late.get('verify')).status, titleOf(await late.get('verify'))]).toEqual([
    410,
    'This page is closed',
  ]);
  expect((await late.post('leave')).status).toBe(410);
  const left = await openLink(service, shop, { user_id: 'ann' });
  expect((await left.post('leave', { reason: 'not_me' })).headers['location']).toBe(
    `${REDIRECT}?error=access_denied&iss=https%3A%2F%2Fmfa.example`,
  );
  expect((await left.get('verify')).status).toBe(410);
});

it('a page is for links of its purpose', async () => {
  const ann = await openLink(service, shop, { user_id: 'ann' });
  for (const path of ['enrol', 'manage'])
    expect([path, (await ann.get(path)).status]).toEqual([path, 404]);
  expect((await ann.post('continue')).status).toBe(410);
});

it('S46: where the database is gone the page says so, and nothing is lost', async () => {
  const ann = await openLink(service, shop, { user_id: 'ann' });
  const { kysely } = service.database;
  const broken = jest.spyOn(service.database, 'kysely', 'get').mockImplementation(() => {
    throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  });
  const page = await ann.get('verify');
  broken.mockRestore();
  expect(kysely).toBe(service.database.kysely);
  expect([page.status, titleOf(page)]).toEqual([503, 'Not possible right now']);
  expect(page.text).toContain(`href="/p/${ann.id}/verify"`);
  expect((await ann.get('verify')).status).toBe(200);
});

it('a realm’s colour is on its pages, in shades that can be read', async () => {
  const realms = service.app.get(Realms);
  await realms.update(shop.application.realmId, { color: '#ffcc00' });
  const { text } = await (await openLink(service, shop, { user_id: 'ann' })).get('verify');
  const [, light, dark] = /:root\{(.*?)\}.*:root\{(.*?)\}/.exec(text) ?? [];
  expect(light).toMatch(/^--brand:#[0-9a-f]{6};--on-brand:#ffffff$/);
  expect(dark).toBe('--brand:#ffcc00;--on-brand:#000000');
  await realms.update(shop.application.realmId, { color: null });
});

it('S60: the code for a page is bound to the page’s host', async () => {
  await enrolPhone(service, 'bob', '+14155550177', {}, { key: shop.key });
  service.clock.advance(120);
  const bob = await openLink(service, shop, { user_id: 'bob' });
  const [message] = await inbox(service);
  expect(message?.body).toMatch(/\n@mfa\.example #\d{6}$/);
  const { text } = await bob.get('verify');
  expect(text).toContain('autocomplete="one-time-code"');
  expect(text).toContain('inputmode="numeric"');
  expect(text).toContain('data-otp="sms"');
});

it('a message that was not delivered is said, and what else there is', async () => {
  await enrolPhone(service, 'cem', '+14155560177', {}, { key: shop.key });
  service.clock.advance(120);
  const cem = await openLink(service, shop, { user_id: 'cem' });
  await inbox(service);
  expect((await cem.get('verify/delivery')).text).toBe('{"failed":false}');
  await service.database.kysely
    .updateTable('messages')
    .set({ status: 'undelivered' })
    .where('realm_id', '=', shop.application.realmId)
    .execute();
  expect((await cem.get('verify/delivery')).text).toBe('{"failed":true}');
  expect((await cem.get('verify')).text).toContain('could not be delivered');
});

it('what the shield refuses is said, and the other way is there', async () => {
  await enrol(service, 'dan', { key: shop.key });
  await enrolPhone(service, 'dan', '+14155570177', {}, { key: shop.key });
  service.clock.advance(120);
  // The second link within the minute gets no further message.
  await openLink(service, shop, { user_id: 'dan' });
  const { text } = await (await openLink(service, shop, { user_id: 'dan' })).get('verify');
  expect(text).toContain('A code was sent a moment ago.');
  expect(text).toContain('Authenticator app');
  expect(text).not.toContain('id="code"');
});

it('a link may be for some types alone', async () => {
  const link = { user_id: 'dan', types: ['totp'] };
  const { text } = await (await openLink(service, shop, link)).get('verify');
  expect(text).toContain('authenticator app');
  expect(text).not.toContain('Code to');
});

it('a user who is erased while the page is open is gone from it', async () => {
  await enrol(service, 'eve', { key: shop.key });
  const eve = await openLink(service, shop, { user_id: 'eve' });
  await service.app.get(UsersService).erase(shop.application.realmId, 'eve');
  expect((await eve.get('verify')).status).toBe(403);
});
