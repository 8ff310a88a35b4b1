/**
 * A user must not be left without a factor unawares: the pages remove the last one only where its user has ticked
 * that it is the last. Two removals sent at once, of the two that there are, each see another one beside it.
 */
import type { Registered } from '../support/application.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { enrolRecoverable } from '../support/recovery-codes.js';
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

it('an app beside recovery codes is the last one, and the codes beside an app are not', async () => {
  const { app, setId } = await enrolRecoverable(service, 'kim', { key: shop.key });
  service.clock.advance(30);
  const kim = await openLink(service, shop, { user_id: 'kim', purpose: 'manage' });
  await kim.post(`manage/factor/${app.factorId}/remove/begin`);
  await kim.post(`manage/factor/${app.factorId}/remove/code`, { code: app.code() });
  expect((await kim.get(`manage/factor/${app.factorId}/remove`)).text).toContain('the last one');
  const said = async (id: string, form = {}) =>
    String((await kim.post(`manage/factor/${id}/remove/confirm`, form)).headers['location']);
  expect(await said(app.factorId)).not.toContain('said=removed');
  expect((await kim.get(`manage/factor/${setId}/remove`)).text).not.toContain('the last one');
  expect(await said(setId)).toContain('said=removed');
  expect(await said(app.factorId, { understood: 'yes' })).toContain('said=removed');
});
