/**
 * Content-Type confusion. Where a checker and a parser read one header differently, a body slips past the
 * schema: a tab before the semicolon once made Fastify parse without validating. Here a body is either
 * exactly JSON, and checked, or refused before anything reads it.
 */
import fc from 'fast-check';
import { startApplication, type TestApplication } from '../support/application.js';
import { exchange, listen, readAnswer } from '../support/raw-socket.js';

let service: TestApplication;
let port: number;

beforeAll(async () => {
  service = await startApplication();
  port = await listen(service);
});
afterAll(() => service.close());

/** Right but for one member that the schema does not know: 400 shows that the schema was asked. */
const unknownMember = '{"type":"totp","admin":true}';

const send = (type: string | undefined, body = unknownMember) =>
  service.app
    .inject({
      method: 'POST',
      url: '/v1/users/eve/factors',
      headers: {
        authorization: `Bearer ${service.first.key}`,
        ...(type !== undefined && { 'content-type': type }),
      },
      payload: Buffer.from(body),
    })
    .then(({ statusCode, json }) => [statusCode, json<{ code: string }>().code]);

const refused = [415, 'media_type_unsupported'];
const checked = [400, 'invalid_request'];

it.each([
  'application/json',
  'APPLICATION/JSON',
  'Application/Json',
  'application/json;charset=utf-8',
  'application/json; charset=UTF-8',
  'application/json; Charset=utf-8',
])('S118: %p is JSON, and the schema is asked', async (type) => {
  expect(await send(type)).toEqual(checked);
  expect(await send(type, 'type=totp')).toEqual([400, 'malformed_json']);
});

it.each([
  ['a tab before the semicolon', 'application/json\t;charset=utf-8'],
  ['a tab behind', 'application/json\t'],
  ['a space before the semicolon', 'application/json ; charset=utf-8'],
  ['a space and a word', 'application/json x'],
  ['a form feed', 'application/json\f'],
  ['a no-break space', 'application/json\u00a0'],
  ['a bare semicolon', 'application/json;'],
  ['two semicolons', 'application/json;;charset=utf-8'],
  ['an empty parameter', 'application/json; charset='],
  ['a quoted charset', 'application/json; charset="utf-8"'],
  ['UTF-16', 'application/json; charset=utf-16'],
  ['UTF-7', 'application/json; charset=utf-7'],
  ['Latin-1', 'application/json; charset=iso-8859-1'],
  ['two charsets', 'application/json; charset=utf-8; charset=utf-7'],
  ['a boundary', 'application/json; boundary=x'],
  ['a profile', 'application/json; profile="https://x"'],
  ['a comma', 'application/json, text/plain'],
  ['two types', 'text/plain, application/json'],
  ['JSON 5', 'application/json5'],
  ['JSON lines', 'application/jsonl'],
  ['a JSON sequence', 'application/json-seq'],
  ['a merge patch', 'application/merge-patch+json'],
  ['a JSON patch', 'application/json-patch+json'],
  ['a problem', 'application/problem+json'],
  ['another JSON', 'application/vnd.api+json'],
  ['text/json', 'text/json'],
  ['x-json', 'application/x-json'],
  ['a form', 'application/x-www-form-urlencoded'],
  ['multipart', 'multipart/form-data; boundary=x'],
  ['plain text', 'text/plain'],
  ['plain text that says JSON', 'text/plain; application/json'],
  ['a beacon', 'text/plain;charset=UTF-8'],
  ['XML', 'application/xml'],
  ['any', '*/*'],
  ['any application', 'application/*'],
  ['no subtype', 'application/'],
  ['no slash', 'json'],
  ['nothing', ''],
  ['a space', ' '],
  ['the prototype', '__proto__'],
])('S118: %s is refused before it is read', async (_name, type) => {
  expect(await send(type)).toEqual(refused);
  expect(await send(type, '{')).toEqual(refused);
});

it('S118: a body without a type is refused, and so is a type without its body', async () => {
  expect(await send(undefined)).toEqual(refused);
  expect(await send('application/json', '')).toEqual([400, 'malformed_json']);
});

it('S118: no route reads another type, whatever the method', async () => {
  const { paths } = (await service.call('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, 'x')]),
  );
  expect(routes.length).toBeGreaterThan(15);
  const headers = { 'content-type': 'text/plain' };
  for (const [method = '', path = ''] of routes) {
    const { status } = await service.call(method, path, 'a', { headers });
    expect([method, path, status]).toEqual([method, path, 415]);
  }
});

it('S118: no type at all reaches the handler but JSON', async () => {
  const part = fc.constantFrom(
    ...['application', 'json', '/', ';', '; ', 'charset=', 'utf-8', 'utf-16', '"', ',', '\t', ' '],
  );
  const type = fc.array(part, { maxLength: 9 }).map((parts) => parts.join(''));
  const isJson = /^application\/json(; ?charset=utf-8)?$/;
  await fc.assert(
    fc.asyncProperty(type, async (given) => {
      expect(await send(given)).toEqual(isJson.test(given) ? checked : refused);
    }),
    { numRuns: 300 },
  );
});

describe('on the wire', () => {
  const ask = async (lines: readonly string[], body: string) => {
    const head = [
      'POST /v1/users/eve/factors HTTP/1.1',
      'Host: x',
      'Connection: close',
      `Authorization: Bearer ${service.first.key}`,
      ...lines,
    ];
    return readAnswer(await exchange(port, `${head.join('\r\n')}\r\n\r\n${body}`));
  };
  const length = `Content-Length: ${unknownMember.length}`;
  const chunked = `${unknownMember.length.toString(16)}\r\n${unknownMember}\r\n0\r\n\r\n`;

  it.each([
    ['blanks around the value', 'Content-Type: \t application/json \t ', 400],
    ['two types, JSON first', 'Content-Type: application/json\r\nContent-Type: text/plain', 400],
    ['two types, JSON last', 'Content-Type: text/plain\r\nContent-Type: application/json', 415],
    ['no type', 'X: y', 415],
    ['a folded line', 'Content-Type: application/json\r\n ;charset=utf-16', 415],
    ['a type in another encoding', 'Content-Type: application/json\xa0', 415],
  ])('S118: %s', async (_name, line, status) => {
    const withLength = await ask([line, length], unknownMember);
    const inChunks = await ask([line, 'Transfer-Encoding: chunked'], chunked);
    // A folded line is no HTTP any more (RFC 9112, 5.2): the parser may refuse it before us.
    const allowed = line.includes('\r\n ') ? [400, status] : [status];
    expect(allowed).toContain(withLength.status);
    expect(allowed).toContain(inChunks.status);
    for (const answer of [withLength, inChunks]) expect(answer.body).not.toContain('"secret"');
  });

  it('S118: a compressed body is refused, not unpacked', async () => {
    const lines = ['Content-Type: application/json', 'Content-Encoding: gzip', length];
    expect((await ask(lines, unknownMember)).status).toBeGreaterThanOrEqual(400);
  });
});
