/** The pages on which a phone is set up, and a further factor beside one that there is, in a browser. */
import type { Page } from 'playwright-core';
import type { Registered } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import {
  alert,
  button,
  deepLink,
  enter,
  field,
  heading,
  NewUsers,
  type Following,
} from '../support/enrol-pages.js';
import { codeAt, codesAt, enrolPhone, phoneBook } from '../support/phones.js';
import { startStage, type Stage } from '../support/stage.js';

let stage: Stage;
let service: Stage['service'];
let shop: Stage['shop'];
let careful: Registered;
let users: NewUsers;
const nextNumber = phoneBook('415');

beforeAll(async () => {
  stage = await startStage();
  ({ service, shop } = stage);
  const redirectUris = [stage.site.redirectUri];
  careful = await service.register('Bank', 'Vault', { redirectUris, enrolProofSeconds: 300 });
  users = new NewUsers(stage);
}, 120_000);
afterEach(async () => expect(await stage.clear()).toEqual([]));
afterAll(() => stage.close());

it('a second way on the same link, and the application learns of both', async () => {
  const user = users.next();
  const page = await users.follow(user, { by: careful });
  await button(page, 'Authenticator app').click();
  await enter(page, users.codeOf(await deepLink(page)));
  service.clock.advance(1);
  await button(page, 'Add another way').click();
  await page.getByRole('link', { name: 'Text message' }).click();
  const number = nextNumber();
  await page.getByLabel('Phone number').fill(number);
  await button(page, 'Send the code').click();
  await field(page).waitFor();
  await enter(page, (await codeAt(service, number)) ?? '');
  await page.getByText('You have 2 ways').waitFor();
  await button(page, 'Continue to Vault').click();
  const { outcome } = await users.back(page, careful);
  expect(outcome.done.map(({ factor }) => factor.type)).toEqual(['totp', 'phone']);
});

describe('an application that wants a fresh proof first (S15)', () => {
  it('has a factor shown before another one is added', async () => {
    const app = await enrol(service, users.next(), { key: careful.key });
    service.clock.advance(30);
    const page = await users.follow(app.userId, { by: careful, link: { types: ['phone'] } });
    expect(await heading(page)).toBe('First, confirm that it is you');
    await button(page, 'Continue').click();
    await page.waitForURL('**/verify');
    await enter(page, app.code());
    await page.waitForURL('**/enrol');
    const number = nextNumber();
    await page.getByLabel('Phone number').fill(number);
    await button(page, 'Send the code').click();
    await field(page).waitFor();
    await enter(page, (await codeAt(service, number)) ?? '');
    await button(page, 'Continue to Vault').click();
    const { outcome } = await users.back(page, careful);
    expect(outcome.done.map(({ factor }) => factor.type)).toEqual(['phone']);
  });

  it('takes no form without one, and a proof that has grown old is none', async () => {
    const app = await enrol(service, users.next(), { key: careful.key });
    service.clock.advance(30);
    const page = await users.follow(app.userId, { by: careful });
    await page.evaluate(`(() => {
      const form = document.forms[0];
      form.action = form.action.replace('/prove', '/app');
      form.submit();
    })()`);
    await page.waitForLoadState();
    expect(await heading(page)).toBe('First, confirm that it is you');
    expect(await users.factorsOf(app.userId, careful)).toHaveLength(1);
    await button(page, 'Continue').click();
    await enter(page, app.code());
    await button(page, 'Authenticator app').waitFor();
    service.clock.advance(301);
    await button(page, 'Authenticator app').click();
    expect(await heading(page)).toBe('First, confirm that it is you');
    expect(await users.factorsOf(app.userId, careful)).toHaveLength(1);
  });
});

describe('a number', () => {
  async function numberPage(options: Following = {}): Promise<Page> {
    const page = await users.follow(users.next(), { link: { types: ['phone'] }, ...options });
    expect(await heading(page)).toBe('Which phone gets the codes?');
    return page;
  }

  it('is arranged while it is typed', async () => {
    const page = await numberPage();
    const input = page.getByLabel('Phone number');
    await input.pressSequentially('4155550123');
    expect(await input.inputValue()).toBe('415 555 0123');
    await page.getByLabel('Country').selectOption('GB');
    await input.fill('');
    await input.pressSequentially('07400123456');
    expect(await input.inputValue()).toBe('07400 123456');
    await input.fill('');
    await input.pressSequentially('+4930');
    expect(await page.getByLabel('Country').inputValue()).toBe('DE');
  });

  it.each([
    ['DE', '0151 23456701', '+4915123456701'],
    ['DE', '٠١٥١ ٢٣٤٥٦٧٠٢', '+4915123456702'],
    ['US', '+49 (0) 151 / 23456703', '+4915123456703'],
    ['US', '0049-151.23456704', '+4915123456704'],
  ])('of %s may be written %s', async (country, typed, number) => {
    const page = await numberPage({ javaScript: false });
    await page.getByLabel('Country').selectOption(country);
    await page.getByLabel('Phone number').fill(typed);
    await button(page, 'Send the code').click();
    await field(page).waitFor();
    expect(await codesAt(service, number)).toBe(1);
  });

  it('that is none stays in its field, with what is wrong beside it', async () => {
    const page = await numberPage();
    await page.getByLabel('Phone number').fill('12<b>"');
    await button(page, 'Send the code').click();
    expect(await alert(page)).toContain('That is no phone number');
    expect(await page.getByLabel('Phone number').inputValue()).toBe('12<b>"');
  });

  it('that the user has already is not taken twice', async () => {
    const user = users.next();
    const number = nextNumber();
    await enrolPhone(service, user, number, {}, { key: shop.key });
    service.clock.advance(120);
    const page = await users.follow(user, { link: { types: ['phone'] } });
    await page.getByLabel('Phone number').fill(number);
    await button(page, 'Send the code').click();
    expect(await alert(page)).toContain('already');
  });

  it('begins where the browser’s language is at home', async () => {
    const page = await numberPage();
    expect(await page.getByLabel('Country').inputValue()).toBe('US');
    await page.context().close();
    const other = await numberPage({ link: { types: ['phone'], locale: 'en-NZ' } });
    expect(await other.getByLabel('Country').inputValue()).toBe('NZ');
  });

  it('can be changed, and a new code be asked for when it is time', async () => {
    const page = await numberPage();
    const [wrong, right] = [nextNumber(), nextNumber()];
    await page.getByLabel('Phone number').fill(wrong);
    await button(page, 'Send the code').click();
    await page.getByRole('link', { name: 'Change the number' }).click();
    await page.getByLabel('Phone number').fill(right);
    await button(page, 'Send the code').click();
    await field(page).waitFor();
    expect(await button(page, 'Send a new code').isDisabled()).toBe(true);
    service.clock.advance(120);
    await page.reload();
    await button(page, 'Send a new code').click();
    await page.waitForLoadState();
    expect(await codesAt(service, right)).toBe(2);
    await enter(page, (await codeAt(service, right)) ?? '');
    expect(await heading(page)).toBe('That works');
  });
});
