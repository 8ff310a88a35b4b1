/** The pages for developers, to try the service out on, in each of their states. */
import type { PageState } from './page-walk.js';

export const workshop: readonly PageState[] = [
  { name: 'try-it', reach: (page, { ground }) => page.goto(ground.service.url) },
  {
    name: 'try-it-qr',
    reach: async (page, walk) => {
      await page.goto(walk.ground.service.url);
      await walk.press(page, 'Show me a QR code');
      await page.locator('.qr').waitFor();
    },
  },
  {
    name: 'try-it-token',
    reach: async (page, walk) => {
      await page.goto(walk.ground.service.url);
      await walk.press(page, 'Send a code');
      const code = await page.locator('.message .big').first().innerText();
      await page.getByLabel('Code from the message').fill(code);
      // Six digits send themselves, unless the button was faster.
      const button = page.getByRole('button', { name: 'Log in by phone' });
      await button.click({ timeout: 2_000 }).catch(() => undefined);
      await page.locator('#jwt').waitFor();
    },
  },
  {
    name: 'inbox',
    reach: async (page, walk) => {
      await walk.phoneUser();
      await page.goto(`${walk.ground.service.url}/dev/inbox`);
    },
  },
];
