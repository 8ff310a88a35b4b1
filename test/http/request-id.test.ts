/** Whose request a line of the log is about: the caller's own id or trace where that is harmless (S115). */
import fc from 'fast-check';
import { startApplication, type TestApplication } from '../support/application.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication();
});
afterAll(() => service.close());

let users = 0;
/** A wrong code of a new user each time, so that none is locked out. */
const ask = (headers: Record<string, string>) =>
  service.call('POST', `/v1/users/user-${++users}/verify`, { code: '000000' }, { headers });

/** What was logged since a moment that is an index into the lines. */
const loggedSince = (from: number) =>
  service.logged.slice(from).map((line) => JSON.parse(line) as Record<string, unknown>);

it.each(['a', 'trace-7.A_b', '0af7651916cd43dd8448eb211c80319c', 'x'.repeat(64)])(
  'takes the caller’s X-Request-Id %p into answer, problem, log and audit',
  async (id) => {
    const from = service.logged.length;
    const answer = await ask({ 'x-request-id': id });
    expect(answer.headers['x-request-id']).toBe(id);
    expect(answer.body.request_id).toBe(id);
    expect(loggedSince(from).some(({ reqId }) => reqId === id)).toBe(true);
    const { data } = (await service.call('GET', `/v1/audit?user_id=user-${users}`)).body as {
      data: { request_id: string }[];
    };
    expect(data.map(({ request_id }) => request_id)).toContain(id);
  },
);

it.each([
  '',
  ' ',
  'a b',
  '-a',
  'a\tb',
  '"',
  '\u001b[31mred',
  '{"level":60}',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  'x'.repeat(65),
  'x'.repeat(10_000),
  'é',
  'a,b',
])('S115: X-Request-Id %p is replaced', async (id) => {
  const answer = await ask({ 'x-request-id': id });
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  expect(answer.body.request_id).toBe(answer.headers['x-request-id']);
});

it('S115: no header value comes back or breaks a line', async () => {
  const printable = fc.string({
    unit: fc.integer({ min: 32, max: 255 }).map((n) => String.fromCharCode(n)),
  });
  await fc.assert(
    fc.asyncProperty(printable, async (value) => {
      const from = service.logged.length;
      const answer = await ask({ 'x-request-id': value, traceparent: value });
      expect(String(answer.headers['x-request-id'])).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
      for (const line of service.logged.slice(from)) expect(line.trimEnd()).not.toMatch(/[\n\r]/);
      for (const { traceId } of loggedSince(from)) expect(traceId).toBeUndefined();
    }),
    { numRuns: 100 },
  );
});

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

it('joins the log to the caller’s trace', async () => {
  const from = service.logged.length;
  await ask({ traceparent: `00-${trace}-00f067aa0ba902b7-01` });
  expect(loggedSince(from).every(({ traceId }) => traceId === trace)).toBe(true);
  expect(loggedSince(from).length).toBeGreaterThan(0);
});

it.each([
  ['no trace', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
  ['no parent', `00-${trace}-${'0'.repeat(16)}-01`],
  ['the version that is never used', `ff-${trace}-00f067aa0ba902b7-01`],
  ['upper case', `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`],
  ['something behind it', `00-${trace}-00f067aa0ba902b7-01-extra`],
  ['two in one', `00-${trace}-00f067aa0ba902b7-01, 00-${trace}-00f067aa0ba902b7-01`],
  ['a trace that is too short', `00-${trace.slice(1)}-00f067aa0ba902b7-01`],
  ['quotes', `00-"${trace.slice(2)}"-00f067aa0ba902b7-01`],
  ['much', `00-${trace.repeat(100)}-00f067aa0ba902b7-01`],
])('S115: a traceparent with %s is left alone', async (_name, traceparent) => {
  const from = service.logged.length;
  expect((await ask({ traceparent })).status).toBe(422);
  for (const { traceId } of loggedSince(from)) expect(traceId).toBeUndefined();
});
