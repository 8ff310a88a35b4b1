/**
 * The headers of every answer, whoever gives it: a handler, a guard, the router, the body parser, or
 * the HTTP parser before any of them.
 */
import { startApplication, type TestApplication } from '../support/application.js';
import { exchange, listen, readAnswer } from '../support/raw-socket.js';

let service: TestApplication;
let port: number;

beforeAll(async () => {
  service = await startApplication();
  port = await listen(service);
});
afterAll(() => service.close());

const everywhere = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': expect.stringContaining('max-age=31536000'),
  'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
  'cross-origin-resource-policy': 'same-origin',
};
const nothingRuns = { ...everywhere, 'content-security-policy': /^default-src 'none'; frame/ };

const answers: readonly [string, string, number, unknown?, Record<string, string>?][] = [
  ['GET', '/', 200],
  ['GET', '/health/live', 200],
  ['GET', '/health/ready', 200],
  ['GET', '/metrics', 200],
  ['GET', '/openapi.json', 200],
  ['GET', '/docs', 200],
  ['GET', '/docs/swagger-ui.css', 200],
  ['GET', '/.well-known/jwks.json', 200],
  ['HEAD', '/health/live', 200],
  ['GET', '/v1/users/x/factors', 200],
  ['POST', '/v1/users/x/factors', 201, { type: 'totp' }],
  ['POST', '/v1/users/x/verify', 422, { code: '000000' }],
  ['POST', '/v1/users/x/verify', 400, '{'],
  ['POST', '/v1/users/x/verify', 400, {}],
  ['POST', '/v1/users/x/verify', 413, { code: 'x'.repeat(70_000) }],
  ['POST', '/v1/users/x/verify', 415, 'a=b', { 'content-type': 'text/plain' }],
  ['GET', '/nothing', 404],
  ['PUT', '/v1/users/x/factors', 404],
  ['OPTIONS', '/v1/users/x/factors', 404],
  ['GET', `/v1/factors/${'x'.repeat(4000)}`, 414],
  ['DELETE', '/v1/factors/fac_01h455vb4pex5vsknk084sn02q', 404],
  ['GET', '/v1/audit', 401, undefined, { authorization: 'Bearer ww_wrong' }],
];

it.each(answers)('%s %s is answered %i with the headers', async (method, path, status, ...rest) => {
  const [body, headers] = rest;
  const answer = await service.call(method, path, body, headers && { headers });
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject(everywhere);
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers['server']).toBeUndefined();
  expect(answer.headers['x-powered-by']).toBeUndefined();
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  if (status >= 400)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
    });
});

it('what holds a secret or a token, or refuses one, is stored by no cache', async () => {
  const enrolled = await service.call('POST', '/v1/users/y/factors', { type: 'totp' });
  const id = enrolled.body.id as string;
  expect(enrolled.headers['cache-control']).toBe('no-store');
  for (const kind of ['qr.svg', 'qr.png', 'qr.txt'])
    expect((await service.call('GET', `/v1/factors/${id}/${kind}`)).headers['cache-control']).toBe(
      'no-store',
    );
  expect((await service.call('GET', '/v1/audit')).headers['cache-control']).toBe('no-store');
});

describe('what the HTTP parser or the router refuses', () => {
  const start = 'Host: x\r\nConnection: close\r\n';
  it.each([
    ['an address that cannot be decoded', `GET /% HTTP/1.1\r\n${start}\r\n`, 400],
    ['half an escape', `GET /v1/users/%e0%a4%a/factors HTTP/1.1\r\n${start}\r\n`, 400],
    ['headers over the limit', `GET / HTTP/1.1\r\n${start}X: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
    ['what is no HTTP', 'hello\r\n\r\n', 400],
    ['a header line without a colon', `GET / HTTP/1.1\r\n${start}oops\r\n\r\n`, 400],
    [
      'two lengths',
      `POST / HTTP/1.1\r\n${start}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      400,
    ],
    [
      'a length and chunks',
      `POST / HTTP/1.1\r\n${start}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
  ])('S121: %s gets a problem with the headers', async (_name, bytes, status) => {
    const answer = readAnswer(await exchange(port, bytes));
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      ...everywhere,
      'content-type': 'application/problem+json; charset=utf-8',
      'x-request-id': expect.any(String),
    });
    expect(JSON.parse(answer.body)).toMatchObject({
      status,
      code: expect.any(String),
      request_id: answer.headers['x-request-id'],
    });
  });
});

it('only the docs page may run a script', async () => {
  for (const [path, mayRun] of [
    ['/docs', true],
    ['/docs/swagger-ui-init.js', true],
    ['/', false],
    ['/docsx', false],
    ['/v1/docs', false],
    ['/openapi.json', false],
  ] as const) {
    const { headers } = await service.call('GET', path);
    const policy = String(headers['content-security-policy']);
    expect([path, policy.includes('script-src')]).toEqual([path, mayRun]);
    if (!mayRun) expect(policy).toMatch(nothingRuns['content-security-policy']);
  }
});
