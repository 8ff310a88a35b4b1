/** Devices that are remembered after a proof: what they tell, whose they are, and how they end. */
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { Callers } from '../../src/applications/callers.js';
import { Visits } from '../../src/links/visits.js';
import type { Driver } from '../../src/storage/database.js';
import { deleteExpired } from '../../src/storage/housekeeping.js';
import {
  freshDatabase,
  startApplication,
  type Registered,
  type TestApplication,
} from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { makeLink, tokenOf } from '../support/links.js';
import { check, endsOf, listDevices, logIn, remember } from '../support/devices.js';

const DAY = 86_400;
const redirect_uri = 'https://bank.example/back';
let service: TestApplication;
let bank: Registered;
let key: { readonly key: string };
let users = 0;
/** The statements of logins, by name. */
const statements: string[] = [];

beforeAll(async () => {
  const driver = await freshDatabase();
  const run: Driver['run'] = (statement, values) => {
    statements.push(statement.name);
    return driver.run(statement, values);
  };
  service = await startApplication({ driver: { ...driver, run } });
  const { realmName } = service.first.application;
  bank = await service.register(realmName, 'bank', {
    rememberDeviceSeconds: 30 * DAY,
    redirectUris: [redirect_uri],
  });
  key = { key: bank.key };
});
afterAll(() => service.close());

const someone = (): Promise<Authenticator> => enrol(service, `user ${(users += 1)}`);

it('is remembered by a proof that asks for it, and told again with a new token each time', async () => {
  const app = await someone();
  const plain = await logIn(service, app, {}, key);
  expect(plain.body).not.toHaveProperty('device');
  const device = await remember(service, app, key);
  const provedAt = service.clock.now();
  expect(device.id).toMatch(/^dev_/);
  expect(device.token).toMatch(/^wwd_[A-Za-z0-9_-]{91}$/);
  expect(device.expires_at).toBe(new Date(provedAt.getTime() + 30 * DAY * 1000).toISOString());
  service.clock.advance(3600);
  const told = await check(service, app.userId, device.token, key);
  expect(told.status).toBe(200);
  expect(told.headers['cache-control']).toBe('no-store');
  // S78: when it was proved, and never now; S80: no token, and nothing to step up with.
  expect(told.body).toEqual({
    device: { ...device, token: expect.stringMatching(/^wwd_/) as string },
    user_id: app.userId,
    factor: { id: app.factorId, type: 'totp' },
    proved_at: provedAt.toISOString(),
  });
  expect(told.body.device.token).not.toBe(device.token);
  service.clock.advance(60);
  expect((await check(service, app.userId, told.body.device.token as string, key)).status).toBe(
    200,
  );
});

it('is remembered by the answer to a challenge, and not where the policy is off', async () => {
  const app = await someone();
  service.clock.advance(30);
  const body = { user_id: app.userId, type: 'totp' };
  const opened = await service.call('POST', '/v1/challenges', body, key);
  const path = `/v1/challenges/${opened.body.id as string}/verify`;
  const answer = { code: app.code(), remember_device: true };
  const proved = await service.call('POST', path, answer, key);
  expect((await check(service, app.userId, proved.body.device.token as string, key)).status).toBe(
    200,
  );
  const off = await logIn(service, app, { remember_device: true });
  expect(off.status).toBe(200);
  expect(off.body).not.toHaveProperty('device');
});

it.each([
  ['nobody asks for it', {}, {}],
  ['the application asks for it', { remember_device: true }, {}],
  ['the user has asked for it on the page', {}, { trustsBrowser: true }],
])('is remembered at the exchange of a link where %s', async (who, asked, trust) => {
  const app = await someone();
  const visits = service.app.get(Visits);
  const wanted = { user_id: app.userId, purpose: 'verify', redirect_uri };
  const link = await makeLink(service, bank, wanted);
  const visit = await visits.open(tokenOf(link), () => undefined, 'request');
  const address = await visits.finish(visit, {
    ...{ userId: app.userId, factor: { id: app.factorId, type: 'totp' } },
    ...{ amr: ['otp'], acr: 'aal1', transactionHash: null, authTime: service.clock.now() },
    ...trust,
  });
  const code = new URL(address).searchParams.get('code');
  const { body } = await service.call('POST', '/v1/links/exchange', { code, ...asked }, key);
  expect(body.access_token).toBeDefined();
  const { token = '' } = (body.device ?? {}) as { token?: string };
  const isKnown = (await check(service, app.userId, token || 'none', key)).status === 200;
  expect([token !== '', isKnown]).toEqual(Array(2).fill(!who.startsWith('nobody')));
});

it('costs a login without a device’s token nothing', async () => {
  const app = await someone();
  statements.length = 0;
  await logIn(service, app, {}, key);
  expect(statements).toEqual(['attempt-charge', 'attempt-consume']);
  const { token: device_token } = await remember(service, app, key);
  statements.length = 0;
  await logIn(service, app, { device_token }, key);
  expect(statements).toEqual(['attempt-charge-known', 'attempt-consume']);
});

it('S77: is known for its user, in its application and realm, alone', async () => {
  const [app, other] = [await someone(), await someone()];
  const shop = await service.register(bank.application.realmName, 'shop', {
    rememberDeviceSeconds: DAY,
  });
  const away = await service.register('away', 'bank', { rememberDeviceSeconds: DAY });
  const { id, token } = await remember(service, app, key);
  const refused = [
    await check(service, other.userId, token, key),
    await check(service, 'nobody', token, key),
    await check(service, app.userId, token, { key: shop.key }),
    await check(service, app.userId, token, { key: away.key }),
    await check(
      service,
      app.userId,
      `${token.slice(0, -1)}${token.endsWith('A') ? 'Q' : 'A'}`,
      key,
    ),
    await check(service, app.userId, 'wwd_', key),
  ];
  for (const { status, body } of refused)
    expect([status, { ...body, request_id: '' }]).toEqual([
      422,
      { ...refused[0]?.body, request_id: '' },
    ]);
  expect(refused[0]?.body.code).toBe('device_unknown');
  // S105: a key that is none of its application's neither lists it nor ends it.
  const verifier = await service.register(bank.application.realmName, 'verifier', {
    scopes: ['verify'],
  });
  for (const stranger of [verifier.key, away.key]) {
    expect(await listDevices(service, app.userId, { key: stranger })).toEqual([]);
    const ended = await service.call('DELETE', `/v1/devices/${id}`, undefined, { key: stranger });
    expect([ended.status, ended.body.code]).toEqual([404, 'not_found']);
  }
  expect((await check(service, app.userId, token, key)).status).toBe(200);
});

it('is listed, and forgotten one by one or all at once', async () => {
  const app = await someone();
  const devices = [];
  for (let n = 0; n < 3; n++) devices.push(await remember(service, app, key));
  const [first, second, third] = devices;
  expect((await listDevices(service, app.userId, key)).map(({ id }) => id)).toEqual(
    devices.map(({ id }) => id).reverse(),
  );
  const path = `/v1/devices/${first?.id ?? ''}`;
  expect((await service.call('DELETE', path, undefined, key)).status).toBe(204);
  expect((await service.call('DELETE', path, undefined, key)).status).toBe(404);
  expect((await check(service, app.userId, first?.token ?? '', key)).status).toBe(422);
  expect((await check(service, app.userId, second?.token ?? '', key)).status).toBe(200);
  const all = `/v1/users/${encodeURIComponent(app.userId)}/devices`;
  expect((await service.call('DELETE', all, undefined, key)).status).toBe(204);
  expect((await check(service, app.userId, third?.token ?? '', key)).status).toBe(422);
  expect(await listDevices(service, app.userId)).toEqual([]);
  expect(await endsOf(service, app.userId)).toEqual(['forgotten', 'forgotten', 'forgotten']);
});

it('takes the place of the one whose token came with the proof; the eleventh that of the oldest', async () => {
  const app = await someone();
  const oldest = await remember(service, app, key);
  const anew = { remember_device: true, device_token: oldest.token };
  const next = (await logIn(service, app, anew, key)).body.device as { token: string };
  expect(await listDevices(service, app.userId, key)).toHaveLength(1);
  expect((await check(service, app.userId, oldest.token, key)).status).toBe(422);
  for (let n = 0; n < 10; n++) await remember(service, app, key);
  expect(await listDevices(service, app.userId, key)).toHaveLength(10);
  expect((await check(service, app.userId, next.token, key)).status).toBe(422);
  expect(await endsOf(service, app.userId)).toEqual(['replaced', 'too_many']);
});

it('S80: use makes its end no later, and what is over goes', async () => {
  const app = await someone();
  let { token } = await remember(service, app, key);
  for (let day = 0; day < 29; day += 7) {
    service.clock.advance(7 * DAY - 60);
    const { status, body } = await check(service, app.userId, token, key);
    if (day < 28) expect(status).toBe(200);
    token = (body.device as { token: string } | undefined)?.token ?? token;
  }
  expect((await check(service, app.userId, token, key)).body.code).toBe('device_unknown');
  const own = () =>
    service.database.kysely
      .selectFrom('devices')
      .select('id')
      .where('user_id', '=', app.userId)
      .execute();
  expect(await own()).toHaveLength(1);
  await deleteExpired(service.database, service.clock.now());
  expect(await own()).toEqual([]);
});

it('ends sooner where its application shortens the time or remembers none any more', async () => {
  const { application, key: own } = await service.register('strict', 'app', {
    rememberDeviceSeconds: 10 * DAY,
  });
  const options = { key: own };
  const app = await enrol(service, 'ada', options);
  let { token } = await remember(service, app, options);
  const set = async (seconds: number | null) => {
    await service.app.get(ApplicationsService).rememberDevices(application.id, seconds);
    service.app.get(Callers).forget();
  };
  const isKnown = async () => {
    const { status, body } = await check(service, 'ada', token, options);
    if (status === 200) token = (body.device as { token: string }).token;
    return status === 200;
  };
  service.clock.advance(2 * DAY);
  expect(await isKnown()).toBe(true);
  await set(DAY);
  expect(await isKnown()).toBe(false);
  await set(null);
  expect(await isKnown()).toBe(false);
  // S79: a change of factors ends it meanwhile, for good.
  await enrol(service, 'ada', options);
  await set(10 * DAY);
  expect(await isKnown()).toBe(false);
});

it.each([
  'a further one is activated',
  'there are new recovery codes',
  'one is revoked',
  'one that was never used is revoked',
])('S79: of every application, when of its user’s factors %s', async (change) => {
  const app = await someone();
  const second = await enrol(service, app.userId);
  const shop = await service.register(bank.application.realmName, `shop: ${change}`, {
    rememberDeviceSeconds: DAY,
  });
  const pending = await service.call(
    'POST',
    `/v1/users/${encodeURIComponent(app.userId)}/factors`,
    { type: 'totp' },
  );
  const devices = [
    [await remember(service, app, key), key] as const,
    [await remember(service, app, { key: shop.key }), { key: shop.key }] as const,
  ];
  const isChange = !change.includes('never used');
  if (change.startsWith('a further')) await enrol(service, app.userId);
  else if (change.startsWith('there')) {
    const path = `/v1/users/${encodeURIComponent(app.userId)}/factors`;
    expect((await service.call('POST', path, { type: 'recovery_code' })).status).toBe(201);
  } else {
    const id = isChange ? second.factorId : (pending.body.id as string);
    expect((await service.call('DELETE', `/v1/factors/${id}`)).status).toBe(204);
  }
  for (const [{ token }, options] of devices)
    expect((await check(service, app.userId, token, options)).status).toBe(isChange ? 422 : 200);
  if (isChange)
    expect(await endsOf(service, app.userId)).toEqual(['factors_changed', 'factors_changed']);
});

it('S79: a user who is erased leaves none, and figures are kept of them all', async () => {
  const app = await someone();
  const { token } = await remember(service, app, key);
  await check(service, app.userId, token, key);
  const { text } = await service.call('GET', '/metrics');
  expect(text).toMatch(/watchword_devices_remembered_total \d+/);
  expect(text).toMatch(/watchword_devices_recognised_total\{known="true"\} \d+/);
  expect(text).toMatch(/watchword_devices_ended_total\{reason="factors_changed"\} \d+/);
  await service.database.kysely.deleteFrom('users').where('user_id', '=', app.userId).execute();
  expect((await check(service, app.userId, token, key)).status).toBe(422);
});
