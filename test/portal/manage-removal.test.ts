/** The pages on which a user removes a factor, in a browser. */
import { desktop, phone } from '../support/browser.js';
import {
  factors,
  ManagedUsers,
  news,
  part,
  press,
  prove,
  send,
  title,
  wishAway,
} from '../support/manage-pages.js';
import { codeAt, otherThan } from '../support/phones.js';
import { startStage, type Stage } from '../support/stage.js';

let stage: Stage;
let service: Stage['service'];
let users: ManagedUsers;

beforeAll(async () => {
  stage = await startStage();
  ({ service } = stage);
  users = new ManagedUsers(stage);
}, 120_000);
afterEach(async () => expect(await stage.clear()).toEqual([]));
afterAll(() => stage.close());

describe.each([
  ['on a phone, with JavaScript', true, phone],
  ['on a narrow phone, without', false, { width: 360, height: 640 }],
  ['on a desktop, with JavaScript', true, desktop],
])('%s', (_how, javaScript, viewport) => {
  it('removes after a proof, which counts for the next one as well', async () => {
    const app = await users.add({ name: 'Tablet' });
    await users.addPhone(app.userId);
    const { factorId: other } = await users.addPhone(app.userId);
    const page = await users.follow(app.userId, javaScript, viewport);
    await wishAway(page, 'Phone');
    expect(await title(page)).toBe('Confirm that it is you');
    await page.getByRole('button', { name: 'Authenticator app' }).click();
    await prove(page, app.code(), javaScript);
    expect(await page.getByRole('checkbox').count()).toBe(0);
    await press(page, 'Remove');
    expect(await news(page)).toBe('It is removed.');
    expect((await users.listed(app.userId)).map(({ id }) => id)).toEqual([app.factorId, other]);
    await factors(page).filter({ hasText: 'Phone' }).click();
    await press(page, 'Remove…');
    await press(page, 'Remove');
    await page.getByRole('status').waitFor();
    expect((await users.listed(app.userId)).map(({ id }) => id)).toEqual([app.factorId]);
    expect((await users.outcome(page)).done.map(({ action }) => action)).toEqual([
      'factor_removed',
      'factor_removed',
    ]);
  });

  it('the last one goes only when it is known to be the last', async () => {
    const app = await users.add();
    const page = await users.follow(app.userId, javaScript, viewport);
    await wishAway(page, 'Authenticator app');
    await prove(page, app.code(), javaScript);
    expect(await page.getByRole('alert').innerText()).toContain('This is the last one.');
    await press(page, 'Remove');
    expect(await page.getByRole('checkbox').isChecked()).toBe(false);
    expect(await users.listed(app.userId)).toHaveLength(1);
    await page.getByRole('checkbox').check();
    await press(page, 'Remove');
    expect(await news(page)).toBe('It is removed.');
    expect(await part(page, 'Ways to confirm').innerText()).toContain('There is none');
    expect(await users.listed(app.userId)).toEqual([]);
  });
});

it('refuses to remove anything without a proof, or long after it', async () => {
  const app = await users.add();
  const { factorId } = await users.addPhone(app.userId);
  const page = await users.follow(app.userId);
  const confirm = `manage/factor/${factorId}/remove/confirm`;
  const refused = { status: 200, path: expect.stringMatching(/\/remove$/) as string };
  expect(await send(page, confirm, { understood: 'yes' })).toEqual(refused);
  expect(await users.listed(app.userId)).toHaveLength(2);
  await wishAway(page, 'Phone');
  await page.getByRole('button', { name: 'Authenticator app' }).click();
  await page.getByText('your authenticator app shows').waitFor();
  // Not by a wrong code either.
  const field = page.getByRole('textbox', { name: 'Code' });
  await field.fill(otherThan(app.code()));
  await page.getByText('Tries left').waitFor();
  expect(await send(page, confirm)).toEqual(refused);
  await prove(page, app.code());
  service.clock.advance(301);
  await press(page, 'Remove');
  await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
  expect(await users.listed(app.userId)).toHaveLength(2);
});

it('S18: a proof by a factor that is gone counts no more', async () => {
  const app = await users.add();
  const { factorId, number } = await users.addPhone(app.userId);
  const page = await users.follow(app.userId);
  await wishAway(page, 'Phone');
  await prove(page, (await codeAt(service, number)) ?? '');
  await press(page, 'Remove');
  await page.getByRole('status').waitFor();
  expect((await users.listed(app.userId)).map(({ id }) => id)).not.toContain(factorId);
  await wishAway(page, 'Authenticator app');
  expect(await title(page)).toBe('Confirm that it is you');
});

it('the last one is not removed where the page has not said so', async () => {
  const app = await users.add();
  const page = await users.follow(app.userId);
  await wishAway(page, 'Authenticator app');
  await prove(page, app.code());
  const confirm = `manage/factor/${app.factorId}/remove/confirm`;
  expect((await send(page, confirm)).path).toMatch(/\/remove$/);
  expect(await users.listed(app.userId)).toHaveLength(1);
});

describe.each([
  ['with JavaScript', true],
  ['without', false],
])('%s', (_how, javaScript) => {
  it('a double click removes one, once', async () => {
    const app = await users.add();
    const { factorId } = await users.addPhone(app.userId);
    const page = await users.follow(app.userId, javaScript);
    await wishAway(page, 'Phone');
    await page.getByRole('button', { name: 'Authenticator app' }).click();
    await prove(page, app.code(), javaScript);
    await page.getByRole('button', { name: 'Remove', exact: true }).dblclick();
    expect(await news(page)).toBe('It is removed.');
    expect(await users.listed(app.userId)).toHaveLength(1);
    expect(await users.outcome(page)).toMatchObject({
      done: [{ action: 'factor_removed', factor: { id: factorId, type: 'phone' } }],
    });
  });

  it('two tabs: what one has removed, the other finds gone', async () => {
    const app = await users.add();
    await users.addPhone(app.userId);
    const page = await users.follow(app.userId, javaScript);
    const list = page.url();
    await wishAway(page, 'Phone');
    await page.getByRole('button', { name: 'Authenticator app' }).click();
    await prove(page, app.code(), javaScript);
    const tab = await page.context().newPage();
    await tab.goto(page.url());
    await press(page, 'Remove');
    await page.getByRole('status').waitFor();
    await press(tab, 'Remove');
    await tab.getByRole('status').waitFor();
    expect(tab.url()).toBe(`${list}?said=removed`);
    await tab.goBack();
    await tab.getByRole('heading', { name: 'Your security' }).waitFor();
    expect(await factors(tab).count()).toBe(1);
    expect((await users.outcome(page)).done).toHaveLength(1);
  });

  it('the back button leads over what is gone to the list, and after the end forward', async () => {
    const app = await users.add();
    await users.addPhone(app.userId);
    const page = await users.follow(app.userId, javaScript);
    await wishAway(page, 'Phone');
    await page.getByRole('button', { name: 'Authenticator app' }).click();
    await prove(page, app.code(), javaScript);
    await press(page, 'Remove');
    await page.getByRole('status').waitFor();
    await page.goBack();
    expect(await title(page)).toBe('Your security');
    await press(page, 'Done');
    await page.waitForURL(`${stage.site.redirectUri}?**`);
    await page.goBack();
    await press(page, 'Continue to Shop');
    await page.waitForURL(`${stage.site.redirectUri}?**`);
    stage.forgive();
  });
});
