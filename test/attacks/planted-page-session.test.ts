/**
 * Somebody who knows the id of a page session, because it was read or planted, waits until its user has proved a
 * factor, and then adds a factor of their own. The id that the browser shows is another one after the proof (S98).
 */
import type { Registered } from '../support/application.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { openLink, ownForm, REDIRECT, send, type Opened } from '../support/pages.js';

let service: TestApplication;
let shop: Registered;
let users = 0;
let app: Authenticator;
let pages: Opened;
/** What the attacker has. */
let old: { readonly cookie: string; readonly form_token: string };

beforeAll(async () => {
  service = await startApplication();
  shop = await service.register('realm', 'shop', { redirectUris: [REDIRECT] });
});
afterAll(() => service.close());
beforeEach(async () => {
  app = await enrol(service, `user-${++users}`, { key: shop.key });
  service.clock.advance(30);
  pages = await openLink(service, shop, { user_id: app.userId, purpose: 'manage' });
  old = { cookie: pages.cookie, form_token: pages.formToken };
});

const oldPost = (path: string, form: Record<string, string> = {}) =>
  send(
    service,
    'POST',
    `/p/${pages.id}/${path}`,
    { form_token: old.form_token, ...form },
    { ...ownForm, cookie: old.cookie },
  );
const oldGet = (path: string) =>
  send(service, 'GET', `/p/${pages.id}/${path}`, {}, { cookie: old.cookie });

describe.each([
  { before: 'adding', begin: ['enrol/begin', 'enrol/prove'], prove: 'verify/code' },
  { before: 'removing', begin: ['begin'], prove: 'code' },
])('a proof before $before', ({ begin, prove }) => {
  const path = (step: string) =>
    step.includes('/') ? step : `manage/factor/${app.factorId}/remove/${step}`;

  it('S98: the id is new, and the old one opens nothing', async () => {
    for (const step of begin) await pages.post(path(step));
    const { status } = await pages.post(path(prove), { code: app.code() });
    expect(status).toBe(303);
    expect(pages.cookie).not.toBe(old.cookie);
    expect((await pages.get('manage')).status).toBe(200);
    expect((await oldGet('manage')).status).toBe(403);
    expect((await oldPost('enrol/app')).status).toBe(403);
    expect((await oldPost(path(prove), { code: '000000' })).status).toBe(403);
    await pages.post('enrol/app');
    expect((await pages.get('enrol')).text).toContain('otpauth');
  });

  it('a double click, whose first answer is lost, gets a new id, for half a minute', async () => {
    for (const step of begin) await pages.post(path(step));
    const code = app.code();
    await pages.post(path(prove), { code });
    const again = await oldPost(path(prove), { code });
    expect(again.status).toBe(303);
    const cookie = String(again.headers['set-cookie']).split(';')[0] ?? '';
    expect([old.cookie, pages.cookie]).not.toContain(cookie);
    const shown = await send(service, 'GET', `/p/${pages.id}/manage`, {}, { cookie });
    expect(shown.status).toBe(200);
    service.clock.advance(31);
    expect((await oldPost(path(prove), { code })).status).toBe(403);
  });
});
