/**
 * A page of another site posts a form at a hosted page, in the browser of somebody who has one open: it would
 * have a message sent, break off a login, or guess codes at the victim's expense. The browser adds the cookie;
 * it cannot add the token that stands in our forms, and it says where the form is from.
 */
import type { Registered } from '../support/application.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { openLink, ownForm, REDIRECT, send, type Opened } from '../support/pages.js';

let service: TestApplication;
let shop: Registered;
let victim: Opened;
let attacker: Opened;

beforeAll(async () => {
  service = await startApplication();
  shop = await service.register('realm', 'shop', { redirectUris: [REDIRECT] });
  for (const user of ['victim', 'attacker']) await enrol(service, user, { key: shop.key });
});
afterAll(() => service.close());
beforeEach(async () => {
  victim = await openLink(service, shop, { user_id: 'victim' });
  attacker = await openLink(service, shop, { user_id: 'attacker' });
});

const forms = ['leave', 'verify/code', 'verify/way', 'verify/resend', 'continue'];
const isAlive = async () => (await victim.get('verify')).text.includes('id="code"');

it('a form of the page itself passes', async () => {
  expect((await victim.post('verify/code', { code: '123456' })).status).toBe(303);
  // An old browser says where it is from, and nothing else.
  const old = { ...Object.fromEntries(Object.keys(ownForm).map((name) => [name, undefined])) };
  const headers = { ...old, origin: 'https://mfa.example' };
  expect((await victim.post('verify/code', { code: '123456' }, headers)).status).toBe(303);
});

const foreign: [string, Record<string, string | undefined>][] = [
  ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['a sibling host', { origin: 'https://evil.mfa.example', 'sec-fetch-site': 'same-site' }],
  ['a page without an origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  [
    'another site, by an old browser',
    { origin: 'https://evil.example', 'sec-fetch-site': undefined },
  ],
  ['a sandboxed frame, by an old browser', { origin: 'null', 'sec-fetch-site': undefined }],
  [
    'another port, by an old browser',
    { origin: 'https://mfa.example:444', 'sec-fetch-site': undefined },
  ],
  ['HTTP, by an old browser', { origin: 'http://mfa.example', 'sec-fetch-site': undefined }],
  ['nobody says where', { origin: undefined, 'sec-fetch-site': undefined }],
];

it.each(foreign)('S100: not even with the right token from %s', async (_from, headers) => {
  for (const form of forms) {
    const { status, text } = await victim.post(form, {}, headers);
    expect([form, status]).toEqual([form, 403]);
    expect(text).toContain('<h1>');
  }
  expect(await isAlive()).toBe(true);
});

it.each([
  ['no token', ''],
  ['a guess', 'A'.repeat(43)],
  ['a shorter one', 'A'],
])('S100: from its own page, and with %s', async (_what, form_token) => {
  for (const form of forms) {
    const { status } = await victim.post(form, { form_token });
    expect([form, status]).toEqual([form, 403]);
  }
  expect(await isAlive()).toBe(true);
});

it('S100: with the token of the attacker’s own page', async () => {
  const { formToken: form_token } = attacker;
  expect(form_token).not.toBe(victim.formToken);
  expect((await victim.post('leave', { form_token })).status).toBe(403);
  expect(await isAlive()).toBe(true);
});

it('S100: the token twice, of which one is right', async () => {
  const answer = await service.app.inject({
    method: 'POST',
    url: `/p/${victim.id}/leave`,
    headers: {
      ...ownForm,
      cookie: victim.cookie,
      'content-type': 'application/x-www-form-urlencoded',
    },
    payload: `form_token=x&form_token=${victim.formToken}`,
  });
  expect(answer.statusCode).toBe(400);
  expect(await isAlive()).toBe(true);
});

it('S97: the attacker’s cookie opens nothing of the victim’s, under whichever name', async () => {
  const [, value = ''] = attacker.cookie.split('=');
  const [name = ''] = victim.cookie.split('=');
  for (const cookie of [attacker.cookie, `${name}=${value}`, `${name}=${value}; ${victim.cookie}`])
    expect((await send(service, 'GET', `/p/${victim.id}/verify`, {}, { cookie })).status).toBe(403);
});

it('S97: the cookie has every protection there is', async () => {
  expect(victim.cookie).toMatch(/^__Host-watchword-lnk_[0-9a-z]{26}=[A-Za-z0-9_-]{43}$/);
  const { headers } = await send(service, 'POST', '/open', { token: 'x' }, ownForm);
  expect(headers['set-cookie']).toBeUndefined();
});

it('S102: reading changes nothing, whoever has it read', async () => {
  const { kysely } = service.database;
  const state = () =>
    Promise.all([
      kysely.selectFrom('links').selectAll().orderBy('id').execute(),
      kysely.selectFrom('challenges').selectAll().orderBy('id').execute(),
      kysely.selectFrom('audit_events').select('id').orderBy('id').execute(),
    ]);
  const before = await state();
  const paths = ['open', `p/${victim.id}/verify`, `p/${victim.id}/verify/delivery`];
  const headers = { cookie: victim.cookie, 'sec-fetch-site': 'cross-site' };
  for (const path of [...paths, ...forms.map((form) => `p/${victim.id}/${form}`)])
    await send(service, 'GET', `/${path}?way=totp&code=123456&reason=not_me`, {}, headers);
  expect(await state()).toEqual(before);
});

it('a JSON body is no form', async () => {
  const answer = await service.app.inject({
    method: 'POST',
    url: `/p/${victim.id}/leave`,
    headers: { ...ownForm, cookie: victim.cookie, 'content-type': 'text/plain' },
    payload: JSON.stringify({ form_token: victim.formToken }),
  });
  expect(answer.statusCode).toBe(415);
  expect(await isAlive()).toBe(true);
});
