/** A code from support on the hosted pages: where it is offered, and what it opens. */
import type { Registered } from '../support/application.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { makeBypass } from '../support/bypass-codes.js';
import { openLink, REDIRECT, type PageAnswer } from '../support/pages.js';
import { claimsOf } from '../support/sessions.js';

let service: TestApplication;
let shop: Registered;

beforeAll(async () => {
  service = await startApplication();
  shop = await service.register('Acme', 'Shop', { redirectUris: [REDIRECT] });
});
afterAll(() => service.close());

const withCode = async (user: string) => {
  await enrol(service, user, { key: shop.key });
  return makeBypass(service, user, {}, shop);
};
const offers = ({ text }: PageAnswer) => text.includes('Code from support');
const exchange = async (answer: PageAnswer) => {
  const code = new URL(String(answer.headers['location'])).searchParams.get('code');
  return service.call('POST', '/v1/links/exchange', { code }, shop);
};

it('is offered to whom an operator has made one, and logs in', async () => {
  await enrol(service, 'ann', { key: shop.key });
  const without = await openLink(service, shop, { user_id: 'ann' });
  expect(offers(await without.get('verify'))).toBe(false);
  const { code } = await withCode('ben');
  const ben = await openLink(service, shop, { user_id: 'ben' });
  expect(offers(await ben.get('verify'))).toBe(true);
  await ben.post('verify/way', { way: 'bypass_code' });
  const page = await ben.get('verify');
  expect(page.text).toContain('Enter the code that support gave you.');
  expect(page.text).not.toMatch(/inputmode="numeric"/);
  const { body } = await exchange(await ben.post('verify/code', { code: code.toLowerCase() }));
  expect(body.factor.type).toBe('bypass_code');
  expect(claimsOf(body.access_token as string)['acr']).toBe('aal1');
});

it('may be typed where another code is asked for', async () => {
  const { code } = await withCode('cat');
  const cat = await openLink(service, shop, { user_id: 'cat' });
  const { body } = await exchange(await cat.post('verify/code', { code }));
  expect(body.factor.type).toBe('bypass_code');
});

it('is not offered for a payment, and confirms none', async () => {
  const { code } = await withCode('dee');
  const dee = await openLink(service, shop, { user_id: 'dee', transaction: { to: 'ACME' } });
  expect(offers(await dee.get('verify'))).toBe(false);
  const answer = await dee.post('verify/code', { code });
  expect(answer.headers['location']).not.toContain('code=');
  expect((await dee.get('verify')).text).toContain('id="notice"');
});

it('is the fresh proof that removing what was lost takes', async () => {
  const { code } = await withCode('eli');
  const eli = await openLink(service, shop, { user_id: 'eli', purpose: 'manage' });
  const [factor] = (await service.call('GET', '/v1/users/eli/factors', undefined, shop)).body.data;
  const removal = `manage/factor/${factor.id as string}/remove`;
  await eli.post(`${removal}/begin`);
  await eli.post(`${removal}/code`, { code });
  const page = await eli.get(removal);
  expect(page.text).toContain('name="understood"');
  await eli.post(`${removal}/confirm`, { understood: 'yes' });
  const left = await service.call('GET', '/v1/users/eli/factors', undefined, shop);
  expect(
    (left.body.data as { status: string }[]).filter(({ status }) => status === 'active'),
  ).toEqual([]);
});
