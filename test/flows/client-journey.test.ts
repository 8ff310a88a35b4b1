/** A login as a service writes it that uses our client: from the QR code to the end of the session. */
import { decodeJwt } from 'jose';
import { createClient, type Client } from '../../src/client/client.js';
import { decodeSecret } from '../../src/otp/secret.js';
import { stepAt, totp } from '../../src/otp/totp.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { codeAt } from '../support/phones.js';
import { listen } from '../support/raw-socket.js';

let service: TestApplication;
let watchword: Client;

beforeAll(async () => {
  service = await startApplication();
  watchword = createClient({
    url: `http://127.0.0.1:${await listen(service)}`,
    apiKey: service.first.key,
  });
});
afterAll(() => service.close());

const app = (secret: string) => () =>
  totp(decodeSecret(secret), stepAt(service.clock.now(), 30), {
    algorithm: 'SHA1',
    digits: 6,
    periodSeconds: 30,
  });

it('enrols, activates, verifies, refreshes, introspects and revokes', async () => {
  const user_id = 'ann@example.com/Zürich';
  const factor = await watchword.enrolFactor({ user_id, type: 'totp', name: 'My phone' });
  expect(await watchword.factorQrText({ id: factor.id })).toContain('█');
  const showCode = app(factor.totp!.secret);
  const active = await watchword.activateFactor({ id: factor.id, code: showCode() });
  expect(active).toMatchObject({ status: 'active', name: 'My phone', user_id });

  service.clock.advance(30);
  const token = await watchword.verifyUser({
    user_id,
    code: showCode(),
    first_factor: ['pwd'],
    session: 'refresh_token',
  });
  expect(decodeJwt(token.access_token)).toMatchObject({
    sub: user_id,
    acr: 'aal2',
    sid: token.session_id,
  });

  const renewed = await watchword.refreshToken({ refresh_token: token.refresh_token! });
  expect(renewed).toMatchObject({ user_id, session_id: token.session_id });
  const asked = { token: renewed.access_token };
  expect(await watchword.introspectToken(asked)).toMatchObject({ active: true, sub: user_id });
  const { data: sessions } = await watchword.listSessions({ user_id });
  expect(sessions).toMatchObject([{ id: token.session_id, amr: ['pwd', 'otp', 'mfa'] }]);

  await watchword.revokeToken({ token: renewed.refresh_token! });
  expect(await watchword.introspectToken(asked)).toEqual({ active: false });
  expect(await watchword.listSessions({ user_id })).toEqual({ data: [] });

  await watchword.revokeFactor({ id: factor.id });
  await expect(watchword.verifyUser({ user_id, code: showCode() })).rejects.toMatchObject({
    code: 'code_incorrect',
  });
});

it('confirms a transaction by challenge, and hands on a session’s cookie', async () => {
  const factor = await watchword.enrolFactor({ user_id: 'bob', type: 'totp' });
  const showCode = app(factor.totp!.secret);
  await watchword.activateFactor({ id: factor.id, code: showCode() });
  service.clock.advance(30);

  const challenge = await watchword.createChallenge({
    user_id: 'bob',
    type: 'totp',
    purpose: 'confirm',
    transaction: { amount: '5.00', to: 'carol' },
  });
  expect(challenge).toMatchObject({ status: 'pending', transaction: { to: 'carol' } });
  let cookies: string[] = [];
  const token = await watchword.verifyChallenge(
    { id: challenge.id, code: showCode(), session: 'cookie' },
    { onHeaders: (headers) => (cookies = headers.getSetCookie()) },
  );
  expect(decodeJwt(token.access_token)).toHaveProperty('txn_hash');
  expect(cookies).toEqual([expect.stringMatching(/^__Host-watchword=/)]);
  expect(await watchword.getChallenge({ id: challenge.id })).toMatchObject({ status: 'approved' });

  await watchword.revokeSessions({ user_id: 'bob' });
  const { data } = await watchword.readAudit({ user_id: 'bob' });
  const types = data.map(({ type }) => type);
  expect(types).toEqual(expect.arrayContaining(['challenge.created', 'verification.approved']));
});

it('logs in by a telephone number', async () => {
  const { key } = await service.register('by number', 'app', { scopes: ['login'] });
  const client = createClient({
    url: `http://127.0.0.1:${new URL(await service.app.getUrl()).port}`,
    apiKey: key,
  });
  const phone = '+14155550132';
  const challenge = await client.createChallenge({ type: 'phone', phone, purpose: 'login' });
  expect(challenge).toMatchObject({ channel: 'sms', to: '+1••••••••32' });
  await expect(client.resendCode({ id: challenge.id })).rejects.toMatchObject({
    code: 'send_too_soon',
  });
  const code = (await codeAt(service, phone))!;
  const token = await client.verifyChallenge({ id: challenge.id, code });
  expect(token.factor.type).toBe('phone');
  expect(decodeJwt(token.access_token)).toMatchObject({ sub: token.user_id, amr: ['sms'] });
  await expect(client.listFactors({ user_id: token.user_id })).rejects.toMatchObject({
    code: 'scope_missing',
    problem: { scopes: ['enrol', 'verify'] },
  });
});
