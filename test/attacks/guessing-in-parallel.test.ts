/**
 * Guessing codes faster than they are counted, or where they are not counted: all at once, over many
 * challenges, by way of another application, another key, another factor. What is counted here is how often
 * a code was really compared: that is a guesser's chance, whatever the answers said.
 */
import { FREE_ATTEMPTS } from '../../src/challenges/lockout.js';
import { ACTIVATION_ATTEMPTS } from '../../src/factors/factor.js';
import { TotpMethod } from '../../src/factors/totp.method.js';
import {
  startApplication,
  type Answer,
  type CallOptions,
  type TestApplication,
} from '../support/application.js';
import { enrol, scan, type Authenticator } from '../support/authenticator.js';

let service: TestApplication;
let compared: jest.SpyInstance;

beforeAll(async () => {
  service = await startApplication();
  compared = jest.spyOn(service.app.get(TotpMethod), 'match');
});
afterAll(() => service.close());
beforeEach(() => {
  service.clock.advance(7200);
});

const guess = (userId: string, code = '000000', options: CallOptions = {}) =>
  service.call('POST', `/v1/users/${userId}/verify`, { code }, options);

const challenge = async (userId: string, options: CallOptions = {}) => {
  const body = { user_id: userId, type: 'totp' };
  return ((await service.call('POST', '/v1/challenges', body, options)).body as { id: string }).id;
};

const guessChallenge = (id: string, code = '000000', options: CallOptions = {}) =>
  service.call('POST', `/v1/challenges/${id}/verify`, { code }, options);

/** A user with an authenticator, nothing spent of the budget, and the comparisons counted from now on. */
async function victim(name: string): Promise<Authenticator> {
  const app = await enrol(service, name);
  service.clock.advance(60);
  compared.mockClear();
  return app;
}

/** Codes that are wrong now, each another one. */
function wrongCodes(app: Authenticator, count: number): string[] {
  const right = [-1, 0, 1].map((steps) => app.code(steps));
  return Array.from({ length: count + 3 }, (_, n) => String(100_000 + n * 37))
    .filter((code) => !right.includes(code))
    .slice(0, count);
}

const tokens = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 200);

it('S30, S31: three hundred guesses at once over forty challenges are five comparisons', async () => {
  const app = await victim('ada');
  const ids = await Promise.all(Array.from({ length: 40 }, () => challenge('ada')));
  const answers = await Promise.all(
    wrongCodes(app, 300).map((code, n) =>
      n % 3 ? guessChallenge(ids[n % ids.length] ?? '', code) : guess('ada', code),
    ),
  );
  expect(tokens(answers)).toEqual([]);
  expect(compared).toHaveBeenCalledTimes(FREE_ATTEMPTS);
  const seen = new Set(answers.map(({ body }) => (body as { code: string }).code));
  expect(seen).toContain('locked');
  for (const code of seen) expect(['code_incorrect', 'locked', 'challenge_ended']).toContain(code);
  expect((await guess('ada', app.code())).body.code).toBe('locked');
});

it('S30: the right code among many wrong ones at once is found by luck only, never by number', async () => {
  const app = await victim('bob');
  const codes = wrongCodes(app, 100);
  codes.splice(60, 0, app.code());
  const answers = await Promise.all(codes.map((code) => guess('bob', code)));
  expect(compared).toHaveBeenCalledTimes(FREE_ATTEMPTS);
  expect(tokens(answers)).toEqual([]);
});

it('S31: each wait buys one more comparison, however many come to use it', async () => {
  const app = await victim('cat');
  for (let round = 0; round < 4; round++) {
    await Promise.all(wrongCodes(app, 30).map((code) => guess('cat', code)));
    expect(compared).toHaveBeenCalledTimes(FREE_ATTEMPTS + round);
    service.clock.advance(30 * 2 ** round);
  }
});

describe('S31: a spent budget is not filled again by', () => {
  let app: Authenticator;
  let users = 0;

  beforeEach(async () => {
    const user = `dan-${++users}`;
    app = await victim(user);
    for (const code of wrongCodes(app, FREE_ATTEMPTS)) await guess(user, code);
    compared.mockClear();
  });

  /** Not even the right code gets through, by any way: so nothing was filled. */
  afterEach(async () => {
    const id = await challenge(app.userId);
    for (const answer of [
      await guess(app.userId, app.code()),
      await guess(app.userId, app.code(), { headers: { 'idempotency-key': `last-${users}` } }),
      await guessChallenge(id, app.code()),
    ])
      expect([answer.status, answer.body.code]).toEqual([429, 'locked']);
    expect(compared).not.toHaveBeenCalled();
  });

  it('new challenges', async () => {
    for (let n = 0; n < 20; n++) await guessChallenge(await challenge(app.userId));
  });

  it('canceling a challenge', async () => {
    const id = await challenge(app.userId);
    expect((await service.call('DELETE', `/v1/challenges/${id}`)).status).toBe(204);
  });

  it('new idempotency keys', async () => {
    for (let n = 0; n < 20; n++)
      await guess(app.userId, '000000', { headers: { 'idempotency-key': `${users}-${n}` } });
  });

  it('another application of the realm, or another API key', async () => {
    const realm = service.first.application.realmName;
    const { key } = await service.register(realm, `another ${users}`);
    for (let n = 0; n < 20; n++) await guess(app.userId, '000000', { key });
    expect((await guess(app.userId, app.code(), { key })).body.code).toBe('locked');
  });

  it('naming the factor', async () => {
    const path = `/v1/users/${app.userId}/verify`;
    const body = { code: app.code(), factor_id: app.factorId };
    expect((await service.call('POST', path, body)).body.code).toBe('locked');
  });

  it('a further factor of the user, whose activation succeeds', async () => {
    const further = await enrol(service, app.userId);
    // Its activation is compared, and its code is no way in either.
    compared.mockClear();
    expect((await guess(app.userId, further.code(1))).body.code).toBe('locked');
  });

  it('revoking the factor and enrolling another', async () => {
    await service.call('DELETE', `/v1/factors/${app.factorId}`);
    app = await enrol(service, app.userId);
    compared.mockClear();
  });

  it('a login of the same user’s name in another realm', async () => {
    const { key } = await service.register(`elsewhere ${users}`);
    const namesake = await enrol(service, app.userId, { key });
    expect((await guess(app.userId, namesake.code(1), { key })).status).toBe(200);
    compared.mockClear();
  });
});

describe('guessing the first code of an enrolment', () => {
  const activate = (app: Authenticator, code: string) =>
    service.call('POST', `/v1/factors/${app.factorId}/activate`, { code });

  it('S30, S35: a hundred guesses at once are ten comparisons, and then the enrolment is over', async () => {
    const app = await scan(service, 'eli');
    compared.mockClear();
    const answers = await Promise.all(wrongCodes(app, 100).map((code) => activate(app, code)));
    expect(tokens(answers)).toEqual([]);
    expect(compared).toHaveBeenCalledTimes(ACTIVATION_ATTEMPTS);
    expect((await activate(app, app.code())).body.code).toBe('factor_not_pending');
    expect((await service.call('GET', `/v1/factors/${app.factorId}`)).body.status).toBe('revoked');
    expect((await service.call('GET', `/v1/factors/${app.factorId}/qr.svg`)).status).toBe(409);
  });

  it('S35: what is guessed there is of no use for a login, and the other way round', async () => {
    const app = await victim('fay');
    const pending = await scan(service, 'fay');
    for (const code of wrongCodes(pending, ACTIVATION_ATTEMPTS)) await activate(pending, code);
    service.clock.advance(30);
    expect((await guess('fay', app.code())).status).toBe(200);
    const another = await scan(service, 'fay');
    for (const code of wrongCodes(app, FREE_ATTEMPTS)) await guess('fay', code);
    expect((await guess('fay', another.code())).body.code).toBe('locked');
  });

  it('S12: an active factor is not activated again, whatever code comes', async () => {
    const app = await victim('gus');
    for (const code of [app.code(), ...wrongCodes(app, 30)])
      expect((await activate(app, code)).body.code).toBe('factor_not_pending');
    expect(compared).not.toHaveBeenCalled();
  });
});
