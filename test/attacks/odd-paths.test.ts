/**
 * A path, a method or a header that reaches a handler past its guard. Four times a framework's middleware
 * was passed by another spelling of the path; here each handler has the guard itself.
 */
import { startApplication, type TestApplication } from '../support/application.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

const spellings = [
  '/v1/audit',
  '//v1/audit',
  '/v1//audit',
  '/v1/./audit',
  '/v1/x/../audit',
  '/v1/audit/',
  '/V1/AUDIT',
  '/v1/audit;x=1',
  '/v1/audit%2f',
  '/v1%2faudit',
  '/v1/audit%00',
  '/v1/audit%20',
  '/v1/audit?',
  '/v1/audit#',
  '/docs/../v1/audit',
  '/health/../v1/audit',
  '/.well-known/../v1/audit',
];

it.each(spellings)('S119: %s gives nothing without a key', async (path) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'TRACE'])
    expect((await service.call(method, path, undefined, { key: '' })).status).toBeGreaterThan(399);
});

it('S119: headers that ask for another method or path change nothing', async () => {
  const headers = {
    'x-http-method-override': 'GET',
    'x-original-url': '/health/live',
    'x-rewrite-url': '/health/live',
    'x-forwarded-prefix': '/docs',
  };
  const { status } = await service.call('GET', '/v1/audit', undefined, { key: '', headers });
  expect(status).toBe(401);
});

it('S119: every route of the API asks for a key, HEAD too', async () => {
  const document = (await service.call('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map(
      (method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, 'x')] as const,
    ),
  );
  const ofApi = routes.filter(([, path]) => path.startsWith('/v1/'));
  expect(ofApi.length).toBeGreaterThan(12);
  for (const [method, path] of ofApi) {
    expect((await service.call(method, path, undefined, { key: '' })).status).toBe(401);
    if (method === 'GET')
      expect((await service.call('HEAD', path, undefined, { key: '' })).status).toBe(401);
  }
});

it.each(['ww_', 'ww_short', 'Basic abc', `ww_${'a'.repeat(43)}`, 'ww_ü', `ww_${'a'.repeat(500)}`])(
  'S107: %p is no key',
  async (key) => {
    expect((await service.call('GET', '/v1/audit', undefined, { key })).body.code).toBe(
      'unauthenticated',
    );
  },
);

it('answers every error as a problem with the headers of every answer', async () => {
  for (const path of [
    '/nothing',
    '/v1/audit',
    '/v1/users/%ff/factors',
    `/v1/factors/${'x'.repeat(4000)}`,
  ]) {
    const { headers, status, body } = await service.call('GET', path, undefined, { key: '' });
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body).toMatchObject({
      status,
      code: expect.any(String),
      request_id: expect.any(String),
    });
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'referrer-policy': 'no-referrer',
    });
  }
});

it('S22: the docs page loads nothing from elsewhere and needs no inline script', async () => {
  const { text, headers } = await service.call('GET', '/docs', undefined, { key: '' });
  expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(text).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>\s*\S/);
  expect(headers['content-security-policy']).toContain("script-src 'self';");
});

it('S115: a request id or trace that could break a line is replaced', async () => {
  for (const id of ['a b', '\u001b[31m', 'x'.repeat(65), '{"a":1}', '']) {
    const headers = { 'x-request-id': id };
    const answer = await service.call('GET', '/health/live', undefined, { headers });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  }
  const headers = { 'x-request-id': 'trace-7.A_b' };
  const kept = await service.call('GET', '/health/live', undefined, { headers });
  expect(kept.headers['x-request-id']).toBe('trace-7.A_b');
});
