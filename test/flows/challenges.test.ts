/** Challenges: bound to application, user, factor and purpose; ended for good once they have ended. */
import { AttemptsRepository } from '../../src/challenges/attempts.repository.js';
import { stepAt } from '../../src/otp/totp.js';
import { Audit } from '../../src/audit/audit.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { wrongCode } from '../support/totp-codes.js';

let service: TestApplication;
let stranger: Registered;
let colleague: Registered;

beforeAll(async () => {
  service = await startApplication();
  stranger = await service.register('another realm');
  colleague = await service.register(service.first.application.realmName, 'colleague');
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

const open = async (userId: string, more: object = {}, key?: string) => {
  const body = { user_id: userId, type: 'totp', ...more };
  const answer = await service.call('POST', '/v1/challenges', body, { key });
  expect(answer.status).toBe(201);
  return answer.body.id as string;
};
const answerTo = (id: string, code: string, key?: string) =>
  service.call('POST', `/v1/challenges/${id}/verify`, { code }, { key });
const show = async (id: string, key?: string) =>
  (await service.call('GET', `/v1/challenges/${id}`, undefined, { key })).body;
const cancel = (id: string, key?: string) =>
  service.call('DELETE', `/v1/challenges/${id}`, undefined, { key });
const verify = ({ userId }: Authenticator, code: string) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code });

it('S27: a challenge is its application’s: to others, of its realm too, it does not exist', async () => {
  const app = await enrol(service, 'ada');
  service.clock.advance(60);
  const id = await open('ada');
  for (const { key } of [stranger, colleague]) {
    expect((await answerTo(id, app.code(), key)).body.code).toBe('not_found');
    expect(await show(id, key)).toMatchObject({ code: 'not_found' });
    expect((await cancel(id, key)).body.code).toBe('not_found');
  }
  // Their tries neither used up the code nor an attempt.
  expect(await show(id)).toMatchObject({ status: 'pending', attempts_left: 5 });
  expect((await answerTo(id, app.code())).status).toBe(200);
});

it('S27: another user’s code is no answer, nor is another factor’s where one was named', async () => {
  const app = await enrol(service, 'bea');
  const second = await enrol(service, 'bea');
  const other = await enrol(service, 'bob');
  service.clock.advance(60);
  const id = await open('bea', { factor_id: app.factorId });
  for (const code of [other.code(), second.code()])
    expect((await answerTo(id, code)).body.code).toBe('code_incorrect');
  const answer = await answerTo(id, app.code());
  expect(answer.body).toMatchObject({ user_id: 'bea', factor: { id: app.factorId } });
  expect((await verify(other, other.code())).status).toBe(200);
});

it('S27: a factor of another user, another realm, or none at all, cannot be named', async () => {
  await enrol(service, 'cy');
  const other = await enrol(service, 'carl');
  const foreign = await enrol(service, 'cy', { key: stranger.key });
  const ids = [other.factorId, foreign.factorId, 'fac_01h455vb4pex5vsknk084sn02q'];
  for (const factor_id of ids) {
    const body = { user_id: 'cy', type: 'totp', factor_id };
    expect((await service.call('POST', '/v1/challenges', body)).body.code).toBe('not_found');
    const path = '/v1/users/cy/verify';
    const direct = await service.call('POST', path, { code: '123456', factor_id });
    expect(direct.body.code).toBe('not_found');
  }
});

it('S28, S29: what is bound at the beginning cannot be said again with the code', async () => {
  const app = await enrol(service, 'di');
  service.clock.advance(60);
  const id = await open('di');
  const path = `/v1/challenges/${id}/verify`;
  const extras = ['user_id', 'first_factor', 'transaction', 'factor_id', 'purpose', 'status'];
  for (const member of extras) {
    const answer = await service.call('POST', path, { code: app.code(), [member]: 'di' });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
  }
  expect(await show(id)).toMatchObject({ status: 'pending', attempts_left: 5 });
});

it('S28: an open challenge, its id or its purpose opens nothing', async () => {
  const app = await enrol(service, 'eli');
  service.clock.advance(60);
  const id = await open('eli', { purpose: 'step_up', first_factor: ['pwd'] });
  const text = JSON.stringify(await show(id));
  expect(text).not.toMatch(/access_token|eyJ|amr|acr/);
  const { key } = await service.register('careful', 'app', { enrolProofSeconds: 300 });
  await enrol(service, 'eli', { key });
  const ofTheirs = await open('eli', {}, key);
  for (const proof of [id, ofTheirs, text]) {
    const body = { type: 'totp', proof };
    const answer = await service.call('POST', '/v1/users/eli/factors', body, { key });
    expect(answer.body.code).toBe('proof_required');
  }
  expect((await verify(app, app.code())).status).toBe(200);
});

it.each([
  ['approved', async (id: string, app: Authenticator) => answerTo(id, app.code())],
  ['canceled', async (id: string) => cancel(id)],
  ['expired', async () => service.clock.advance(300)],
  [
    'failed',
    async (id: string, app: Authenticator) => {
      for (let n = 0; n < 5; n++) await answerTo(id, wrongCode(app, n));
      service.clock.advance(60);
    },
  ],
] as const)('S29: a challenge that is %s takes nothing any more', async (status, end) => {
  const app = await enrol(service, `f-${status}`);
  service.clock.advance(60);
  const id = await open(app.userId);
  await end(id, app);
  expect(await show(id)).toMatchObject({ status, attempts_left: 0 });
  service.clock.advance(30);
  for (const refused of [await answerTo(id, app.code()), await cancel(id)])
    expect(refused.body).toMatchObject({ code: 'challenge_ended', challenge_status: status });
  expect(await show(id)).toMatchObject({ status });
  // The code that it refused is still good elsewhere.
  expect((await verify(app, app.code())).status).toBe(200);
});

it('a challenge is open for five minutes', async () => {
  const app = await enrol(service, 'gus');
  const [early, late] = [await open('gus'), await open('gus')];
  service.clock.advance(299);
  expect((await answerTo(early, app.code())).status).toBe(200);
  service.clock.advance(31);
  expect((await answerTo(late, app.code())).body.code).toBe('challenge_ended');
});

it('S25, S29: canceled and answered at once, a challenge has one end', async () => {
  const app = await enrol(service, 'hal');
  for (let round = 0; round < 6; round++) {
    service.clock.advance(60);
    const id = await open('hal');
    const [canceled, answered] = await Promise.all([cancel(id), answerTo(id, app.code())]);
    const ends = [canceled.status === 204, answered.status === 200];
    expect(ends.filter(Boolean)).toHaveLength(1);
    expect((await show(id)).status).toBe(ends[0] ? 'canceled' : 'approved');
  }
});

it('S28: the codes of two factors that reach one challenge together earn one token', async () => {
  const [one, two] = [await enrol(service, 'ida'), await enrol(service, 'ida')];
  service.clock.advance(60);
  const id = await open('ida');
  const now = service.clock.now();
  const context = { realmId: service.first.application.realmId, applicationId: null };
  const consume = ({ factorId }: Authenticator) =>
    service.app.get(AttemptsRepository).consume({
      factorId,
      spent: { step: stepAt(now, 30), driftSteps: 0 },
      challengeId: id,
      now,
      event: service.app
        .get(Audit)
        .row(
          { ...context, actor: 'test', requestId: null },
          { type: 'challenge.canceled', userId: 'ida', challengeId: id },
        ),
    });
  // Both are in one batch, as they are under load.
  const consumed = await Promise.all([consume(one), consume(two)]);
  expect(consumed.filter(Boolean)).toHaveLength(1);
  // The other's code was not used up for nothing.
  const statuses = [];
  for (const app of [one, two]) statuses.push((await verify(app, app.code())).status);
  expect(statuses.sort()).toEqual([200, 422]);
});
