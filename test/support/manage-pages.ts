/** The pages on which a user manages factors and sessions, as a test goes through them. */
import type { Page } from 'playwright-core';
import { enrol, type Authenticator } from './authenticator.js';
import { phone } from './browser.js';
import { enrolPhone, phoneBook } from './phones.js';
import type { Stage } from './stage.js';

export const press = (page: Page, name: string) =>
  page.getByRole('button', { name, exact: true }).click();
export const title = (page: Page) => page.getByRole('heading', { level: 1 }).innerText();
export const news = (page: Page) => page.getByRole('status').innerText();
export const part = (page: Page, name: string) =>
  page.locator('section').filter({ has: page.getByRole('heading', { name }) });
export const factors = (page: Page) => part(page, 'Ways to confirm').getByRole('link');
export const sessions = (page: Page) => part(page, 'Where you are').locator('li');

/** Opens a factor's page and asks for its removal. */
export async function wishAway(page: Page, name: string): Promise<void> {
  await factors(page).filter({ hasText: name }).first().click();
  await press(page, 'Remove…');
  await page.waitForURL('**/remove');
}

export async function prove(page: Page, code: string, javaScript = true): Promise<void> {
  await page.getByRole('textbox', { name: 'Code' }).fill(code);
  if (!javaScript) await press(page, 'Confirm');
  await page.getByRole('heading', { name: 'Remove' }).waitFor();
}

/** Sends a form of this page by hand, as whoever has changed it would. */
export function send(page: Page, to: string, members: Record<string, string> = {}) {
  return page.evaluate(
    async ([path, added]) => {
      const token = document.querySelector<HTMLInputElement>('[name=form_token]')?.value ?? '';
      const link = location.pathname.split('/')[2] ?? '';
      const body = new URLSearchParams({ form_token: token, ...added });
      const answer = await fetch(`/p/${link}/${path}`, { method: 'POST', body });
      return { status: answer.status, path: new URL(answer.url).pathname };
    },
    [to, members] as const,
  );
}

export class ManagedUsers {
  private readonly nextNumber = phoneBook('415');
  private users = 0;

  constructor(private readonly stage: Stage) {}

  async add(body: Record<string, unknown> = {}): Promise<Authenticator> {
    const { service, shop } = this.stage;
    const app = await enrol(service, `user-${++this.users}`, { key: shop.key, body });
    service.clock.advance(30);
    return app;
  }

  async addPhone(userId: string): Promise<{ number: string; factorId: string }> {
    const { service, shop } = this.stage;
    const number = this.nextNumber();
    const factorId = await enrolPhone(service, userId, number, {}, { key: shop.key });
    service.clock.advance(120);
    return { number, factorId };
  }

  follow(user_id: string, javaScriptEnabled = true, viewport = phone): Promise<Page> {
    const options = { javaScriptEnabled, viewport };
    return this.stage.visit({ user_id, purpose: 'manage', state: 's' }, options);
  }

  async listed(user: string): Promise<Record<string, string>[]> {
    const { service, shop } = this.stage;
    const { body } = await service.call('GET', `/v1/users/${user}/factors`, undefined, shop);
    return body.data as Record<string, string>[];
  }

  /** What the application learns, once the browser is back. */
  async outcome(page: Page): Promise<{ done: Record<string, unknown>[] }> {
    await press(page, 'Done');
    const { code, state } = await this.stage.back(page);
    expect(state).toBe('s');
    const answer = await this.stage.exchange(code);
    expect(answer.status).toBe(200);
    return answer.body;
  }
}
