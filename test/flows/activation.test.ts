/** From pending to active: what a pending factor proves (nothing), how long, and how many guesses. */
import { Activation } from '../../src/factors/activation.js';
import { startApplication, type Answer, type TestApplication } from '../support/application.js';
import { enrol, scan, type Authenticator } from '../support/authenticator.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const activate = ({ factorId }: Authenticator, code: string) =>
  service.call('POST', `/v1/factors/${factorId}/activate`, { code });
const verify = ({ userId }: Authenticator, code: string, more: object = {}) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code, ...more });
const show = async ({ factorId }: Authenticator) =>
  (await service.call('GET', `/v1/factors/${factorId}`)).body;
const list = async (userId: string) =>
  (await service.call('GET', `/v1/users/${userId}/factors`)).body.data as { id: string }[];
const challenge = ({ userId }: Authenticator, more: object = {}) =>
  service.call('POST', '/v1/challenges', { user_id: userId, type: 'totp', ...more });
const byChallenge = async (app: Authenticator, code: string, more: object = {}) => {
  const { id } = (await challenge(app, more)).body as { id: string };
  return service.call('POST', `/v1/challenges/${id}/verify`, { code });
};
/** Something that is waited for. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
const events = async (userId: string) =>
  (await service.call('GET', `/v1/audit?user_id=${userId}`)).body.data as {
    type: string;
    detail: Record<string, unknown>;
  }[];

it('S12: a pending factor proves nothing on any endpoint', async () => {
  const app = await scan(service, 'ada');
  expect((await verify(app, app.code())).body.code).toBe('code_incorrect');
  expect((await byChallenge(app, app.code())).body.code).toBe('code_incorrect');
  expect((await verify(app, app.code(), { factor_id: app.factorId })).body.code).toBe('not_found');
  expect((await challenge(app, { factor_id: app.factorId })).body.code).toBe('not_found');
  // It could have: the very code activates it.
  expect((await activate(app, app.code())).body).toMatchObject({ status: 'active' });
});

it('S12: a pending factor beside an active one proves nothing either', async () => {
  const active = await enrol(service, 'bea');
  const pending = await scan(service, 'bea');
  service.clock.advance(60);
  expect((await verify(pending, pending.code())).body.code).toBe('code_incorrect');
  expect((await byChallenge(pending, pending.code())).body.code).toBe('code_incorrect');
  expect((await verify(active, active.code())).body.factor.id).toBe(active.factorId);
});

it('S12: an enrolment can be finished for ten minutes and not a moment longer', async () => {
  const [early, late] = [await scan(service, 'cy'), await scan(service, 'cy')];
  service.clock.advance(599);
  expect((await show(late)).status).toBe('pending');
  expect((await activate(early, early.code())).status).toBe(200);
  service.clock.advance(1);
  expect((await activate(late, late.code())).body.code).toBe('factor_not_pending');
  expect(await show(late)).toMatchObject({ status: 'revoked' });
  expect((await list('cy')).map(({ id }) => id)).toEqual([early.factorId]);
  expect((await verify(late, late.code())).body.code).toBe('code_incorrect');
});

it('S13: the activation code cannot log in, on either endpoint, and neither can an older one', async () => {
  for (const endpoint of [verify, byChallenge]) {
    const app = await enrol(service, `dot-${endpoint.name}`);
    expect((await endpoint(app, app.code())).body.code).toBe('code_incorrect');
    expect((await endpoint(app, app.code(-1))).body.code).toBe('code_incorrect');
    service.clock.advance(30);
    expect((await endpoint(app, app.code(-1))).body.code).toBe('code_incorrect');
    expect((await endpoint(app, app.code())).status).toBe(200);
  }
});

it('S7: activation takes one step each way, like a login', async () => {
  for (const steps of [-2, 2]) {
    const app = await scan(service, `eli${steps}`);
    expect((await activate(app, app.code(steps))).body.code).toBe('code_incorrect');
  }
  for (const steps of [-1, 1]) {
    const app = await scan(service, `eli${steps}`);
    expect((await activate(app, app.code(steps))).status).toBe(200);
  }
});

it('S17: of twenty concurrent activations one succeeds, and the audit has one', async () => {
  const app = await scan(service, 'flo');
  const answers = await Promise.all(Array.from({ length: 20 }, () => activate(app, app.code())));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  for (const { status, body } of answers)
    if (status !== 200) expect(body.code).toBe('factor_not_pending');
  const activated = (await events('flo')).filter(({ type }) => type === 'factor.activated');
  expect(activated).toHaveLength(1);
  expect(await show(app)).toMatchObject({ status: 'active' });
});

it('an active factor is not activated again', async () => {
  const app = await enrol(service, 'gil');
  service.clock.advance(30);
  expect((await activate(app, app.code())).body.code).toBe('factor_not_pending');
  // S13: and that did not use up the code.
  expect((await verify(app, app.code())).status).toBe(200);
});

it('S35: nine wrong codes are borne, and say how many are left', async () => {
  const app = await scan(service, 'hal');
  for (let left = 9; left > 0; left--)
    expect((await activate(app, wrongCode(app, left))).body).toMatchObject({
      code: 'code_incorrect',
      attempts_left: left,
    });
  expect((await activate(app, app.code())).status).toBe(200);
});

it('S35: the tenth wrong code ends the enrolment and destroys its secret', async () => {
  const app = await scan(service, 'ida');
  for (let n = 0; n < 10; n++) await activate(app, wrongCode(app, n));
  expect((await activate(app, app.code())).body.code).toBe('factor_not_pending');
  expect(await show(app)).toMatchObject({ status: 'revoked' });
  const row = await service.database.kysely
    .selectFrom('factors')
    .select(['secret', 'activation_attempts'])
    .where('id', '=', app.factorId)
    .executeTakeFirstOrThrow();
  expect(row).toEqual({ secret: null, activation_attempts: 10 });
});

it('the tenth, if it is wrong, ends no factor that the ninth has made active meanwhile', async () => {
  const app = await scan(service, 'ivo');
  for (let n = 0; n < 8; n++) await activate(app, wrongCode(app, n));
  const activation = service.app.get(Activation);
  const [charge, refuse] = [activation.charge.bind(activation), activation.refuse.bind(activation)];
  const isActive = gate();
  const isCharged = gate();
  let late: Promise<Answer> | undefined;
  jest.spyOn(activation, 'refuse').mockImplementationOnce(async (...wrong) => {
    isCharged.open();
    await isActive.opened;
    return refuse(...wrong);
  });
  jest.spyOn(activation, 'charge').mockImplementationOnce(async (...right) => {
    const ninth = await charge(...right);
    late = activate(app, wrongCode(app, 9));
    await isCharged.opened;
    return ninth;
  });
  expect((await activate(app, app.code())).body).toMatchObject({ status: 'active' });
  isActive.open();
  expect((await late)?.body).toMatchObject({ code: 'code_incorrect', attempts_left: 0 });
  expect(await show(app)).toMatchObject({ status: 'active' });
  service.clock.advance(30);
  expect((await verify(app, app.code())).status).toBe(200);
});

it('S30, S35: forty wrong codes at once are compared ten times', async () => {
  const app = await scan(service, 'jo');
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, n) => activate(app, wrongCode(app, n))),
  );
  const seen = answers.map(({ body }) => body.code as string);
  expect(seen.filter((code) => code === 'code_incorrect')).toHaveLength(10);
  expect(seen.filter((code) => code === 'factor_not_pending')).toHaveLength(30);
  expect((await activate(app, app.code())).body.code).toBe('factor_not_pending');
});

it('S41: wrong activation codes cost the user no login, and wrong logins no activation', async () => {
  const active = await enrol(service, 'kim');
  const pending = await scan(service, 'kim');
  service.clock.advance(60);
  for (let n = 0; n < 9; n++) await activate(pending, wrongCode(pending, n));
  expect((await verify(active, wrongCode(active))).body.attempts_left).toBe(4);
  for (let n = 0; n < 4; n++) await verify(active, wrongCode(active, n));
  expect((await verify(active, active.code())).body.code).toBe('locked');
  expect((await activate(pending, pending.code())).status).toBe(200);
});

it('S16: enrolling, activating and revoking leave events that a notifier can use', async () => {
  const one = await enrol(service, 'lou', { body: { name: 'phone' } });
  const two = await enrol(service, 'lou', { body: { name: 'tablet' } });
  for (const app of [one, two]) await service.call('DELETE', `/v1/factors/${app.factorId}`);
  const told = (await events('lou')).map(({ type, detail }) => [type, detail]);
  const totp = { factor_type: 'totp' };
  expect(told).toEqual([
    ['factor.enrolled', { ...totp, name: 'phone' }],
    ['factor.activated', { ...totp, first_of_user: true }],
    ['factor.enrolled', { ...totp, name: 'tablet' }],
    ['factor.activated', { ...totp, first_of_user: false }],
    ['factor.revoked', { ...totp, last_of_user: false }],
    ['factor.revoked', { ...totp, last_of_user: true }],
  ]);
});
