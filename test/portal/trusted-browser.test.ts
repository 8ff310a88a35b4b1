/** A browser that its user trusts: ticked on the page, known again by its cookie, forgotten on the page to manage. */
import type { BrowserContext, Page } from 'playwright-core';
import { deviceCookies } from '../../src/portal/verify/device-cookie.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { check, listDevices } from '../support/devices.js';
import { startStage, type Stage } from '../support/stage.js';
import { wrongCode } from '../support/totp-codes.js';

let stage: Stage;
let service: Stage['service'];
let shop: Stage['shop'];
let context: BrowserContext;

beforeAll(async () => {
  stage = await startStage({ rememberDeviceSeconds: 2_592_000 });
  ({ service, shop } = stage);
  context = (await stage.open()).context();
}, 120_000);
afterAll(() => stage.close());

async function follow({ userId: user_id }: Authenticator, purpose: string): Promise<Page> {
  service.clock.advance(30);
  const page = await context.newPage();
  await page.goto(await stage.linkFor({ user_id, purpose }));
  await page.waitForURL(`**/${purpose}`);
  return page;
}

/** Types the code, which is sent by its last digit. @returns what the application gets for it */
async function prove(app: Authenticator, isTrusted: boolean) {
  const page = await follow(app, 'verify');
  const box = page.getByRole('checkbox', { name: 'Trust this browser (30 days)' });
  if (isTrusted) await box.check();
  await page.getByRole('textbox', { name: 'Code' }).fill(app.code());
  const { code } = await stage.back(page);
  await page.close();
  return (await stage.exchange(code)).body;
}

const tokens = async () => {
  const cookies = await context.cookies();
  const found = cookies.find(({ name }) => name === 'watchword-devices');
  return found === undefined ? [] : found.value.split('.');
};

it('is known again for each of its users, gets in under a lock, and is forgotten', async () => {
  const [ann, ben] = [
    await enrol(service, 'ann', { key: shop.key }),
    await enrol(service, 'ben', { key: shop.key }),
  ];
  expect(await prove(ann, false)).not.toHaveProperty('device');
  expect(await tokens()).toEqual([]);

  const { device } = (await prove(ann, true)) as { device: { token: string } };
  expect((await check(service, 'ann', device.token, shop)).status).toBe(200);
  await prove(ben, true);
  const [bens, anns] = await tokens();
  expect(await listDevices(service, 'ann', shop)).toHaveLength(2);

  // S38: others' guesses lock the account, and not this browser out.
  const guess = () => service.call('POST', '/v1/users/ann/verify', { code: wrongCode(ann) }, shop);
  for (let n = 0; n < 10; n++) {
    const { body } = await guess();
    if (n < 9) service.clock.advance((body.retry_after as number | undefined) ?? 0);
  }
  expect((await guess()).body.code).toBe('locked');
  expect(await prove(ann, false)).toMatchObject({ user_id: 'ann' });
  const [next, kept] = await tokens();
  expect(kept).toBe(bens);
  expect([anns, bens]).not.toContain(next);

  const page = await follow(ann, 'manage');
  const part = page.locator('section').filter({ hasText: 'Browsers you trust' });
  // One proof is one browser, whoever keeps tokens of it.
  expect(await part.getByRole('listitem').count()).toBe(1);
  await part.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('status').waitFor();
  expect(await part.count()).toBe(0);
  await page.getByRole('button', { name: 'Done', exact: true }).click();
  const { body } = await stage.exchange((await stage.back(page))['code']);
  expect(body.done).toEqual([{ action: 'device_forgotten' }]);
  expect(await listDevices(service, 'ann', shop)).toEqual([]);
  expect(await listDevices(service, 'ben', shop)).toHaveLength(2);
  expect(await stage.clear()).toEqual([]);
}, 120_000);

it('S97: its cookie is this host’s alone, for eight users at most, and one of two is none', () => {
  const cookies = deviceCookies('https://mfa.example');
  const all = Array.from({ length: 9 }, (_, n) => `wwd_${n}`);
  const line = cookies.line(all, false);
  expect(line).toBe(
    `__Host-watchword-devices=${all.slice(0, 8).join('.')}; Path=/; HttpOnly; Max-Age=7776000; SameSite=Lax; Secure`,
  );
  expect(cookies.line([], true)).toContain('; SameSite=None; Secure; Partitioned');
  const pair = line.split(';')[0] ?? '';
  expect(cookies.tokensOf(`a=b; ${pair}; c=d`)).toEqual(all.slice(0, 8));
  expect(cookies.tokensOf(`${pair}; ${pair}`)).toEqual([]);
  expect(cookies.tokensOf('__Host-watchword-devices=wwd_1.<b>.wwr_2.')).toEqual(['wwd_1']);
  expect(cookies.tokensOf(undefined)).toEqual([]);
});
