/**
 * Slowloris: connections that say a little now and then, or nothing, until the server has no room for
 * anybody else. Headers and bodies have their time, and whoever does not use it is told 408 and cut off.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Server } from 'node:http';
import { startApplication, type TestApplication } from '../support/application.js';
import { listen, open, readAnswer, untilClosed } from '../support/raw-socket.js';

let service: TestApplication;
let port: number;
let bounds: Pick<Server, 'headersTimeout' | 'requestTimeout' | 'keepAliveTimeout'>;

beforeAll(async () => {
  service = await startApplication();
  port = await listen(service);
  const server = service.app.getHttpServer();
  const { headersTimeout, requestTimeout, keepAliveTimeout } = server;
  bounds = { headersTimeout, requestTimeout, keepAliveTimeout };
  // Node reads both each second; shorter ones make the same thing happen sooner.
  server.headersTimeout = 100;
  server.requestTimeout = 200;
});
afterAll(() => service.close());

/** Sends the parts, one each few milliseconds, until the server closes the connection. */
async function dribble(start: string, part: string): Promise<string> {
  const socket = await open(port);
  const closed = untilClosed(socket);
  socket.write(start);
  while (!socket.closed) {
    if (part !== '' && socket.writable) socket.write(part);
    await Promise.race([wait(20), closed]);
  }
  return closed;
}

it('S122: the bounds are ten seconds for a request and less for its headers', () => {
  expect(bounds.headersTimeout).toBeLessThan(bounds.requestTimeout);
  expect(bounds.requestTimeout).toBeLessThanOrEqual(10_000);
  expect(bounds.headersTimeout).toBeGreaterThan(0);
  // Longer than a load balancer keeps its own side, so that it never meets a closed connection.
  expect(bounds.keepAliveTimeout).toBeGreaterThan(60_000);
});

const authorised = () =>
  `POST /v1/users/eve/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${service.first.key}\r\n` +
  'Content-Type: application/json\r\n';

it.each([
  ['nothing at all', () => '', ''],
  ['half a request line', () => 'GET /hea', ''],
  ['a header now and then', () => 'GET / HTTP/1.1\r\n', 'X: y\r\n'],
  ['a header a letter at a time', () => 'GET / HTTP/1.1\r\nX: ', 'y'],
  ['a body a byte at a time', () => `${authorised()}Content-Length: 60000\r\n\r\n`, ' '],
  ['a body that never comes', () => `${authorised()}Content-Length: 10\r\n\r\n`, ''],
  ['chunks one at a time', () => `${authorised()}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
])('S122: %s is cut off with 408', async (_name, start, part) => {
  const { status, headers, body } = readAnswer(await dribble(start(), part));
  expect(status).toBe(408);
  expect(headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    connection: 'close',
    'x-frame-options': 'DENY',
  });
  expect(JSON.parse(body)).toMatchObject({ code: 'request_timeout', status: 408 });
});

it('S122: many of them keep nobody else out, and all of them end', async () => {
  const slow = Array.from({ length: 200 }, () => dribble('GET / HTTP/1.1\r\n', 'X: y\r\n'));
  const { status } = await fetch(`http://127.0.0.1:${port}/health/live`);
  expect(status).toBe(200);
  for (const text of await Promise.all(slow)) expect(readAnswer(text).status).toBe(408);
});

it('S122: a body that was cut off has charged nobody an attempt', async () => {
  const rows = await service.database.kysely
    .selectFrom('attempt_budgets')
    .selectAll()
    .where('user_id', '=', 'eve')
    .execute();
  expect(rows).toEqual([]);
});

it('S120: whoever goes away in the middle of a body harms nobody', async () => {
  const socket = await open(port);
  const closed = untilClosed(socket);
  socket.write(`${authorised()}Content-Length: 100\r\n\r\n{"code"`, () => socket.destroy());
  await closed;
  const { status } = await fetch(`http://127.0.0.1:${port}/health/ready`);
  expect(status).toBe(200);
  // Nor does it sound the alarm: a client's broken connection is neither our failure nor the database's.
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(text).not.toMatch(/code="(internal|storage_unavailable)"/);
  const alarms = service.logged.filter((line) => line.includes('"level":50'));
  expect(alarms).toEqual([]);
});
