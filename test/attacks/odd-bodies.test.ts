/**
 * A body that two parsers would read differently: another media type, a key that stands twice, a key that
 * reaches the prototype, a depth that breaks a stack. Whatever is sent, the answer is a refusal that says
 * why, and never a fault of ours.
 */
import fc from 'fast-check';
import { startApplication, type TestApplication } from '../support/application.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication({ environment: { WATCHWORD_RATE_PER_ADDRESS: '1000000' } });
});
afterAll(() => service.close());

const send = (body: string, headers: Record<string, string> = {}) =>
  service.call('POST', '/v1/users/eve/factors', body, { headers });

it.each([
  'application/json\t',
  'application/json ;charset=utf-8',
  'application/json;charset=utf-16',
  ' application/json x',
  'application/json;',
  'application/json5',
  'application/merge-patch+json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain',
  '*/*',
])('S118: %p is not JSON', async (type) => {
  const { status, body } = await send('{"type":"totp"}', { 'content-type': type });
  expect([status, body.code]).toEqual([415, 'media_type_unsupported']);
});

it.each(['application/json', 'APPLICATION/JSON', 'application/json; charset=utf-8'])(
  'S118: %p is JSON, and its schema is checked',
  async (type) => {
    const { status, body } = await send('{"type":"totp","extra":1}', { 'content-type': type });
    expect([status, body.code]).toEqual([400, 'invalid_request']);
  },
);

it('S118: a body without a type is refused, and so is no body where one is needed', async () => {
  const bare = await service.app.inject({
    method: 'POST',
    url: '/v1/users/eve/factors',
    headers: { authorization: `Bearer ${service.first.key}` },
    payload: Buffer.from('{"type":"totp"}'),
  });
  expect(bare.statusCode).toBe(415);
  expect((await service.call('POST', '/v1/users/eve/factors')).status).toBe(400);
});

it.each([
  ['a duplicate key', '{"type":"totp","type":"hotp"}'],
  ['a duplicate key inside', '{"type":"totp","name":{"a":1,"a":2}}'],
  ['a duplicate key spelt otherwise', '{"type":"totp","t\\u0079pe":"hotp"}'],
  ['__proto__', '{"type":"totp","__proto__":{"digits":8}}'],
  ['__proto__ spelt otherwise', '{"type":"totp","__pr\\u006fto__":{"digits":8}}'],
  ['constructor.prototype', '{"type":"totp","constructor":{"prototype":{"digits":8}}}'],
  ['a great depth', `{"type":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
  ['a number beyond numbers', '{"type":"totp","digits":1e999}'],
  ['half an object', '{"type":'],
  ['two values', '{"type":"totp"} {}'],
  ['a comment', '{"type":"totp"} // x'],
  ['a byte order mark', '\ufeff{"type":"totp"}'],
  ['nothing', ' '],
])('S120: %s is refused', async (_name, body) => {
  const { status, body: problem } = await send(body);
  expect([status, problem.code]).toEqual([400, 'malformed_json']);
});

it.each(['null', '[]', '"totp"', '7', '{}'])(
  'S120: %s is not the object that is needed',
  async (body) => {
    expect((await send(body)).body.code).toBe('invalid_request');
  },
);

it('S120: a body over the limit is refused', async () => {
  const { status, body } = await send(JSON.stringify({ type: 'totp', name: 'x'.repeat(70_000) }));
  expect([status, body.code]).toEqual([413, 'body_too_large']);
});

it('S120: a transaction over 4 KiB, or with text that is no text, is refused', async () => {
  const verify = (transaction: unknown) =>
    service.call('POST', '/v1/users/eve/verify', { code: '123456', transaction });
  for (const transaction of [{ a: 'x'.repeat(5000) }, { a: '\u0000' }, { '\ud800': 1 }, [], 'a'])
    expect((await verify(transaction)).body.code).toBe('invalid_request');
});

it('S120: no JSON value makes any route fail', async () => {
  const routes = [
    ['POST', '/v1/users/eve/factors'],
    ['POST', '/v1/users/eve/verify'],
    ['POST', '/v1/challenges'],
    ['POST', '/v1/challenges/chl_01h455vb4pex5vsknk084sn02q/verify'],
    ['POST', '/v1/factors/fac_01h455vb4pex5vsknk084sn02q/activate'],
    ['PATCH', '/v1/factors/fac_01h455vb4pex5vsknk084sn02q'],
  ] as const;
  const member = fc.constantFrom(
    'type',
    'code',
    'name',
    'secret',
    'user_id',
    'factor_id',
    'first_factor',
    'transaction',
    'digits',
    'period',
  );
  const body = fc.oneof(fc.jsonValue(), fc.dictionary(member, fc.jsonValue()));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, async ([method, path], value) => {
      const { status } = await service.call(method, path, JSON.stringify(value));
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 400 },
  );
});

it('S120: no user id makes any route fail', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
      async (userId) => {
        const path = `/v1/users/${encodeURIComponent(userId.toWellFormed())}/verify`;
        const { status } = await service.call('POST', path, { code: '123456' });
        expect(status).toBeLessThan(500);
      },
    ),
    { numRuns: 300 },
  );
});
