/**
 * A user must not be left without a factor unawares: the pages remove the last one only where its user has ticked
 * that it is the last. Two removals sent at once, of the two that there are, each see another one beside it.
 */
import type { Registered } from '../support/application.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { openLink, REDIRECT } from '../support/pages.js';

let service: TestApplication;
let shop: Registered;

beforeAll(async () => {
  service = await startApplication({
    environment: { WATCHWORD_PUBLIC_URL: 'https://mfa.example' },
  });
  shop = await service.register('Acme', 'Shop', { redirectUris: [REDIRECT] });
});
afterAll(() => service.close());

it('two removals at once leave one factor, and the page asks about that one', async () => {
  for (const user of ['ann', 'bob', 'eve']) {
    const apps = [
      await enrol(service, user, { key: shop.key }),
      await enrol(service, user, { key: shop.key }),
    ];
    service.clock.advance(30);
    const pages = await openLink(service, shop, { user_id: user, purpose: 'manage' });
    const removal = (id: string | undefined) => `manage/factor/${id}/remove`;
    await pages.post(`${removal(apps[0]?.factorId)}/begin`);
    await pages.post(`${removal(apps[0]?.factorId)}/code`, { code: apps[0]?.code() ?? '' });
    const answers = await Promise.all(
      apps.map(({ factorId }) => pages.post(`${removal(factorId)}/confirm`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    const { body } = await service.call('GET', `/v1/users/${user}/factors`, undefined, shop);
    const factors = body.data as { status: string }[];
    expect(factors.filter(({ status }) => status === 'active')).toHaveLength(1);
    const led = answers.map(({ headers }) => String(headers['location']).split('said=')[1]);
    expect(led.filter((said) => said === 'removed')).toHaveLength(1);
  }
});
