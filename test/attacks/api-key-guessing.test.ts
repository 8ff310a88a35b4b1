/**
 * Guessing API keys, and what guessers do not to be counted: another spelling of their address, a forged
 * header, one of their billions of IPv6 addresses, hanging up before the answer. And the other side of it:
 * nobody may spend another's share.
 */
import { promisify } from 'node:util';
import fc from 'fast-check';
import { newApiKey } from '../../src/applications/api-key.js';
import { ApplicationsRepository } from '../../src/applications/applications.repository.js';
import { addressBucket } from '../../src/applications/client-address.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { listen, open } from '../support/raw-socket.js';

const SHARE = 5;

let service: TestApplication;
let behindProxy: TestApplication;

beforeAll(async () => {
  const environment = { WATCHWORD_RATE_PER_ADDRESS: String(SHARE) };
  service = await startApplication({ environment });
  behindProxy = await startApplication({
    environment: { ...environment, WATCHWORD_TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8:ffff::/48' },
  });
});
afterAll(async () => {
  await service.close();
  await behindProxy.close();
});

/** A request with a wrong key, or with the one given. */
const ask = (
  remoteAddress: string,
  { from = service, key = newApiKey(), headers = {}, path = '/v1/users/x/factors' } = {},
) =>
  from.app.inject({
    method: 'GET',
    url: path,
    remoteAddress,
    headers: { authorization: `Bearer ${key}`, ...headers },
  });

const statuses = async (addresses: readonly string[]) => {
  const seen: number[] = [];
  for (const address of addresses) seen.push((await ask(address)).statusCode);
  return seen;
};

/** Uses up the share of an address. */
const spend = async (address: string) => {
  for (let n = 0; n <= SHARE; n++) await ask(address);
};

it('S37: after its share an address is told when to come back, right key or wrong', async () => {
  await spend('192.0.2.1');
  const answers = [
    await ask('192.0.2.1'),
    // Right, but never seen here: telling it from a wrong one would take a question to the database.
    await ask('192.0.2.1', { key: (await service.register('new')).key }),
    await ask('192.0.2.1', { key: '' }),
    await ask('192.0.2.1', { path: '/nothing' }),
  ];
  for (const { statusCode, headers, json } of answers) {
    expect(statusCode).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(json()).toMatchObject({
      code: 'rate_limited',
      retry_after: Number(headers['retry-after']),
    });
  }
  expect(await statuses(['192.0.2.2', '2001:db8::1'])).toEqual([401, 401]);
});

it('S37: no unknown key from a spent address comes as far as the database', async () => {
  await spend('192.0.2.10');
  const lookups = jest.spyOn(service.app.get(ApplicationsRepository), 'findHolder');
  for (let n = 0; n < 20; n++) await ask('192.0.2.10');
  expect(lookups).not.toHaveBeenCalled();
  await ask('192.0.2.11');
  expect(lookups).toHaveBeenCalledTimes(1);
  lookups.mockRestore();
});

it('S37: only what nobody vouched for is counted', async () => {
  const { key } = service.first;
  for (let n = 0; n < SHARE * 4; n++)
    expect((await ask('192.0.2.20', { key })).statusCode).toBe(200);
  // What an accepted key may not do, or asks wrongly, still counts against the application alone.
  for (let n = 0; n < SHARE * 4; n++) await ask('192.0.2.20', { key, path: '/v1/factors/x' });
  expect((await ask('192.0.2.20')).statusCode).toBe(401);
});

it('S37: a service that shares its address with a guesser goes on, and so does its monitoring', async () => {
  const { key } = service.first;
  await ask('192.0.2.30', { key });
  await spend('192.0.2.30');
  expect((await ask('192.0.2.30')).statusCode).toBe(429);
  expect((await ask('192.0.2.30', { key })).statusCode).toBe(200);
  for (const path of ['/health/live', '/health/ready', '/metrics'])
    expect((await ask('192.0.2.30', { path })).statusCode).toBe(200);
});

it.each([
  ['IPv4 in IPv6', ['192.0.2.40', '::ffff:192.0.2.40', '::FFFF:c000:0228']],
  ['one customer’s IPv6', ['2001:db8:40::1', '2001:db8:40::2', '2001:DB8:40:0:ffff::9']],
  ['an address with a zone', ['fe80::1%eth0', 'fe80::1%eth1', 'fe80::1']],
])('S37: %s is one address', async (_name, [first = '', ...others]) => {
  await spend(first);
  expect(await statuses([first, ...others])).toEqual([429, ...others.map(() => 429)]);
});

it('S37: neighbours are not one address', async () => {
  await spend('192.0.2.50');
  await spend('2001:db8:50::1');
  expect(await statuses(['192.0.2.51', '2001:db8:50:1::1', '::c000:0232'])).toEqual([
    401, 401, 401,
  ]);
});

it('S37: any IPv6 address is in the bucket of its /64, and in no other', () => {
  const group = fc.nat({ max: 0xffff }).map((n) => n.toString(16));
  const four = fc.tuple(group, group, group, group).map((groups) => groups.join(':'));
  fc.assert(
    fc.property(four, four, four, four, (network, other, host, neighbour) => {
      const bucket = addressBucket(`${network}:${host}`);
      fc.pre(!`${network}:${host}`.startsWith('0:0:0:0:'));
      expect(addressBucket(`${network}:${neighbour}`)).toBe(bucket);
      expect(addressBucket(`${network}:${host}`.toUpperCase())).toBe(bucket);
      expect(addressBucket(`${other}:${host}`) === bucket).toBe(other === network);
    }),
  );
});

it('S37: no text makes the bucket fail', () => {
  const text = fc.string({
    unit: fc.constantFrom(...'0123456789abcdef:.%/[]-gx '.split(/(?:)/)),
    maxLength: 50,
  });
  fc.assert(fc.property(text, (address) => expect(addressBucket(address)).not.toBe('')));
});

const forwarding = (name: string, value: string) => ({ headers: { [name]: value } });

it.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip'])(
  'S37: without a configured proxy %s neither hides the guesser nor spends another’s share',
  async (name) => {
    const guesser = `198.51.100.${name.length}`;
    const victim = `203.0.113.${name.length}`;
    const value = (address: string) => (name === 'forwarded' ? `for=${address}` : address);
    for (let n = 0; n <= SHARE; n++)
      await ask(guesser, forwarding(name, value(n % 2 ? victim : `203.0.113.${n + 100}`)));
    expect((await ask(guesser, forwarding(name, value('203.0.113.99')))).statusCode).toBe(429);
    expect((await ask(victim)).statusCode).toBe(401);
  },
);

describe('behind a configured proxy', () => {
  const through = (proxy: string, list: string) =>
    ask(proxy, { from: behindProxy, ...forwarding('x-forwarded-for', list) });
  const spendThrough = async (proxy: string, list: string) => {
    for (let n = 0; n <= SHARE; n++) await through(proxy, list);
  };

  it('S37: the client counts, whichever of the proxies it came through', async () => {
    await spendThrough('10.0.0.1', '203.0.113.1');
    expect((await through('10.99.0.1', '203.0.113.1')).statusCode).toBe(429);
    expect((await through('2001:db8:ffff::1', '::ffff:203.0.113.1')).statusCode).toBe(429);
    expect((await through('10.0.0.1', '203.0.113.2')).statusCode).toBe(401);
  });

  it('S37: what the client wrote into the header itself is not believed', async () => {
    for (let n = 0; n <= SHARE; n++)
      await through('10.0.0.1', `192.0.2.${n}, 10.0.0.${n}, 203.0.113.3`);
    expect((await through('10.0.0.1', '192.0.2.77, 203.0.113.3')).statusCode).toBe(429);
    expect((await through('10.0.0.1', '192.0.2.1')).statusCode).toBe(401);
  });

  it('S37: a chain of configured proxies is followed to its end', async () => {
    await spendThrough('10.0.0.1', '203.0.113.4, 10.2.2.2, 2001:db8:ffff::9');
    expect((await through('10.0.0.1', '203.0.113.4')).statusCode).toBe(429);
  });

  it('S37: somebody who is no proxy is not believed to be one', async () => {
    await spendThrough('198.51.100.200', '203.0.113.5');
    expect((await through('198.51.100.200', '203.0.113.6')).statusCode).toBe(429);
    expect((await through('10.0.0.1', '203.0.113.5')).statusCode).toBe(401);
  });

  it.each([
    '',
    ',',
    'unknown',
    '_hidden',
    '203.0.113.7:4711',
    '[2001:db8::7]:443',
    'a'.repeat(5000),
  ])('S37: a list of %p makes nothing fail', async (list) => {
    expect([401, 429]).toContain((await through('10.0.0.1', list)).statusCode);
  });
});

it('S37: hanging up before the answer does not go uncounted', async () => {
  const port = await listen(service);
  const server = service.app.getHttpServer();
  const connections = promisify(server.getConnections.bind(server));
  const repository = service.app.get(ApplicationsRepository);
  for (let n = 0; n <= SHARE; n++) {
    let answerLookup: (holder: undefined) => void = () => undefined;
    const lookup = new Promise<undefined>((resolve) => (answerLookup = resolve));
    const asked = new Promise<void>((resolve) => {
      jest.spyOn(repository, 'findHolder').mockImplementationOnce(() => {
        resolve();
        return lookup;
      });
    });
    const socket = await open(port);
    socket.write(
      `GET /v1/users/x/factors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${newApiKey()}\r\n\r\n`,
    );
    await asked;
    socket.resetAndDestroy();
    while ((await connections()) > 0) await new Promise((resolve) => setImmediate(resolve));
    answerLookup(undefined);
    await new Promise((resolve) => setImmediate(resolve));
  }
  jest.restoreAllMocks();
  expect((await ask('127.0.0.1')).statusCode).toBe(429);
});
