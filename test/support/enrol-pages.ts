/** The pages on which a factor is set up, as a test goes through them. */
import jsQR from 'jsqr';
import type { Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { decodeSecret } from '../../src/otp/secret.js';
import { stepAt, totp } from '../../src/otp/totp.js';
import type { Registered } from './application.js';
import { phone } from './browser.js';
import type { Stage } from './stage.js';

export const button = (page: Page, name: string) => page.getByRole('button', { name });
export const field = (page: Page) => page.getByRole('textbox', { name: 'Code' });
export const heading = (page: Page) => page.getByRole('heading', { level: 1 }).innerText();
export const alert = (page: Page) => page.getByRole('alert').innerText();

/** Types a code and has it sent: by its last digit, or by the button where there is no script. */
export async function enter(page: Page, code: string, byHand = false): Promise<void> {
  const answered = page.waitForEvent('framenavigated');
  await field(page).fill(code);
  if (byHand) await button(page, 'Confirm').click();
  await answered;
  await page.waitForLoadState();
}

/** What an authenticator app reads from what is to be seen on the screen. */
export async function scan(page: Page): Promise<URL> {
  const { data, width, height } = PNG.sync.read(await page.screenshot());
  const read = jsQR.default(new Uint8ClampedArray(data), width, height);
  if (read === null) throw new Error('there is no QR code on the screen');
  return new URL(read.data);
}

/** What a tap on “Open in your authenticator” hands to the app. */
export async function deepLink(page: Page): Promise<URL> {
  const link = page.locator('a[href^="otpauth:"]');
  return new URL((await link.getAttribute('href')) ?? '');
}

export interface Following {
  readonly by?: Registered;
  readonly javaScript?: boolean;
  readonly viewport?: { width: number; height: number };
  readonly link?: Record<string, unknown>;
}

/** People who set something up, and what the application sees of it. */
export class NewUsers {
  private users = 0;

  constructor(private readonly stage: Stage) {}

  next(): string {
    return `person-${++this.users}`;
  }

  follow(user_id: string, options: Following = {}): Promise<Page> {
    const { by, javaScript: javaScriptEnabled = true, viewport = phone, link = {} } = options;
    return this.stage.visit(
      { user_id, purpose: 'enrol', ...link },
      {
        javaScriptEnabled,
        viewport,
        ...(by !== undefined && { by }),
        ...(viewport === phone && { hasTouch: true, isMobile: true }),
      },
    );
  }

  /** The code of a key URI, also on a clock that is wrong. */
  codeOf(uri: URL, secondsAhead = 0): string {
    const now = new Date(this.stage.service.clock.now().getTime() + secondsAhead * 1000);
    const { searchParams } = uri;
    expect(searchParams.get('algorithm')).toBe('SHA1');
    const parameters = { algorithm: 'SHA1', digits: 6, periodSeconds: 30 } as const;
    return totp(decodeSecret(searchParams.get('secret') ?? ''), stepAt(now, 30), parameters);
  }

  /** Where the browser has come to in the end, and what the application is told. */
  async back(page: Page, by = this.stage.shop) {
    const { code, ...rest } = await this.stage.back(page);
    const { body } = await this.stage.exchange(code, by);
    return { ...rest, outcome: body as { done: { factor: { id: string; type: string } }[] } };
  }

  async factorsOf(user: string, by = this.stage.shop) {
    const { service } = this.stage;
    const { body } = await service.call('GET', `/v1/users/${user}/factors`, undefined, by);
    return body.data as { id: string; type: string; name: string; status: string }[];
  }
}
