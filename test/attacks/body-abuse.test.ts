/**
 * Bodies made to break a parser, or to mean one thing to a checker and another to what comes after it:
 * too large, too deep, a key twice, a key that reaches the prototype, numbers and texts that are none.
 * All of them are the sender's fault (4xx), and none is ever a fault of ours (5xx).
 */
import fc from 'fast-check';
import { startApplication, type TestApplication } from '../support/application.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

async function post(path: string, payload: string | Buffer, method = 'POST') {
  const answer = await service.app.inject({
    method: method as 'POST',
    url: path,
    headers: {
      authorization: `Bearer ${service.first.key}`,
      'content-type': 'application/json',
    },
    payload: Buffer.from(payload as string),
  });
  return { status: answer.statusCode, body: answer.json<{ code: string; errors?: unknown }>() };
}

const codeOf = async (payload: string | Buffer) =>
  (await post('/v1/users/eve/factors', payload)).body.code;

const depth = (levels: number) =>
  `{"code":"000000","transaction":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;

it.each([
  ['a key twice', '{"type":"totp","type":"hotp"}'],
  ['a key twice, once in escapes', '{"type":"totp","t\\u0079pe":"hotp"}'],
  ['a key twice, further in', '{"type":"totp","a":{"b":{"c":1,"c":2}}}'],
  ['a key twice in an array', '{"type":"totp","a":[[{"c":1,"c":2}]]}'],
  ['a key twice, an object and an array', '{"type":"totp","a":[1],"a":{"0":1,"length":1}}'],
  ['a key twice, null and an object', '{"type":"totp","a":null,"a":{}}'],
  ['a key of every object twice', '{"type":"totp","toString":1,"toString":2}'],
  ['a key twice, with the same value', '{"type":"totp","type":"totp"}'],
  ['a key with a colon twice', '{"type":"totp","a:b":1,"a:b":1}'],
  ['the empty key twice', '{"type":"totp","":1,"":2}'],
  ['__proto__', '{"type":"totp","__proto__":{"admin":true}}'],
  ['__proto__ of null', '{"type":"totp","__proto__":null}'],
  ['__proto__ in escapes', '{"type":"totp","\\u005f\\u005fproto\\u005f_":{"admin":true}}'],
  ['__proto__ with blanks', '{"type":"totp","__proto__" \t\r\n : {"admin":true}}'],
  ['__proto__ further in', '{"type":"totp","a":[{"b":{"__proto__":{"admin":true}}}]}'],
  ['constructor.prototype', '{"type":"totp","constructor":{"prototype":{"admin":true}}}'],
  ['constructor in escapes', '{"a":{"\\u0063onstructor":{"\\u0070rototype":{"admin":true}}}}'],
  ['too deep an array', `{"type":${'['.repeat(40)}${']'.repeat(40)}}`],
  ['a depth that breaks a stack', `{"type":${'['.repeat(60_000)}`],
  ['a depth that breaks a stack, closed', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
  ['a depth of objects', '{"a":'.repeat(12_000)],
  ['a number beyond all numbers', '{"type":"totp","digits":1e999}'],
  ['such a number further in', '{"type":"totp","a":[[-1e999]]}'],
  ['a number of 60,000 digits', `{"type":"totp","digits":${'9'.repeat(60_000)}}`],
  ['not a number', '{"type":"totp","digits":NaN}'],
  ['infinity', '{"type":"totp","digits":Infinity}'],
  ['a plus', '{"type":"totp","digits":+6}'],
  ['octal', '{"type":"totp","digits":06}'],
  ['hexadecimal', '{"type":"totp","digits":0x6}'],
  ['a bare fraction', '{"type":"totp","digits":.6}'],
  ['a NUL in a text', '{"type":"to\u0000tp"}'],
  ['a NUL behind', '{"type":"totp"}\u0000'],
  ['a line feed in a text', '{"type":"to\ntp"}'],
  ['a byte order mark', '\ufeff{"type":"totp"}'],
  ['a no-break space', '\u00a0{"type":"totp"}'],
  ['nothing', ''],
  ['blanks', ' \t\r\n'],
  ['half an object', '{"type":"totp"'],
  ['half a text', '{"type":"to'],
  ['half an escape', '{"type":"to\\u00'],
  ['half a word', '{"type":tru'],
  ['a wrong escape', '{"type":"to\\x41"}'],
  ['two values', '{"type":"totp"}{"type":"totp"}'],
  ['a comma too many', '{"type":"totp",}'],
  ['a comment', '{"type":"totp"/**/}'],
  ['single quotes', "{'type':'totp'}"],
  ['a bare key', '{type:"totp"}'],
  ['a form', 'type=totp'],
  ['JSONP', 'x({"type":"totp"})'],
  ['a guarded answer', ')]}\'\n{"type":"totp"}'],
  ['a template', '${7*7}'],
  ['XML', '<type>totp</type>'],
])('S120: %s is refused', async (_name, text) => {
  expect(await codeOf(text)).toBe('malformed_json');
});

it.each([
  ['a stray byte', [0x22, 0xff, 0x22]],
  ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
  ['an overlong NUL', [0x22, 0xc0, 0x80, 0x22]],
  ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ['half a character', [0x22, 0xe2, 0x82, 0x22]],
  ['beyond Unicode', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ['Latin-1', [0x22, 0x6a, 0xf6, 0x22]],
])('S120: %s is no UTF-8 and is refused, so that no two names become one', async (_name, bytes) => {
  const body = Buffer.concat([
    Buffer.from('{"type":"totp","user_id":'),
    Buffer.from(bytes),
    Buffer.from('}'),
  ]);
  expect((await post('/v1/challenges', body)).body.code).toBe('malformed_json');
});

it('S120: UTF-16 and UTF-32 are no UTF-8', async () => {
  const text = '{"type":"totp"}';
  expect(await codeOf(Buffer.from(text, 'utf16le'))).toBe('malformed_json');
  expect(await codeOf(Buffer.from(`\ufeff${text}`, 'utf16le'))).toBe('malformed_json');
});

it.each(['null', '[]', '[{"type":"totp"}]', '"totp"', '7', 'true', '{}', '{"type":null}'])(
  'S120: %s is JSON, and not the object that is needed',
  async (text) => {
    expect(await codeOf(text)).toBe('invalid_request');
  },
);

it('S120: the limits of size and depth are where they are said to be', async () => {
  const filled = (bytes: number) => `{"type":"x"${' '.repeat(bytes - 12)}}`;
  expect(filled(65_536)).toHaveLength(65_536);
  expect(await codeOf(filled(65_536))).toBe('invalid_request');
  expect(await codeOf(filled(65_537))).toBe('body_too_large');
  const verify = (text: string) => post('/v1/users/deep/verify', text);
  expect((await verify(depth(15))).body.code).toBe('code_incorrect');
  expect((await verify(depth(16))).body.code).toBe('malformed_json');
});

it('S120: the prototype is never touched, and no member of it passes for one that was sent', async () => {
  await codeOf('{"type":"totp","__proto__":{"type":"totp","admin":true}}');
  await codeOf('{"constructor":{"prototype":{"admin":true}}}');
  expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  expect(await codeOf('{"constructor":"totp"}')).toBe('invalid_request');
  expect(await codeOf('{"type":"constructor"}')).toBe('invalid_request');
  expect(await codeOf('{"type":"toString"}')).toBe('invalid_request');
});

it.each([
  ['a lone surrogate', '"\\ud800"'],
  ['two halves the wrong way round', '"\\udc00\\ud800"'],
  ['a NUL', '"a\\u0000"'],
  ['a line feed', '"a\\n"'],
  ['a line separator', '"a\\u2028"'],
  ['an escape character', '"\\u001b[2J"'],
  ['an object', '{"$gt":""}'],
  ['an array', '["a"]'],
  ['a number', '7'],
  ['a text of 60,000 characters', `"${'x'.repeat(60_000)}"`],
  ['ligatures that grow when composed', `"${'\ufdfa'.repeat(10_000)}"`],
  ['marks without end', `"a${'\u0301'.repeat(20_000)}"`],
])('S120: %s is no user id, no name and no code', async (_name, value) => {
  const bodies = [
    ['/v1/challenges', `{"type":"totp","user_id":${value}}`],
    ['/v1/users/eve/factors', `{"type":"totp","name":${value}}`],
    ['/v1/users/eve/factors', `{"type":"totp","issuer":${value}}`],
    ['/v1/users/eve/factors', `{"type":"totp","account_name":${value}}`],
    ['/v1/users/eve/factors', `{"type":"totp","secret":${value}}`],
    ['/v1/users/eve/verify', `{"code":${value}}`],
    ['/v1/users/eve/verify', `{"code":"000000","factor_id":${value}}`],
    ['/v1/users/eve/verify', `{"code":"000000","first_factor":${value}}`],
    ['/v1/users/eve/verify', `{"code":"000000","transaction":${value}}`],
  ] as const;
  for (const [path, body] of bodies) {
    const { status, body: problem } = await post(path, body);
    if (path.endsWith('verify') && value.startsWith('{')) continue;
    expect([body.slice(0, 60), status]).toEqual([body.slice(0, 60), 400]);
    expect(problem.code).toBe('invalid_request');
  }
});

it('S120: a thousand wrong members are not answered one by one', async () => {
  const members = Array.from({ length: 1000 }, (_, n) => `"m${n}":1`).join(',');
  const { body } = await post('/v1/users/eve/factors', `{"type":"x",${members}}`);
  expect(body.errors).toEqual(expect.any(Array));
  expect(JSON.stringify(body).length).toBeLessThan(20_000);
});

it('S120: a right body with any one byte changed is never a fault of ours', async () => {
  const right = Buffer.from(
    '{"code":"000000","first_factor":["pwd"],"transaction":{"amount":1.5,"to":"j\u00f6"}}',
  );
  const place = fc.nat({ max: right.length - 1 });
  await fc.assert(
    fc.asyncProperty(place, fc.nat({ max: 255 }), async (index, byte) => {
      const body = Buffer.from(right);
      body[index] = byte;
      expect((await post('/v1/users/eve/verify', body)).status).toBeLessThan(500);
    }),
    { numRuns: 300 },
  );
});
