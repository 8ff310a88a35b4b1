/**
 * A device's token was copied: out of a browser's profile, from a backup, from a log. The thief shows it to seem
 * to be where its owner is, and guesses codes with the attempts that it brings. Thief and owner use one token, so
 * the one who comes second shows that there are two; and what it brings in guesses is little, and ends.
 */
import { DEVICE_ATTEMPTS, DEVICE_FAILURES } from '../../src/devices/device.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { check, endsOf, listDevices, logIn, remember } from '../support/devices.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;
let key: { readonly key: string };
let app: Authenticator;
let users = 0;

beforeAll(async () => {
  service = await startApplication();
  const { realmName } = service.first.application;
  key = {
    key: (await service.register(realmName, 'bank', { rememberDeviceSeconds: 9_000_000 })).key,
  };
});
afterAll(() => service.close());
beforeEach(async () => {
  app = await enrol(service, `victim ${(users += 1)}`);
});

/** A device's tokens, the newest last. */
async function rotated(times: number): Promise<{ id: string; tokens: string[] }> {
  const device = await remember(service, app, key);
  const tokens = [device.token];
  for (let n = 0; n < times; n++) {
    service.clock.advance(60);
    const { body } = await check(service, app.userId, tokens.at(-1) ?? '', key);
    tokens.push(body.device.token as string);
  }
  return { id: device.id, tokens };
}
const isKnown = async (token = '') => (await check(service, app.userId, token, key)).status === 200;
const guess = (n: number, device_token?: string) =>
  service.call(
    'POST',
    `/v1/users/${encodeURIComponent(app.userId)}/verify`,
    { code: wrongCode(app, n), ...(device_token !== undefined && { device_token }) },
    key,
  );

it.each([0, 1, 2])('S77: token %i of four, used again, ends the device', async (used) => {
  const { tokens } = await rotated(3);
  service.clock.advance(11);
  expect(await isKnown(tokens[used])).toBe(false);
  for (const token of tokens) expect(await isKnown(token)).toBe(false);
  expect(await endsOf(service, app.userId)).toEqual(['token_reused']);
});

it.each(['a wrong code', 'a right one'])('and so it does beside %s', async (code) => {
  const { tokens } = await rotated(1);
  service.clock.advance(11);
  const old = tokens[0] ?? '';
  const answer =
    code === 'a wrong code'
      ? await guess(0, old)
      : await logIn(service, app, { device_token: old }, key);
  expect(answer.body).not.toHaveProperty('device');
  expect(await isKnown(tokens[1])).toBe(false);
  expect(await endsOf(service, app.userId)).toEqual(['token_reused']);
});

it('within the grace the immediate predecessor gets the successor that there is, and no older one', async () => {
  const { tokens } = await rotated(2);
  const [oldest, previous = '', newest] = tokens;
  service.clock.advance(9);
  const told = await check(service, app.userId, previous, key);
  expect(told.body.device.token).toBe(newest);
  expect(await isKnown(oldest)).toBe(false);
  expect(await isKnown(newest)).toBe(false);
});

it('twenty uses of one token at once make one successor; of an old one, one end', async () => {
  const { tokens } = await rotated(1);
  const many = (token = '') =>
    Promise.all(Array.from({ length: 20 }, () => check(service, app.userId, token, key)));
  const told = await many(tokens[1]);
  expect(new Set(told.map(({ body }) => body.device.token as string)).size).toBe(1);
  service.clock.advance(11);
  expect((await many(tokens[1])).every(({ status }) => status === 422)).toBe(true);
  expect(await endsOf(service, app.userId)).toEqual(['token_reused']);
});

it('S41: who knows a device’s id, and no token of it, cannot end it', async () => {
  const { id, tokens } = await rotated(1);
  const newest = tokens[1] ?? '';
  const other = (await rotated(0)).tokens[0] ?? '';
  const made = [
    `wwd_${id.slice(4)}${'A'.repeat(65)}`,
    `wwd_${id.slice(4)}${newest.slice(30, 73)}${'A'.repeat(22)}`,
    `wwd_${id.slice(4)}${other.slice(30)}`,
    newest.replace('wwd_', 'wwr_'),
    `${newest}A`,
  ];
  service.clock.advance(60);
  for (const token of made) {
    expect(await isKnown(token)).toBe(false);
    await guess(0, token);
  }
  expect(await isKnown(newest)).toBe(true);
});

it('S78, S80: it passes for no proof, no session, no key', async () => {
  const { tokens } = await rotated(0);
  const token = tokens[0] ?? '';
  const strict = await service.register(service.first.application.realmName, `strict ${users}`, {
    rememberDeviceSeconds: 9_000_000,
    enrolProofSeconds: 600,
  });
  const asKey = await service.call('GET', '/v1/users/x/factors', undefined, { key: token });
  expect(asKey.status).toBe(401);
  const refreshed = await service.call('POST', '/v1/tokens/refresh', { refresh_token: token }, key);
  expect(refreshed.body.code).toBe('refresh_token_invalid');
  const introspected = await service.call('POST', '/v1/tokens/introspect', { token }, key);
  expect(introspected.body).toEqual({ active: false });
  const path = `/v1/users/${encodeURIComponent(app.userId)}/factors`;
  const further = { type: 'totp', proof: token };
  const enrolled = await service.call('POST', path, further, { key: strict.key });
  expect(enrolled.body.code).toBe('proof_required');
  const forwarded = await service.call('GET', '/v1/forward-auth', undefined, {
    key: '',
    headers: { cookie: `__Host-watchword=${token.slice(4, 47)}`, authorization: `Bearer ${token}` },
  });
  expect(forwarded.status).toBe(401);
  expect(await isKnown(token)).toBe(true);
});

it('S30, S77: its guesses end it: five in a row, counted before they are looked at', async () => {
  const { tokens } = await rotated(0);
  const token = tokens[0] ?? '';
  const left = [];
  for (let n = 0; n < DEVICE_ATTEMPTS; n++)
    left.push((await guess(n, token)).body.attempts_left as number);
  expect(left).toEqual([4, 3, 2, 1, 0]);
  expect(await listDevices(service, app.userId, key)).toEqual([]);
  expect(await endsOf(service, app.userId)).toEqual(['attempts_spent']);
  // They were the account's as well: without the device it is locked.
  expect((await guess(9, token)).body.code).toBe('locked');
});

it('S30: forty guesses with it at once are five', async () => {
  const { tokens } = await rotated(0);
  for (let n = 0; n < 5; n++) await guess(n);
  expect((await guess(5)).body.code).toBe('locked');
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => guess(n, tokens[0])));
  const looked = answers.filter(({ body }) => body.code === 'code_incorrect');
  expect(looked).toHaveLength(DEVICE_ATTEMPTS);
});

it('S32: a thief who reads each new token in the owner’s browser gains twenty guesses by it', async () => {
  let token = (await remember(service, app, key)).token;
  let gained = 0;
  for (let hour = 0; hour < 6; hour++) {
    // Only what the device lets in counts, while the account is locked for everybody else.
    for (let n = 0; n < 10; n++) if ((await guess(n)).body.code === 'locked') break;
    // As many as end no device; all at once when its life has few left.
    const many = hour < 4 ? DEVICE_ATTEMPTS - 1 : 10;
    const answers = await Promise.all(Array.from({ length: many }, (_, n) => guess(n, token)));
    gained += answers.filter(({ body }) => body.code === 'code_incorrect').length;
    service.clock.advance(3600);
    const { status, body } = await logIn(service, app, { device_token: token }, key);
    expect(status).toBe(200);
    token = (body.device as { token: string } | undefined)?.token ?? token;
  }
  expect(gained).toBe(DEVICE_FAILURES);
  expect(await endsOf(service, app.userId)).toEqual(['attempts_spent']);
});

it('S113, S114: no token stands in the database or in the log', async () => {
  const { tokens } = await rotated(2);
  const rows = await service.database.kysely.selectFrom('devices').selectAll().execute();
  const written = JSON.stringify(rows) + JSON.stringify(service.logged);
  for (const token of tokens) {
    expect(written).not.toContain(token);
    expect(written).not.toContain(token.slice(30, 73));
  }
});
