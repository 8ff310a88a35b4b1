/**
 * Another spelling of a path. Routers fold case, slashes, dots and escapes; a check that compares paths
 * does not, and four published holes of NestJS on Fastify came from that. Here the check stands before the
 * handler, so whatever spelling arrives at a handler has been asked for its key.
 */
import fc from 'fast-check';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { exchange, listen, readAnswer } from '../support/raw-socket.js';

let service: TestApplication;
let port: number;
let app: Authenticator;

beforeAll(async () => {
  service = await startApplication({ environment: { WATCHWORD_RATE_PER_ADDRESS: '1000000' } });
  port = await listen(service);
  app = await enrol(service, 'ada');
});
afterAll(() => service.close());

const open = (method: string, path: string, headers?: Record<string, string>) =>
  service.call(method, path, undefined, { key: '', ...(headers && { headers }) });

/** Protected paths and what the spellings of each begin from. */
const paths = () => ['/v1/audit', '/v1/users/ada/factors', `/v1/factors/${app.factorId}`];

const spellings = (path: string) => {
  const [, first = '', ...rest] = path.split('/');
  const tail = rest.join('/');
  return [
    path,
    `${path}/`,
    `${path}//`,
    `/${path}`,
    `//x${path}`,
    `/${first}//${tail}`,
    `/./${first}/${tail}`,
    `/${first}/./${tail}`,
    `/${first}/x/../${tail}`,
    `/x/..${path}`,
    `/docs/..${path}`,
    `/docs/..;${path}`,
    `/health/live/../..${path}`,
    `/health/live;${path}`,
    `/.well-known/jwks.json/../..${path}`,
    `/%2e%2e${path}`,
    `/docs/%2e%2e${path}`,
    `/docs/..%2f${path.slice(1)}`,
    `/docs/..%5c${path.slice(1)}`,
    `\\${first}\\${tail}`,
    `/${first}\\${tail}`,
    `/${first}%2f${tail}`,
    `/${first}%5c${tail}`,
    `/%76${path.slice(2)}`,
    `/%2576${path.slice(2)}`,
    path.toUpperCase(),
    `/V1/${tail}`,
    `${path};`,
    `${path};jsessionid=1`,
    `${path}.json`,
    `${path}%00`,
    `${path}%00.css`,
    `${path}%20`,
    `${path}%0a`,
    `${path}%0d%0aAuthorization:%20Bearer%20${service.first.key}`,
    `${path}?`,
    `${path}?/health/live`,
    `${path}?api_key=${service.first.key}`,
    `${path}?access_token=${service.first.key}`,
    `${path}#/health/live`,
    `${path}%23`,
    `${path}%3f`,
    `/ｖ1/${tail}`,
    `/v%31/${tail}`,
    `/${first}/${tail}%ef%bc%8f`,
  ];
};

const refusals = [400, 401, 404, 414];

it('S119: no spelling of a path gives anything without a key, whatever the method', async () => {
  const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'];
  const passed: unknown[] = [];
  for (const path of paths().flatMap(spellings))
    for (const method of methods) {
      const { status, text } = await open(method, path);
      if (!refusals.includes(status) || text.includes(app.factorId))
        passed.push([method, path, status]);
    }
  expect(passed).toEqual([]);
  expect((await service.call('GET', `/v1/factors/${app.factorId}`)).body.status).toBe('active');
});

it('S119: every route of the API asks for a key, HEAD too', async () => {
  const { paths: documented } = (await service.call('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(documented)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, item]) =>
      Object.keys(item).flatMap((method) => {
        const address = path.replace(/\{\w+\}/g, 'x');
        return method === 'get'
          ? [
              ['GET', address],
              ['HEAD', address],
            ]
          : [[method, address]];
      }),
    );
  expect(routes.length).toBeGreaterThan(12);
  for (const [method = '', path = ''] of routes)
    expect([method, path, (await open(method.toUpperCase(), path)).status]).toEqual([
      method,
      path,
      401,
    ]);
});

it.each(['ww_', 'ww_short', `ww_${'a'.repeat(43)}`, 'ww_ü', `ww_${'a'.repeat(500)}`])(
  'S107: %p is no key',
  async (key) => {
    const answer = await service.call('GET', '/v1/audit', undefined, { key });
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
  },
);

it('S119: the spellings do name the route: with a key some of them arrive', async () => {
  const answers = await Promise.all(
    spellings('/v1/audit').map((path) => service.call('GET', path)),
  );
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(2);
});

it('S119: random spellings give nothing without a key', async () => {
  const part = fc.constantFrom(
    ...['v1', 'V1', 'audit', 'users', 'ada', 'factors', 'docs', 'health', 'live', '.well-known'],
    ...['/', '//', '.', '..', ';', '%2f', '%2e', '%00', '%', '%5c', '?', '#', '*', ':id', '@', '~'],
  );
  const path = fc.array(part, { maxLength: 8 }).map((parts) => `/${parts.join('')}`);
  await fc.assert(
    fc.asyncProperty(path, async (spelling) => {
      const { status, text } = await open('GET', spelling);
      // Some of them are spellings of an open page.
      expect([200, 301, 302, ...refusals]).toContain(status);
      expect(text).not.toMatch(/aud_|fac_[0-9a-z]{26}/);
    }),
    { numRuns: 500 },
  );
});

it.each([
  ['x-http-method-override', 'GET'],
  ['x-http-method', 'GET'],
  ['x-method-override', 'GET'],
  ['x-original-url', '/health/live'],
  ['x-rewrite-url', '/health/live'],
  ['x-forwarded-path', '/health/live'],
  ['x-forwarded-prefix', '/docs'],
  ['x-forwarded-for', '127.0.0.1'],
  ['x-forwarded-host', 'localhost'],
  ['x-real-ip', '127.0.0.1'],
  ['x-forwarded-user', 'admin'],
  ['x-api-key', 'ww_admin'],
  ['forwarded', 'for=127.0.0.1;host=localhost'],
  ['host', 'localhost'],
  ['origin', 'https://mfa.example'],
  ['cookie', 'session=1'],
])('S119: the header %s: %s opens nothing', async (name, value) => {
  for (const method of ['GET', 'HEAD', 'POST', 'DELETE'])
    for (const path of ['/v1/audit', '/v1/users/ada/factors'])
      expect([401, 404]).toContain((await open(method, path, { [name]: value })).status);
});

it('S119: a method is not overridden by a header or by a member', async () => {
  const headers = { 'x-http-method-override': 'DELETE' };
  await service.call('GET', `/v1/factors/${app.factorId}?_method=DELETE`, undefined, { headers });
  await service.call('POST', `/v1/factors/${app.factorId}`, { _method: 'DELETE' }, { headers });
  expect((await service.call('GET', `/v1/factors/${app.factorId}`)).body.status).toBe('active');
});

it.each([
  'Bearer',
  'Bearer ',
  'Bearer  KEY',
  'Bearer\tKEY',
  'Bearer KEY ',
  'Bearer KEY x',
  'Bearer KEY,KEY',
  'Bearer "KEY"',
  'BearerKEY',
  'Basic KEY',
  'Token KEY',
  'KEY',
  'Bearer Bearer KEY',
])('S119: Authorization %p is no key', async (spelling) => {
  const authorization = spelling.replaceAll('KEY', service.first.key);
  const { status, headers } = await open('GET', '/v1/audit', { authorization });
  // The HTTP parser takes blanks off both ends of a value; inject does not.
  expect(status).toBe(401);
  const [scheme] = spelling.split(' ');
  expect(headers['www-authenticate']).toContain(scheme === 'Basic' ? 'Basic' : 'Bearer');
});

it('S119: what only a raw socket can say opens nothing', async () => {
  const requests = [
    'GET http://x/v1/audit HTTP/1.1',
    'GET //x/v1/audit HTTP/1.1',
    'GET /v1/audit HTTP/1.0',
    'GET v1/audit HTTP/1.1',
    'GET * HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET /v1/aud\u00edt HTTP/1.1',
    'GET /v1/audit\t HTTP/1.1',
    'get /v1/audit HTTP/1.1',
    'GET /v1/audit',
    'CONNECT /v1/audit HTTP/1.1',
    'GET /docs HTTP/1.1\r\nContent-Length: 0\r\nTransfer-Encoding: chunked',
  ];
  for (const line of requests) {
    const bytes = Buffer.from(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`, 'latin1');
    const text = await exchange(port, bytes);
    if (text === '') continue;
    expect(refusals).toContain(readAnswer(text).status);
  }
});

it('S119: a second request hidden in the body of the first is not run', async () => {
  const hidden = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
  const bytes = `POST /v1/challenges HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`;
  const text = await exchange(port, bytes);
  expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
});
