/**
 * An attacker who can choose where a browser goes after the proof gets the code that the proof has earned, or
 * a victim who trusts the address in front. Addresses are compared letter by letter with those that an operator
 * registered, and only such are registered as every reader understands alike.
 */
import { faultOfFrameOrigin, faultOfRedirectUri } from '../../src/applications/return-address.js';
import { operations } from '../../src/operator/operations.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { makeLink } from '../support/links.js';

const GOOD = 'https://shop.example/mfa';

let service: TestApplication;
let shop: Registered;

beforeAll(async () => {
  service = await startApplication();
  shop = await service.register('realm', 'shop', { redirectUris: [GOOD] });
});
afterAll(() => service.close());

/** Each has led some service's browsers astray, or its parser. */
const corpus = [
  'https://evil.example/mfa',
  '//evil.example/mfa',
  '///evil.example/mfa',
  '/\\evil.example/mfa',
  '\\\\evil.example\\mfa',
  '/mfa',
  'mfa',
  '',
  '.',
  'https:evil.example',
  'https:/evil.example',
  'https:///evil.example',
  'https:\\\\evil.example',
  'https://shop.example@evil.example/mfa',
  'https://shop.example:443@evil.example/mfa',
  'https://evil.example\\@shop.example/mfa',
  'https://evil.example#@shop.example/mfa',
  'https://evil.example?@shop.example/mfa',
  'https://evil.example;@shop.example/mfa',
  'https://user:pw@shop.example/mfa',
  'https://shop.example.evil.example/mfa',
  'https://evil-shop.example/mfa',
  'https://shop.example%2eevil.example/mfa',
  'https://shop.example%00.evil.example/mfa',
  'https://shop.example%0d%0a.evil.example/mfa',
  'https://shop。example/mfa',
  'https://ѕhop.example/mfa',
  'https://shop.example./mfa',
  'https://SHOP.example/mfa',
  'HTTPS://shop.example/mfa',
  'https://shop.example:443/mfa',
  'https://shop.example:8443/mfa',
  'http://shop.example/mfa',
  'https://shop.example/mfa/',
  'https://shop.example/mfa?next=https://evil.example',
  'https://shop.example/mfa#code',
  'https://shop.example/mfa/../evil',
  'https://shop.example/./mfa',
  'https://shop.example/%6dfa',
  'https://shop.example/MFA',
  ' https://shop.example/mfa',
  'https://shop.example/mfa ',
  '\thttps://shop.example/mfa',
  'https://shop.example/mfa\r\nLocation: https://evil.example/',
  'https://shop.example/mfa%0d%0aSet-Cookie:a=b',
  'ht\ntps://shop.example/mfa',
  'https://shop.example/m\u0000fa',
  'javascript:alert(1)',
  'javascript://shop.example/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'blob:https://shop.example/x',
  'file:///etc/passwd',
  'ftp://shop.example/mfa',
  'ws://shop.example/mfa',
  'com.example.app:/mfa',
  'https://2130706433/mfa',
  'https://[::ffff:127.0.0.1]/mfa',
  'https://shop.example/mfa,https://evil.example/mfa',
  '*',
  'https://*/mfa',
  'https://*.example/mfa',
];

it.each(corpus)('S101: makes no link that leads to %j', async (redirect_uri) => {
  const body = { user_id: 'ann', purpose: 'verify', redirect_uri };
  const { status, body: answer } = await makeLink(service, shop, body);
  expect([status, answer.code]).toEqual([403, 'redirect_uri_not_allowed']);
});

it.each([[GOOD, 'https://evil.example/'], { 0: GOOD }, null, 1, true])(
  'S101: takes no %j for an address',
  async (redirect_uri) => {
    const body = { user_id: 'ann', purpose: 'verify', redirect_uri };
    expect((await makeLink(service, shop, body)).status).toBe(400);
  },
);

it('S101: two addresses in one body are none', async () => {
  const text = `{"user_id":"ann","purpose":"verify","redirect_uri":"${GOOD}","redirect_uri":"https://evil.example/"}`;
  expect((await service.call('POST', '/v1/links', text, { key: shop.key })).status).toBe(400);
});

it('S101, S105: an address of another application’s is none of its own', async () => {
  const other = await service.register('realm', 'other', { redirectUris: ['https://o.example/'] });
  const body = { user_id: 'ann', purpose: 'verify', redirect_uri: GOOD };
  expect((await makeLink(service, other, body)).status).toBe(403);
  expect((await makeLink(service, shop, body)).status).toBe(201);
});

it('S101: an address that is taken away leads nowhere at once', async () => {
  const fleeting = await service.register('realm', 'fleeting', { redirectUris: [GOOD] });
  const body = { user_id: 'ann', purpose: 'verify', redirect_uri: GOOD };
  expect((await makeLink(service, fleeting, body)).status).toBe(201);
  const { id } = fleeting.application;
  await operations['applications.update'](service.app, { id, redirectUris: [] });
  expect((await makeLink(service, fleeting, body)).status).toBe(403);
});

/** What an operator may register by mistake, or be talked into. */
const unfit = corpus.filter(
  (address) =>
    ![
      'https://evil.example/mfa',
      'https://shop.example.evil.example/mfa',
      'https://evil-shop.example/mfa',
      'https://shop.example./mfa',
      'https://shop.example:8443/mfa',
      'https://shop.example/mfa/',
      'https://shop.example/mfa?next=https://evil.example',
      'https://shop.example/%6dfa',
      'https://shop.example/MFA',
      'https://shop.example/mfa%0d%0aSet-Cookie:a=b',
      'https://shop.example/mfa,https://evil.example/mfa',
    ].includes(address),
);

it.each([
  ...unfit,
  'http://localhost.evil.example/',
  'http://127.0.0.1.evil.example/',
  'http://192.168.0.1/',
  'https://shop.example',
  'https://shop.example/?code=mine',
  'https://shop.example/?a=1&state=mine',
  'https://shop.example/mfa#',
  `https://shop.example/${'a'.repeat(2000)}`,
])('S101: registers no %j', async (address) => {
  expect(faultOfRedirectUri(address)).toMatch(/cannot be registered/);
  const { id } = shop.application;
  await expect(
    operations['applications.update'](service.app, { id, redirectUris: [GOOD, address] }),
  ).rejects.toThrow('cannot be registered');
});

it.each([
  GOOD,
  'https://shop.example/',
  'https://shop.example/mfa?tenant=1',
  'http://localhost:3000/cb',
  'http://127.0.0.1/',
])('registers %j', (address) => {
  expect(faultOfRedirectUri(address)).toBeUndefined();
});

it.each([
  'https://shop.example/',
  'https://shop.example/frame',
  'https://*.example',
  'http://shop.example',
  'https://shop.example; script-src *',
  "'self'",
  'null',
  '*',
])('S99: lets %j frame nothing', (origin) => {
  expect(faultOfFrameOrigin(origin)).toMatch(/cannot be registered/);
});

it('S99: lets an origin frame the pages', () => {
  expect(faultOfFrameOrigin('https://shop.example')).toBeUndefined();
  expect(faultOfFrameOrigin('http://localhost:8080')).toBeUndefined();
});
