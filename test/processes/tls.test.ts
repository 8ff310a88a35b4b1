/** The built service with TLS of its own, in several processes: all of it over HTTPS, and files that change. */
import { connect as connectPlainly } from 'node:net';
import { connect } from 'node:tls';
import { Authority, type Issued } from '../support/certificates.js';
import {
  freePort,
  installation,
  mainFile,
  runStart,
  until,
  watchwordJson,
  type Environment,
} from '../support/service-process.js';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { secureClient, serverCertificate, TlsFolder } from '../support/tls.js';

const WORKERS = 2;

let root: Authority;
let folder: TlsFolder;
let environment: Environment;
let port: number;
let child: ChildProcess;
let output = '';

beforeAll(async () => {
  root = await Authority.make('Root');
  const site = await serverCertificate(root);
  folder = await TlsFolder.make({
    'cert.pem': site.cert,
    'key.pem': site.key,
    'ca.pem': root.pem,
  });
  port = await freePort();
  environment = {
    ...(await installation()),
    NODE_ENV: 'production',
    WATCHWORD_SMS_PROVIDERS: 'none',
    WATCHWORD_PORT: String(port),
    WATCHWORD_PUBLIC_URL: `https://localhost:${port}`,
    WATCHWORD_WORKERS: String(WORKERS),
    WATCHWORD_TLS_CERT: folder.path('cert.pem'),
    WATCHWORD_TLS_KEY: folder.path('key.pem'),
    WATCHWORD_TLS_CLIENT_CA: folder.path('ca.pem'),
  };
  child = spawn(process.execPath, [mainFile], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout?.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr?.on('data', (part: Buffer) => (output += part.toString()));
  await until(() => {
    if (child.exitCode !== null) throw new Error(output);
    return Promise.resolve(output.includes('Watchword is ready'));
  });
});
afterAll(() => {
  child.kill('SIGKILL');
});

/** What a new connection is shown; each goes to the next process. */
async function shown(): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ca: root.pem, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256 ?? '';
  socket.destroy();
  return fingerprint;
}
const ask = async (path: string, shows?: Issued) => {
  const { call, agent } = secureClient(port, root.pem, shows);
  const answer = await call('GET', path);
  agent.destroy();
  return answer;
};

it('says that it speaks HTTPS, and does, with the headers for it', async () => {
  expect(output).toContain(`"url":"https://127.0.0.1:${port}"`);
  const { status, headers } = await ask('/health/ready');
  expect(status).toBe(200);
  expect(headers['strict-transport-security']).toContain('max-age=31536000');
});

it('an operator binds a certificate by its file, by a name, and ends it', async () => {
  const own = await root.issue('shop');
  await folder.write('shop.pem', own.cert);
  const [application] = await watchwordJson<{ id: string }[]>(environment, 'applications', 'list');
  const add = (...by: string[]) =>
    watchwordJson<{ id: string; kind: string; value: string }>(
      environment,
      ...['certificates', 'add', '--application', application?.id ?? '', ...by],
    );
  const bound = await add('--file', folder.path('shop.pem'), '--scopes', 'verify');
  expect(bound).toMatchObject({ kind: 'thumbprint', value: own.thumbprint, scopes: ['verify'] });
  expect((await ask('/v1/users/x/factors', own)).status).toBe(200);
  const named = await add('--uri', 'spiffe://example.org/shop');
  const byName = await root.issue('x', { uris: ['spiffe://example.org/shop'] });
  expect((await ask('/v1/users/x/factors', byName)).status).toBe(200);
  await expect(add('--dns', '*.example.org')).rejects.toThrow('no host name');
  await expect(add('--dns', 'a', '--uri', 'b:c')).rejects.toThrow('Say by what');
  await expect(add()).rejects.toThrow('Say by what');
  await expect(add('--file', '/nowhere.pem')).rejects.toThrow('cannot be read as a certificate');
  await expect(add('--thumbprint', own.thumbprint)).rejects.toThrow('already');

  const list = ['certificates', 'list', '--application', application?.id ?? ''];
  const listed = await watchwordJson<{ id: string; lastUsedAt: string | null }[]>(
    environment,
    ...list,
  );
  expect(listed.map(({ id }) => id)).toEqual([bound.id, named.id]);
  await watchwordJson(environment, 'certificates', 'revoke', bound.id);
  // Of the processes that remember it, each forgets it within five seconds.
  await until(async () => (await ask('/v1/users/x/factors', own)).status === 401);
}, 120_000);

it('takes a renewed certificate in every process, without cutting a connection', async () => {
  const before = await shown();
  const kept = Array.from({ length: WORKERS * 2 }, () => secureClient(port, root.pem));
  const sockets = await Promise.all(
    kept.map(async ({ call }) => (await call('GET', '/health/live')).socket),
  );
  const renewed = await serverCertificate(root);
  await folder.write('cert.pem', renewed.cert);
  await until(() => Promise.resolve(output.includes('those from before stay')));
  expect(await shown()).toBe(before);
  await folder.write('key.pem', renewed.key);
  await until(async () => {
    const seen = [];
    for (let n = 0; n < WORKERS * 2; n++) seen.push(await shown());
    return !seen.includes(before);
  });
  for (const [n, { call, agent }] of kept.entries()) {
    const { status, socket } = await call('GET', '/health/live');
    expect([status, socket === sockets[n]]).toEqual([200, true]);
    agent.destroy();
  }
});

it('S129: is stopped without waiting for who has begun no TLS', async () => {
  const silent = connectPlainly(port, '127.0.0.1');
  silent.on('error', () => undefined);
  await once(silent, 'connect');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
});

it('S123: does not start with files that it cannot use, and says which', async () => {
  const { WATCHWORD_WORKERS: _workers, ...single } = environment;
  for (const [variable, path] of [
    ['WATCHWORD_TLS_CERT', '/nowhere.pem'],
    ['WATCHWORD_TLS_KEY', folder.path('ca.pem')],
    ['WATCHWORD_TLS_CLIENT_CA', folder.path('key.pem')],
  ] as const) {
    const { code, stderr } = await runStart({ ...single, [variable]: path });
    expect([code, stderr]).toEqual([1, expect.stringContaining(variable)]);
    expect(stderr).not.toContain('    at ');
  }
});
