/** The pages on which a user manages factors and sessions, in a browser: seen, named, signed out of. */
import { agoOf } from '../../src/portal/manage/when.js';
import type { Registered } from '../support/application.js';
import { desktop, phone } from '../support/browser.js';
import {
  factors,
  ManagedUsers,
  news,
  part,
  press,
  prove,
  send,
  sessions,
  title,
  wishAway,
} from '../support/manage-pages.js';
import { begin, introspect, type SessionToken } from '../support/sessions.js';
import { startStage, type Stage } from '../support/stage.js';

let stage: Stage;
let service: Stage['service'];
let shop: Stage['shop'];
let club: Registered;
let users: ManagedUsers;

beforeAll(async () => {
  stage = await startStage();
  ({ service, shop } = stage);
  users = new ManagedUsers(stage);
  club = await service.register('Acme', 'Club');
}, 120_000);
afterEach(async () => expect(await stage.clear()).toEqual([]));
afterAll(() => stage.close());

describe.each([
  ['on a phone, with JavaScript', true, phone],
  ['on a narrow phone, without', false, { width: 360, height: 640 }],
  ['on a desktop, with JavaScript', true, desktop],
])('%s', (_how, javaScript, viewport) => {
  it('lists, renames, and the application learns of it', async () => {
    const app = await users.add();
    await users.addPhone(app.userId);
    const page = await users.follow(app.userId, javaScript, viewport);
    expect(await title(page)).toBe('Your security');
    expect((await factors(page).allInnerTexts()).map((text) => text.split(/\n+/))).toEqual([
      ['Authenticator app', 'Not used yet'],
      ['Phone', expect.stringMatching(/^\+1••••••••\d\d$/), 'Last used: 2 minutes ago'],
    ]);
    await factors(page).first().click();
    await page.getByLabel('Name').fill('  My <b>old</b> “phone” & co. ');
    await press(page, 'Save the name');
    expect(await news(page)).toBe('The name is saved.');
    expect(await factors(page).first().innerText()).toContain('My <b>old</b> “phone” & co.');
    expect((await users.listed(app.userId))[0]).toMatchObject({
      name: 'My <b>old</b> “phone” & co.',
    });
    expect(await users.outcome(page)).toMatchObject({
      purpose: 'manage',
      user_id: app.userId,
      done: [{ action: 'factor_renamed', factor: { id: app.factorId, type: 'totp' } }],
    });
  });

  it('shows the sessions of all applications, signs out of one, and then of all', async () => {
    const app = await users.add();
    const one = (await begin(service, app, undefined, shop)).body as unknown as SessionToken;
    const two = (await begin(service, app, undefined, club)).body as unknown as SessionToken;
    await begin(service, app, { session: 'cookie' }, shop);
    service.clock.advance(3 * 3600);
    const page = await users.follow(app.userId, javaScript, viewport);
    const shown = (await sessions(page).allInnerTexts()).map((text) => text.split(/\n+/));
    const ago = ['Last used: 3 hours ago', 'Since: 3 hours ago', 'Sign out'];
    expect(shown).toEqual([
      ['Shop', 'In a browser', ...ago],
      ['Club', 'In an app', ...ago],
      ['Shop', 'In an app', ...ago],
    ]);
    await sessions(page).filter({ hasText: 'Club' }).getByRole('button').click();
    expect(await news(page)).toBe('You are signed out there.');
    expect(await sessions(page).count()).toBe(2);
    const ends = await introspect(service, two.access_token, club);
    expect(ends.body).toEqual({ active: false });
    const all = page.locator('details');
    await all.locator('summary').click();
    await page
      .getByLabel('Where you stay logged in')
      .selectOption({ label: 'Shop · In a browser · 3 hours ago' });
    await all.getByRole('button').click();
    await page.waitForFunction(() => document.querySelectorAll('li.entry').length === 1);
    expect(await sessions(page).innerText()).toContain('In a browser');
    expect((await introspect(service, one.access_token, shop)).body).toEqual({ active: false });
    await all.locator('summary').click();
    await all.getByRole('button').click();
    await page.getByText('Nowhere at the moment.').waitFor();
    const { done } = await users.outcome(page);
    expect(done.map(({ action }) => action)).toEqual(Array(3).fill('session_ended'));
    expect(done[0]).toMatchObject({ session_id: two.session_id });
  });
});

it('a name of nothing is refused, and says what one is', async () => {
  const app = await users.add({ name: 'Tablet' });
  const page = await users.follow(app.userId, false);
  await factors(page).click();
  await page.getByLabel('Name').fill('   ');
  await press(page, 'Save the name');
  expect(await page.getByRole('alert').innerText()).toBe('Type a name of 1 to 64 characters.');
  expect(await page.getByLabel('Name').inputValue()).toBe('Tablet');
});

it('S105: another user’s factor and session are as missing ones', async () => {
  const app = await users.add();
  const victim = await users.add({ name: 'Theirs' });
  const session = (await begin(service, victim, undefined, shop)).body as unknown as SessionToken;
  const page = await users.follow(app.userId);
  await wishAway(page, 'Authenticator app');
  await prove(page, app.code());
  const missing = 'fac_01h455vb4pex5vsknk084sn02q';
  for (const id of [victim.factorId, missing])
    for (const [to, members] of [
      ['name', { name: 'Mine' }],
      ['remove/confirm', { understood: 'yes' }],
      ['remove/begin', {}],
    ] as const)
      expect(await send(page, `manage/factor/${id}/${to}`, members)).toMatchObject({ status: 404 });
  await send(page, 'manage/sign-out', { session: session.session_id });
  expect(await users.listed(victim.userId)).toMatchObject([{ name: 'Theirs', status: 'active' }]);
  expect((await introspect(service, session.access_token, shop)).body).toMatchObject({
    active: true,
  });
  const base = page.url().replace(/manage.*/, 'manage');
  for (const path of ['', '/remove']) {
    const answer = await page.goto(`${base}/factor/${victim.factorId}${path}`);
    expect([answer?.status(), await title(page)]).toEqual([404, 'There is nothing here']);
  }
  await page.goto(base);
  await page
    .locator('summary')
    .isVisible()
    .catch(() => false);
  await send(page, 'manage/sign-out-all');
  expect((await introspect(service, session.access_token, shop)).body).toMatchObject({
    active: true,
  });
  expect(await users.outcome(page)).toMatchObject({ done: [] });
  stage.forgive();
});

it('S100: a form from elsewhere changes nothing', async () => {
  const app = await users.add({ name: 'Tablet' });
  const page = await users.follow(app.userId);
  const action = `${page.url()}/factor/${app.factorId}/name`;
  stage.site.show(
    '/evil',
    `<!doctype html><form method="post" action="${action}"><input name="name" value="Evil"><button>Go`,
  );
  const tab = await page.context().newPage();
  await tab.goto(`${stage.site.url}/evil`);
  await tab.getByRole('button').click();
  await tab.getByRole('heading', { name: 'another browser' }).waitFor();
  // Where a browser brings the cookie along, the token in the form is still missing.
  const name = `manage/factor/${app.factorId}/name`;
  const sent = await send(page, name, { name: 'Evil', form_token: 'x' });
  expect(sent.status).toBe(403);
  expect(await users.listed(app.userId)).toMatchObject([{ name: 'Tablet' }]);
  stage.forgive();
});

describe.each([
  ['with JavaScript', true],
  ['without', false],
])('%s', (_how, javaScript) => {
  it('the keyboard alone suffices', async () => {
    const app = await users.add({ name: 'Tablet' });
    await begin(service, app, undefined, shop);
    service.clock.advance(30);
    const page = await users.follow(app.userId, javaScript, desktop);
    const focused = () =>
      page.evaluate(() => {
        const at = document.activeElement;
        const label = at instanceof HTMLInputElement ? at.name : at?.textContent;
        return (label ?? '').trim();
      });
    const tabTo = async (name: string) => {
      for (let times = 0; times < 20; times++) {
        if ((await focused()).startsWith(name)) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`the keyboard does not reach ${name}`);
    };
    const enter = async (on: string) => {
      await tabTo(on);
      const arrived = page.waitForEvent('load');
      await page.keyboard.press('Enter');
      await arrived;
    };
    await enter('Tablet');
    await tabTo('name');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('Desk');
    await enter('Save the name');
    await tabTo('Sign out everywhere else');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    const arrived = page.waitForEvent('load');
    await page.keyboard.press('Enter');
    await arrived;
    await page.getByText('Nowhere at the moment.').waitFor();
    await enter('Desk');
    await enter('Remove…');
    await tabTo('code');
    const proven = page.getByRole('heading', { name: 'Remove' }).waitFor();
    await page.keyboard.type(app.code());
    if (!javaScript) await page.keyboard.press('Enter');
    await proven;
    await page.waitForLoadState();
    await tabTo('understood');
    await page.keyboard.press('Space');
    await enter('Remove');
    expect(await news(page)).toBe('It is removed.');
    await enter('Done');
    expect(page.url()).toContain(stage.site.redirectUri);
  });
});

it('many sessions and factors stay below 30 kB, with everything a page has', async () => {
  const app = await users.add({ name: 'W'.repeat(64) });
  for (let times = 0; times < 8; times++) await users.addPhone(app.userId);
  for (let times = 0; times < 25; times++) await begin(service, app, undefined, shop);
  const page = await users.follow(app.userId);
  let bytes = 0;
  page.on('response', (response) => {
    const counted = response.body().then((body) => (bytes += body.length + 500));
    counted.catch(() => undefined);
  });
  await page.reload({ waitUntil: 'networkidle' });
  expect(await sessions(page).count()).toBe(12);
  expect(await part(page, 'Where you are').innerText()).toContain('Not shown here: 13.');
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(30_000);
});

it('times are how long ago, and after a week days, in the page’s language', () => {
  const now = new Date('2026-03-10T12:00:00Z');
  const ago = (seconds: number, locale = 'en') =>
    agoOf(locale, new Date(now.getTime() - seconds * 1000), now);
  expect([-5, 5, 60, 3599, 3600, 86_400, 6 * 86_400].map((seconds) => ago(seconds))).toEqual([
    'now',
    'now',
    '1 minute ago',
    '59 minutes ago',
    '1 hour ago',
    '1 day ago',
    '6 days ago',
  ]);
  expect([ago(7 * 86_400), ago(7 * 86_400, 'de'), ago(60, 'de')]).toEqual([
    'Mar 3, 2026',
    '03.03.2026',
    'vor 1 Minute',
  ]);
});
