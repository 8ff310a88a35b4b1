/** Many requests: who is slowed down by them, and who is not. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { addressBucket } from '../../src/http/address.js';
import { startApplication, type TestApplication } from '../support/application.js';

const ask = (
  service: TestApplication,
  address: string,
  key: string,
  path = '/v1/users/x/factors',
) =>
  service.app.inject({
    method: 'GET',
    url: path,
    remoteAddress: address,
    headers: { authorization: `Bearer ${key}` },
  });

describe('guessing API keys', () => {
  let service: TestApplication;
  beforeAll(async () => {
    service = await startApplication({ environment: { WATCHWORD_RATE_PER_ADDRESS: '20' } });
  });
  afterAll(() => service.close());

  it('S37: an address that guesses is shut out, another is not, and a known caller never', async () => {
    expect((await ask(service, '10.0.0.1', service.first.key)).statusCode).toBe(200);
    const guess = (address: string) => ask(service, address, `ww_${'g'.repeat(43)}`);
    let last = await guess('10.0.0.1');
    for (let n = 0; n < 30; n++) last = await guess('10.0.0.1');
    expect(last.statusCode).toBe(429);
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect((await guess('10.0.0.2')).statusCode).toBe(401);
    expect((await guess('::ffff:10.0.0.1')).statusCode).toBe(429);
    expect((await ask(service, '10.0.0.1', service.first.key)).statusCode).toBe(200);
    expect((await ask(service, '10.0.0.1', '', '/health/ready')).statusCode).toBe(200);
  });

  it('S37: a header that names another address is not believed', async () => {
    let status = 0;
    for (let n = 0; n < 30; n++) {
      const answer = await service.app.inject({
        method: 'GET',
        url: '/v1/audit',
        remoteAddress: '10.0.0.3',
        headers: { 'x-forwarded-for': `10.9.9.${n}`, forwarded: `for=10.9.9.${n}` },
      });
      status = answer.statusCode;
    }
    expect(status).toBe(429);
  });
});

it('S37: behind a configured proxy the client’s own address counts', async () => {
  const service = await startApplication({
    environment: { WATCHWORD_RATE_PER_ADDRESS: '5', WATCHWORD_TRUSTED_PROXIES: '10.1.0.0/16' },
  });
  const from = async (client: string) =>
    (
      await service.app.inject({
        method: 'GET',
        url: '/v1/audit',
        remoteAddress: '10.1.2.3',
        headers: { 'x-forwarded-for': client },
      })
    ).statusCode;
  for (let n = 0; n < 8; n++) await from('192.0.2.1');
  expect(await from('192.0.2.1')).toBe(429);
  expect(await from('192.0.2.2')).toBe(401);
  await service.close();
});

it('S37: an address has one bucket however it is written, and IPv6 one for each /64', () => {
  expect(addressBucket('::ffff:192.0.2.7')).toBe('192.0.2.7');
  expect(addressBucket('2001:db8:0:1::1')).toBe(addressBucket('2001:0DB8:0:1:ffff::9'));
  expect(addressBucket('2001:db8:0:1::1')).not.toBe(addressBucket('2001:db8:0:2::1'));
  expect(addressBucket('not an address')).toBe('unknown');
});

it('S110: an application over its rate is told when to come back, and another is not slowed', async () => {
  const service = await startApplication({
    environment: {
      WATCHWORD_RATE_PER_APPLICATION: '10',
      WATCHWORD_CONCURRENCY_PER_APPLICATION: '4',
    },
  });
  const quiet = await service.register('quiet');
  const all = await Promise.all(
    Array.from({ length: 40 }, () => service.call('GET', '/v1/users/x/factors')),
  );
  expect(all.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(10);
  const refused = all.find(({ status }) => status === 429);
  expect(refused?.body).toMatchObject({ code: 'rate_limited', retry_after: expect.any(Number) });
  const other = { key: quiet.key };
  expect((await service.call('GET', '/v1/users/x/factors', undefined, other)).status).toBe(200);
  await service.close();
});

describe('slow and broken requests', () => {
  let service: TestApplication;
  let port: number;
  beforeAll(async () => {
    service = await startApplication();
    await service.app.listen(0, '127.0.0.1');
    port = Number(new URL(await service.app.getUrl()).port);
  });
  afterAll(() => service.close());

  const raw = (text: string) =>
    new Promise<string>((resolve) => {
      let answer = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      socket.on('data', (part) => (answer += part.toString()));
      socket.on('close', () => resolve(answer));
      socket.on('error', () => resolve(answer));
    });

  it('S122: headers and bodies that do not arrive are cut off', async () => {
    const [headers, body] = await Promise.all([
      raw('GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: '),
      raw(
        'POST /v1/challenges HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
      ),
    ]);
    expect(headers).toMatch(/^HTTP\/1.1 408/);
    expect(body).toMatch(/^HTTP\/1.1 (408|401)/);
  }, 30_000);

  it('S120: what is no HTTP, or too much of it, gets a refusal', async () => {
    expect(await raw('GARBAGE\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431/,
    );
    const answer = await raw('GET /% HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(answer).toContain('application/problem+json');
  });

  it('S120: a client that goes away in the middle harms nobody', async () => {
    await new Promise<void>((resolve) => {
      const outgoing = request({ port, method: 'POST', path: '/v1/challenges' });
      outgoing.on('error', () => resolve());
      outgoing.setHeader('content-type', 'application/json');
      outgoing.setHeader('content-length', '100');
      outgoing.write('{"user_id"', () => outgoing.destroy());
      outgoing.on('close', () => resolve());
    });
    expect((await service.call('GET', '/health/ready')).status).toBe(200);
  });
});
