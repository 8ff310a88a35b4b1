/** API keys: what each scope opens, how they are kept, and how they end. */
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { hashApiKey, scopes } from '../../src/applications/api-key.js';
import { CALLER_KEPT_MS } from '../../src/applications/callers.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { factor, openRoutes, pathOf, routes } from '../support/routes.js';

let service: TestApplication;
let applications: ApplicationsService;

beforeAll(async () => {
  service = await startApplication();
  applications = service.app.get(ApplicationsService);
});
afterAll(() => service.close());

it('S108: the table has every route that the service describes', async () => {
  const { body } = await service.call('GET', '/openapi.json', undefined, { key: '' });
  const described = Object.entries(body.paths as Record<string, object>)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`));
  const listed = routes.map(([method, path]) => pathOf(method, path));
  expect([...listed, ...openRoutes].sort()).toEqual(described.sort());
});

it.each(scopes)('S108: a key of the scope %s opens its routes and no other', async (scope) => {
  const { key } = await service.register('scopes', `only ${scope}`, { scopes: [scope] });
  for (const [method, path, body, allowed] of routes) {
    const answer = await service.call(method, path, body, { key });
    if (allowed.includes(scope)) {
      expect([path, [401, 403].includes(answer.status)]).toEqual([path, false]);
      expect(answer.status).toBeLessThan(500);
    } else {
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.body).toMatchObject({ code: 'scope_missing', scopes: allowed });
    }
  }
});

it('S108: a key of two scopes opens the routes of both', async () => {
  const { key } = await service.register('scopes', 'two', { scopes: ['verify', 'enrol'] });
  for (const [method, path, body, allowed] of routes)
    expect((await service.call(method, path, body, { key })).status === 403).toBe(
      !allowed.includes('verify') && !allowed.includes('enrol'),
    );
});

it('S108: without a key every route is closed, and asks for one', async () => {
  const { key } = service.first;
  const wrong = [
    '',
    'Bearer',
    `Bearer ${key.slice(0, -1)}`,
    `Bearer ${key}x`,
    `Bearer ${key.toUpperCase()}`,
    `Bearer ${key} x`,
    `Bearer ww_${'a'.repeat(43)}`,
    key,
  ];
  for (const [method, path, body] of routes)
    for (const authorization of wrong.slice(0, path === factor ? wrong.length : 2)) {
      const answer = await service.call(method, path, body, {
        key: '',
        headers: { ...(authorization && { authorization }) },
      });
      expect([path, answer.status, answer.body.code]).toEqual([path, 401, 'unauthenticated']);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="watchword"');
    }
});

it('S103: a key in the query opens nothing', async () => {
  for (const name of ['access_token', 'api_key', 'key', 'token']) {
    const path = `/v1/users/x/factors?${name}=${service.first.key}`;
    expect((await service.call('GET', path, undefined, { key: '' })).status).toBe(401);
  }
});

it('S107: keys have 256 random bits, a prefix that scanners know, and only a hash at rest', async () => {
  const { key, application } = await service.register('at rest', 'app');
  const { key: another } = await service.register('at rest', 'other');
  expect(key).toMatch(/^ww_[A-Za-z0-9_-]{43}$/);
  expect(another).not.toBe(key);
  const row = await service.database.kysely
    .selectFrom('api_keys')
    .selectAll()
    .where('application_id', '=', application.id)
    .executeTakeFirstOrThrow();
  expect(Buffer.from(row.hash).toString('base64')).toBe(hashApiKey(key));
  const { hash, ...others } = row;
  expect(hash).toHaveLength(32);
  expect(JSON.stringify(others)).not.toContain(key.slice(9));
  expect(row.hint).toBe(`${key.slice(0, 9)}…`);
});

it('S107: two keys live side by side, and not a third, even at once', async () => {
  const { application, key } = await service.register('rotation', 'app', { scopes: ['verify'] });
  const made = await Promise.allSettled(
    [1, 2, 3, 4].map(() => applications.createKey(application.id, ['verify'])),
  );
  const issued = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(issued).toHaveLength(1);
  for (const one of made)
    if (one.status === 'rejected') expect(String(one.reason)).toContain('2 live keys');
  for (const live of [key, issued[0]?.key]) {
    const answer = await service.call('GET', '/v1/users/x/factors', undefined, { key: live });
    expect(answer.status).toBe(200);
  }
  const [old] = await applications.listKeys(application.id);
  await applications.revokeKey(old?.id ?? '');
  await applications.createKey(application.id, ['verify']);
  await expect(applications.revokeKey(old?.id ?? '')).rejects.toThrow('No live key');
});

it('S107: a revoked key is refused after five seconds at most, and stays so', async () => {
  const { application, key } = await service.register('revoked', 'app');
  const read = async () =>
    (await service.call('GET', '/v1/users/x/factors', undefined, { key })).status;
  expect(await read()).toBe(200);
  const [old] = await applications.listKeys(application.id);
  await applications.revokeKey(old?.id ?? '');
  service.clock.advance(CALLER_KEPT_MS / 1000);
  expect(CALLER_KEPT_MS).toBeLessThanOrEqual(5_000);
  expect(await read()).toBe(401);
  // S127: nor does a clock that is set back revive it.
  service.clock.advance(-3600);
  expect(await read()).toBe(401);
  service.clock.advance(7200);
  expect(await read()).toBe(401);
});

it('S127: a clock that is set back keeps no revoked key alive', async () => {
  const { application, key } = await service.register('revoked', 'clock');
  const read = async () =>
    (await service.call('GET', '/v1/users/x/factors', undefined, { key })).status;
  expect(await read()).toBe(200);
  const [old] = await applications.listKeys(application.id);
  await applications.revokeKey(old?.id ?? '');
  service.clock.advance(-3600);
  expect(await read()).toBe(401);
  service.clock.advance(3600);
});

it('notes when a key was last used, to the minute', async () => {
  service.clock.advance(3600);
  const { application, key } = await service.register('used', 'app');
  const use = () => service.call('GET', '/v1/users/x/factors', undefined, { key });
  const [unused] = await applications.listKeys(application.id);
  expect(unused?.lastUsedAt).toBeNull();
  const first = service.clock.now().getTime();
  await use();
  service.clock.advance(61);
  await use();
  const second = service.clock.now().getTime();
  // It is written beside the request, which does not wait for it.
  const written = async () => (await applications.listKeys(application.id))[0]?.lastUsedAt;
  for (let n = 0; n < 1000 && (await written())?.getTime() !== second; n++)
    await new Promise(setImmediate);
  expect((await written())?.getTime()).toBe(second);
  expect(second).toBeGreaterThan(first);
});
