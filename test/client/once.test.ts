/**
 * Through a bad network: whatever gets lost, and wherever, what a call asks for is done once. The server
 * is the real one; the proxy before it cuts, refuses and answers as others do.
 */
import { createClient, WatchwordError, type Client } from '../../src/client/client.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { listen } from '../support/raw-socket.js';
import { wrongCode } from '../support/totp-codes.js';
import { startProxy, type Mishap, type UnreliableProxy } from '../support/unreliable-proxy.js';

let service: TestApplication;
let proxy: UnreliableProxy;
let client: Client;
let waits: number[];
let users = 0;

beforeAll(async () => {
  service = await startApplication();
  proxy = await startProxy(await listen(service));
});
afterAll(async () => {
  await proxy.close();
  await service.close();
});
beforeEach(() => {
  waits = [];
  client = createClient({
    url: proxy.url,
    apiKey: service.first.key,
    wait: async (ms) => void waits.push(ms),
  });
});

async function userWithNewCode(): Promise<Authenticator> {
  const app = await enrol(service, `once-${++users}`);
  service.clock.advance(60);
  return app;
}

async function countOf(userId: string, type: string): Promise<number> {
  const { data } = await client.readAudit({ user_id: userId });
  return data.filter((event) => event.type === type).length;
}

const overloaded: Mishap = { status: 503 };
const rateLimited = (headers: Record<string, string>): Mishap => ({
  status: 429,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify({ code: 'rate_limited', status: 429, title: '', detail: '' }),
});

it.each<[string, Mishap[]]>([
  ['the connection breaks before the request is through', ['cut before']],
  ['the connection breaks when the server has answered', ['cut after']],
  ['the connection breaks in the middle of the answer', ['cut within']],
  ['it breaks twice', ['cut after', 'cut within']],
  ['a proxy finds nobody, then the answer is lost', [{ status: 502 }, 'cut after']],
  ['a proxy is not patient enough', [{ status: 504, body: '<h1>Gateway Timeout</h1>' }]],
  ['the service is overloaded', [overloaded, overloaded]],
  ['there are too many requests', [rateLimited({ 'retry-after': '7' })]],
])('S47: a code is verified once, with one token, although %s', async (_what, mishaps) => {
  const app = await userWithNewCode();
  proxy.expect(...mishaps);
  const token = await client.verifyUser({ user_id: app.userId, code: app.code() });
  expect(token).toMatchObject({ user_id: app.userId, factor: { id: app.factorId } });
  expect(proxy.keys).toHaveLength(mishaps.length + 1);
  expect(new Set(proxy.keys).size).toBe(1);
  expect(proxy.keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(waits).toHaveLength(mishaps.length);
  expect(await countOf(app.userId, 'verification.approved')).toBe(1);
  expect(await countOf(app.userId, 'verification.refused')).toBe(0);
});

it('S47: the token that was lost is the token that arrives', async () => {
  const app = await userWithNewCode();
  proxy.expect('cut after');
  const headers: (string | null)[] = [];
  const token = await client.verifyUser(
    { user_id: app.userId, code: app.code() },
    { onHeaders: (those) => headers.push(those.get('idempotency-replayed')) },
  );
  expect(headers).toEqual(['true']);
  expect(await client.introspectToken({ token: token.access_token })).toMatchObject({
    active: true,
    sub: app.userId,
  });
});

it('S47: a wrong code whose answer was lost costs one attempt', async () => {
  const app = await userWithNewCode();
  proxy.expect('cut after');
  const refusal = await client
    .verifyUser({ user_id: app.userId, code: wrongCode(app) })
    .catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(WatchwordError);
  expect(refusal).toMatchObject({ code: 'code_incorrect', status: 422, attemptsLeft: 4 });
  expect(await countOf(app.userId, 'verification.refused')).toBe(1);
});

it('a refresh whose answer was lost gives the same successor and ends nothing', async () => {
  const app = await userWithNewCode();
  const first = await client.verifyUser({
    user_id: app.userId,
    code: app.code(),
    session: 'refresh_token',
  });
  proxy.expect('cut after', 'cut within');
  const second = await client.refreshToken({ refresh_token: first.refresh_token! });
  service.clock.advance(600);
  const third = await client.refreshToken({ refresh_token: second.refresh_token! });
  expect(third.session_id).toBe(first.session_id);
});

it('what is removed is removed, although the first answer was lost', async () => {
  const app = await userWithNewCode();
  proxy.expect('cut after');
  await client.revokeFactor({ id: app.factorId });
  expect(proxy.keys).toEqual([undefined, undefined]);
  const { id } = await client.createChallenge({ user_id: app.userId, type: 'totp' });
  proxy.expect('cut after');
  await client.cancelChallenge({ id });
  expect(await client.getChallenge({ id })).toMatchObject({ status: 'canceled' });
  // What was not there in the first place is still said.
  await expect(client.revokeFactor({ id: app.factorId })).rejects.toMatchObject({
    code: 'not_found',
  });
});

it('S31: a lock is said at once, and not knocked at', async () => {
  const app = await userWithNewCode();
  for (let n = 0; n < 5; n++)
    await client.verifyUser({ user_id: app.userId, code: wrongCode(app) }).catch(() => undefined);
  // Short enough to be waited out, if it were about traffic.
  service.clock.advance(25);
  proxy.expect();
  const refusal = client.verifyUser({ user_id: app.userId, code: app.code() });
  await expect(refusal).rejects.toMatchObject({ code: 'locked', status: 429, retryAfter: 5 });
  expect(proxy.keys).toHaveLength(1);
  expect(waits).toEqual([]);
});

it('S47: two calls are two requests, and a key of the caller’s own is one over both', async () => {
  const app = await userWithNewCode();
  const input = { user_id: app.userId, code: app.code() };
  const token = await client.verifyUser(input, { idempotencyKey: 'order-17' });
  expect(await client.verifyUser(input, { idempotencyKey: 'order-17' })).toEqual(token);
  await expect(client.verifyUser(input)).rejects.toMatchObject({ code: 'code_incorrect' });
});

it('S47: waits for the first request where it is still under way', async () => {
  const app = await userWithNewCode();
  const input = { user_id: app.userId, code: app.code() };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      client.verifyUser(input, { idempotencyKey: `together-${app.userId}` }).catch(codeOf),
    ),
  );
  const tokens = answers.filter((answer) => typeof answer === 'object');
  expect(new Set(tokens.map(({ access_token }) => access_token)).size).toBe(1);
  for (const answer of answers)
    if (typeof answer === 'string') expect(answer).toBe('idempotency_in_progress');
  expect(await countOf(app.userId, 'verification.approved')).toBe(1);
});

it('gives up with what the last attempt met', async () => {
  proxy.expect('cut before', overloaded, { status: 502 });
  await expect(client.listFactors({ user_id: 'nobody' })).rejects.toMatchObject({
    code: 'unexpected_answer',
    status: 502,
  });
  expect(proxy.keys).toHaveLength(3);
});

const codeOf = (error: unknown) => (error as WatchwordError).code;
