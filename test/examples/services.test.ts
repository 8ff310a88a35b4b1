/** The two example services, as processes of their own, before a running Watchword. */
import { decodeSecret } from '../../src/otp/secret.js';
import { defaultTotpParameters } from '../../src/otp/algorithm.js';
import { stepAt, totp } from '../../src/otp/totp.js';
import {
  startExample,
  startListening,
  type Example,
  type ListeningService,
} from '../support/examples.js';
import { enrol } from '../support/authenticator.js';

type Members = Record<string, unknown>;

const AGO_SECONDS = 600;
const alice = { user: 'alice', password: 'wonderland' };

describe.each(['express', 'nestjs'])('examples/%s', (name) => {
  let watchword: ListeningService;
  let bank: Example;
  let code: () => string;

  beforeAll(async () => {
    watchword = await startListening(AGO_SECONDS);
    bank = await startExample(name, {
      WATCHWORD_URL: watchword.url,
      WATCHWORD_API_KEY: watchword.first.key,
      WATCHWORD_AUDIENCE: watchword.first.application.audience,
    });
    code = name === 'express' ? await enrolThere() : (await enrol(watchword, 'alice')).code;
  }, 180_000);
  afterAll(async () => {
    await bank.stop();
    await watchword.close();
  });

  async function call(method: string, path: string, body?: Members, token?: string) {
    const answer = await fetch(bank.url + path, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const challenge = answer.headers.get('www-authenticate');
    return { status: answer.status, challenge, body: (await answer.json()) as Members };
  }

  /** Enrols by the service's own pages. */
  async function enrolThere(): Promise<() => string> {
    expect((await call('POST', '/enrol', { ...alice, password: 'x' })).status).toBe(401);
    const { body } = await call('POST', '/enrol', alice);
    const secret = decodeSecret(new URL(String(body['uri'])).searchParams.get('secret') ?? '');
    const shown = () => totp(secret, stepAt(watchword.clock.now(), 30), defaultTotpParameters);
    const other = await enrol(watchword, 'bob');
    const notHers = { ...alice, factor: other.factorId, code: other.code() };
    expect((await call('POST', '/activate', notHers)).status).toBe(404);
    const activation = { ...alice, factor: body['factor'], code: shown() };
    expect((await call('POST', '/activate', activation)).body).toEqual({ status: 'active' });
    return shown;
  }

  async function login(): Promise<string> {
    watchword.clock.advance(30);
    const { status, body } = await call('POST', '/login', { ...alice, code: code() });
    expect([status, body['expires_in']]).toEqual([200, 900]);
    return String(body['access_token']);
  }

  it('401 without a token', async () => {
    for (const [method, path] of [
      ['GET', '/account'],
      ['POST', '/transfers'],
    ] as const)
      expect(await call(method, path)).toMatchObject({
        status: 401,
        challenge: 'Bearer realm="watchword"',
      });
    expect((await call('GET', '/account', undefined, 'x.y.z')).challenge).toContain(
      'error="invalid_token"',
    );
  });

  it('a wrong password and a wrong code log nobody in', async () => {
    const wrong = { ...alice, password: 'looking-glass', code: code() };
    expect((await call('POST', '/login', wrong)).status).toBe(401);
    const { status, body } = await call('POST', '/login', { ...alice, code: '000000' });
    expect([status, body['code']]).toEqual([422, 'code_incorrect']);
  });

  it('S87: an old proof is good for the account, and challenged before a transfer; a fresh one passes', async () => {
    const old = await login();
    expect((await call('GET', '/account', undefined, old)).body).toEqual({
      user: 'alice',
      proved_by: ['pwd', 'otp', 'mfa'],
      balance: 100,
    });
    const refused = await call('POST', '/transfers', { amount: 5 }, old);
    expect(refused).toMatchObject({ status: 401, body: { code: 'proof_too_old', max_age: 60 } });
    expect(refused.challenge).toMatch(
      /^Bearer .*error="insufficient_user_authentication".*acr_values="aal2", max_age="60"$/,
    );

    watchword.clock.advance(Math.floor((Date.now() - watchword.clock.now().getTime()) / 1000));
    const fresh = await login();
    expect(await call('POST', '/transfers', { amount: 5 }, fresh)).toMatchObject({
      status: 201,
      body: { from: 'alice', amount: 5 },
    });
  });
});
