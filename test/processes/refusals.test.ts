/** What a start refuses, and that a refused start leaves nothing behind that the next one would miss. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { Keyring } from '../../src/crypto/keyring.js';
import {
  freePort,
  installation,
  runStart,
  startProcess,
  until,
} from '../support/service-process.js';

it('names everything that is wrong with the configuration at once, and no value', async () => {
  const { code, stderr, stdout } = await runStart({
    WATCHWORD_PORT: '70000',
    WATCHWORD_PUBLIC_URL: 'ftp://unlikely-host',
    WATCHWORD_DATABASE_URL: 'mysql://root:unlikely-password@localhost/x',
    WATCHWORD_BOOTSTRAP_API_KEY: 'unlikely-key',
    WATCHWORD_LOG_LEVEL: 'loud',
  });
  expect(code).toBe(1);
  for (const name of ['PORT', 'PUBLIC_URL', 'DATABASE_URL', 'BOOTSTRAP_API_KEY', 'LOG_LEVEL'])
    expect(stderr).toContain(`WATCHWORD_${name}:`);
  // S114
  expect(stderr + stdout).not.toContain('unlikely');
}, 30_000);

it('asks for encryption keys with PostgreSQL', async () => {
  const { code, stderr } = await runStart({ WATCHWORD_DATABASE_URL: 'postgresql://localhost/x' });
  expect([code, stderr]).toEqual([1, expect.stringContaining('WATCHWORD_ENCRYPTION_KEYS')]);
}, 30_000);

it('says that the port is taken, and the first key is still to come', async () => {
  const { WATCHWORD_BOOTSTRAP_API_KEY: _none, ...environment } = await installation();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address ? String(address.port) : '';
  const refused = await runStart({ ...environment, WATCHWORD_PORT: port });
  other.close();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('The port is taken');
  expect(refused.stdout).not.toContain('ww_');

  const service = await startProcess({ ...environment, WATCHWORD_PORT: port });
  await until(() => Promise.resolve(service.output().includes('ww_')));
  const key = /ww_[A-Za-z0-9_-]{43}/.exec(service.output())?.[0];
  const headers = { authorization: `Bearer ${key ?? ''}` };
  expect((await service.call('GET', '/v1/audit', undefined, headers)).status).toBe(200);
  await service.end('SIGTERM');
}, 60_000);

it('refuses other encryption keys than those in use, by name', async () => {
  const environment = await installation();
  await (await startProcess(environment)).end('SIGTERM');
  const { code, stderr } = await runStart({
    ...environment,
    WATCHWORD_PORT: String(await freePort()),
    WATCHWORD_ENCRYPTION_KEYS: Keyring.generate(),
  });
  expect([code, stderr]).toEqual([1, expect.stringContaining('WATCHWORD_ENCRYPTION_KEYS')]);
}, 60_000);

it('serves the page of the API with all its parts', async () => {
  const service = await startProcess(await installation());
  const { body } = await service.call('GET', '/docs');
  const parts = [...String(body).matchAll(/(?:src|href)="(\.[^"]+)"/g)].map(([, path]) => path);
  expect(parts.length).toBeGreaterThan(2);
  for (const part of parts) {
    const { pathname } = new URL(part ?? '', `${service.url}/docs`);
    expect([pathname, (await service.call('GET', pathname)).status]).toEqual([pathname, 200]);
  }
  // The bundle describes what the modules do.
  const { body: document } = await service.call('GET', '/openapi.json');
  expect(document).toEqual(
    JSON.parse(await readFile(join(__dirname, '../../openapi.json'), 'utf8')),
  );
  const { body: keys } = await service.call('GET', '/.well-known/jwks.json');
  expect(keys.keys).toHaveLength(1);
  await service.end('SIGTERM');
}, 60_000);
