/** Time: how far a code may be off, what a drift teaches, and that no clock makes a code good twice. */
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const verify = async ({ userId }: Authenticator, code: string) =>
  (await service.call('POST', `/v1/users/${userId}/verify`, { code })).status;
const byChallenge = async ({ userId }: Authenticator, code: string) => {
  const body = { user_id: userId, type: 'totp' };
  const { id } = (await service.call('POST', '/v1/challenges', body)).body as { id: string };
  return (await service.call('POST', `/v1/challenges/${id}/verify`, { code })).status;
};
const stored = ({ factorId }: Authenticator) =>
  service.database.kysely
    .selectFrom('factors')
    .select(['drift_steps as drift', 'last_step as step'])
    .where('id', '=', factorId)
    .executeTakeFirstOrThrow();

it.each([15, 30, 60, 120])(
  'S7: of a %d s step, one each way is taken and no more',
  async (period) => {
    for (const endpoint of [verify, byChallenge]) {
      const app = await enrol(service, `a${period}-${endpoint.name}`, { body: { period } });
      service.clock.advance(period * 20);
      const statuses = [];
      for (const steps of [-3, -2, 2, 3, -1, 0, 1])
        statuses.push(await endpoint(app, app.code(steps)));
      expect(statuses).toEqual([422, 422, 422, 422, 200, 200, 200]);
      service.clock.advance(period * 20);
    }
  },
);

it('S7: a code is good from one step before its own to the end of the one after it', async () => {
  const [app, other] = [await enrol(service, 'bea'), await enrol(service, 'bob')];
  const steps = Math.floor(service.clock.now().getTime() / 30_000) + 100;
  const at = (seconds: number) =>
    service.clock.advance(steps * 30 + seconds - service.clock.now().getTime() / 1000);
  at(15);
  const [first, second] = [app.code(), other.code(40)];
  at(-31);
  expect(await verify(app, first)).toBe(422);
  at(60);
  expect(await verify(app, first)).toBe(422);
  at(59);
  expect(await verify(app, first)).toBe(200);
  at(40 * 30 - 31);
  expect(await verify(other, second)).toBe(422);
  at(40 * 30 - 30);
  expect(await verify(other, second)).toBe(200);
});

it('S9: a drift is learned by success, one step at a time and one step at most', async () => {
  const app = await enrol(service, 'cy');
  service.clock.advance(300);
  for (let n = 0; n < 2; n++) await verify(app, wrongCode(app, n));
  await verify(app, app.code(2));
  expect(await stored(app)).toMatchObject({ drift: 0 });
  expect(await verify(app, app.code(1))).toBe(200);
  expect(await stored(app)).toMatchObject({ drift: 1 });
  // A fast clock may now be two steps ahead, and never three: it is not walked away.
  for (let round = 0; round < 3; round++) {
    service.clock.advance(300);
    expect(await verify(app, app.code(3))).toBe(422);
    expect(await verify(app, app.code(-1))).toBe(422);
    expect(await verify(app, app.code(2))).toBe(200);
    expect(await stored(app)).toMatchObject({ drift: 1 });
  }
  // A right clock is always in the window, and is learned back.
  service.clock.advance(300);
  expect(await verify(app, app.code())).toBe(200);
  expect(await stored(app)).toMatchObject({ drift: 0 });
});

it('S9: the same for a slow clock, and a used code teaches nothing', async () => {
  const app = await enrol(service, 'di');
  service.clock.advance(300);
  expect(await verify(app, app.code(-1))).toBe(200);
  expect(await stored(app)).toMatchObject({ drift: -1 });
  expect(await verify(app, app.code(-1))).toBe(422);
  service.clock.advance(300);
  expect(await verify(app, app.code(-3))).toBe(422);
  expect(await verify(app, app.code(-2))).toBe(200);
  const before = await stored(app);
  expect(await verify(app, app.code(-2))).toBe(422);
  expect(await stored(app)).toEqual(before);
});

it('S11: only the service’s clock counts: no header and no member of the body moves it', async () => {
  const app = await enrol(service, 'eli');
  service.clock.advance(3600);
  const old = app.code(-10);
  const then = new Date(service.clock.now().getTime() - 300_000);
  const headers = { date: then.toUTCString(), 'x-timestamp': String(then.getTime()) };
  const path = '/v1/users/eli/verify';
  expect((await service.call('POST', path, { code: old }, { headers })).status).toBe(422);
  for (const member of ['now', 'timestamp', 'time', 'step', 'counter', 'window']) {
    const answer = await service.call('POST', path, { code: old, [member]: then.getTime() });
    expect(answer.body.code).toBe('invalid_request');
  }
  expect((await service.call('POST', path, { code: app.code() }, { headers })).status).toBe(200);
});

it('S24: an older code of the window is refused after a newer one', async () => {
  const app = await enrol(service, 'fay');
  service.clock.advance(300);
  expect(await verify(app, app.code(1))).toBe(200);
  for (const steps of [1, 0, -1]) expect(await verify(app, app.code(steps))).toBe(422);
  service.clock.advance(60);
  expect(await byChallenge(app, app.code(-1))).toBe(422);
  expect(await byChallenge(app, app.code())).toBe(200);
});

it('S24: in the order they were made, the codes of the window are all good', async () => {
  const app = await enrol(service, 'gus');
  service.clock.advance(300);
  for (const steps of [-1, 0, 1]) expect(await verify(app, app.code(steps))).toBe(200);
});

const fullWidth = (code: string) =>
  code.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
const arabic = (code: string) =>
  code.replace(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit)));

it.each<[string, (code: string) => string]>([
  ['as it is', (code) => code],
  ['with a space', (code) => `${code.slice(0, 3)} ${code.slice(3)}`],
  ['with a dash', (code) => `${code.slice(0, 3)}-${code.slice(3)}`],
  ['with an en dash', (code) => `${code.slice(0, 3)}–${code.slice(3)}`],
  ['with a no-break space', (code) => `${code.slice(0, 3)}\u00a0${code.slice(3)}`],
  ['within blanks and a new line', (code) => `  ${code}\r\n`],
  ['with direction marks', (code) => `\u202a${code}\u202c`],
  ['in full-width digits', fullWidth],
  ['in Arabic digits', arabic],
])('S26: a code %s is taken, and then used in every spelling', async (name, spell) => {
  const app = await enrol(service, `h-${name.replaceAll(' ', '-')}`);
  service.clock.advance(60);
  const code = app.code();
  expect(await verify(app, spell(code))).toBe(200);
  for (const again of [code, `${code.slice(0, 3)} ${code.slice(3)}`, fullWidth(code)])
    expect(await byChallenge(app, again)).toBe(422);
});

it('S26: leading zeros belong to a code', async () => {
  const app = await enrol(service, 'ida');
  service.clock.advance(60);
  for (let n = 0; !app.code().startsWith('0'); n++) {
    if (n > 1000) throw new Error('a thousand codes and none begins with a zero');
    service.clock.advance(30);
  }
  const path = '/v1/users/ida/verify';
  for (const code of [`0${app.code()}`, app.code().padStart(8, '0')])
    expect((await service.call('POST', path, { code })).status).toBe(422);
  expect(await verify(app, app.code())).toBe(200);
});

describe('S127: the clock jumps an hour', () => {
  it('back: what was used stays used, and logins go on once time has caught up', async () => {
    const app = await enrol(service, 'jim');
    service.clock.advance(7200);
    const [used, next] = [app.code(), app.code(1)];
    expect(await verify(app, used)).toBe(200);
    const step = (await stored(app)).step;
    service.clock.advance(-3600);
    for (const steps of [-1, 0, 1]) expect(await verify(app, app.code(steps))).toBe(422);
    expect(await verify(app, used)).toBe(422);
    expect(await stored(app)).toMatchObject({ step });
    service.clock.advance(3600);
    expect(await verify(app, used)).toBe(422);
    service.clock.advance(30);
    expect(await verify(app, next)).toBe(200);
  });

  it('forward: the hour’s codes that were skipped are not good afterwards', async () => {
    const app = await enrol(service, 'kim');
    service.clock.advance(60);
    const skipped = app.code(1);
    service.clock.advance(3600);
    expect(await verify(app, app.code())).toBe(200);
    service.clock.advance(-3600);
    expect(await verify(app, skipped)).toBe(422);
    expect(await verify(app, app.code())).toBe(422);
  });

  it('back: a lock lasts no longer than the jump and itself', async () => {
    const app = await enrol(service, 'lou');
    service.clock.advance(60);
    for (let n = 0; n < 5; n++) await verify(app, wrongCode(app, n));
    expect(await verify(app, app.code())).toBe(429);
    service.clock.advance(-3600);
    expect(await verify(app, app.code())).toBe(429);
    service.clock.advance(3630);
    expect(await verify(app, app.code())).toBe(200);
  });
});
