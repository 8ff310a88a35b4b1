/** What walks through the pages have in common: users, links, and what is typed. */
import type { BrowserContextOptions, Page } from 'playwright-core';
import { defaultTotpParameters } from '../../src/otp/algorithm.js';
import { decodeSecret } from '../../src/otp/secret.js';
import { stepAt, totp } from '../../src/otp/totp.js';
import type { Registered } from './application.js';
import { enrol, type Authenticator } from './authenticator.js';
import type { Hosted, Shop } from './browser.js';
import { addressOf, makeLink } from './links.js';
import { enrolPhone, phoneBook } from './phones.js';

export interface Ground {
  readonly service: Hosted;
  readonly site: Shop;
  readonly shop: Registered;
  /** Another application of the realm, which lets users trust their browsers. */
  readonly club: Registered;
}

export interface PageState {
  readonly name: string;
  readonly window?: BrowserContextOptions;
  /** Brings a new window to the state. */
  reach(page: Page, walk: Walk): Promise<unknown>;
}

/** The steps that states have in common. */
export class Walk {
  private static users = 0;
  private static readonly numbers = phoneBook('415');

  constructor(readonly ground: Ground) {}

  async user(): Promise<Authenticator> {
    const { service, shop } = this.ground;
    const app = await enrol(service, `user-${++Walk.users}`, { key: shop.key });
    service.clock.advance(30);
    return app;
  }

  async phoneUser(userId = `user-${++Walk.users}`) {
    const { service, shop } = this.ground;
    const number = this.number();
    await enrolPhone(service, userId, number, {}, { key: shop.key });
    service.clock.advance(120);
    return { userId, number };
  }

  number = () => Walk.numbers();
  /** Of a user who has no factor yet. */
  name = () => `user-${++Walk.users}`;

  async follow(page: Page, user_id: string, purpose: string, extra = {}): Promise<void> {
    await page.goto(await this.address(user_id, purpose, extra));
    await page.waitForURL(`**/${purpose}`);
  }

  async address(user_id: string, purpose: string, extra = {}): Promise<string> {
    return this.addressFor(this.ground.shop, { user_id, purpose, ...extra });
  }

  async addressFor(by: Registered, link: Record<string, unknown>): Promise<string> {
    const { service, site } = this.ground;
    return addressOf(await makeLink(service, by, { redirect_uri: site.redirectUri, ...link })).href;
  }

  /** Types a code, which is sent by its last digit. */
  async type(page: Page, code: string): Promise<void> {
    await page.locator('input[autocomplete="one-time-code"]').fill(code);
  }

  /** Plugs a passkey's authenticator into the browser, and sets the key up. */
  async key(page: Page, user: string): Promise<void> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await this.follow(page, user, 'enrol', { types: ['webauthn'] });
    await this.press(page, 'Continue');
    await page.getByRole('status').waitFor();
  }

  press = (page: Page, name: string) =>
    page.getByRole('button', { name, exact: true }).first().click();
}

/** The code that an app with this secret shows now. */
export const codeOf = ({ ground }: Walk, secret: string) => {
  const { periodSeconds } = defaultTotpParameters;
  const step = stepAt(ground.service.clock.now(), periodSeconds);
  return totp(decodeSecret(secret), step, defaultTotpParameters);
};
