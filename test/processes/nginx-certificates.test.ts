/** Certificates that a real nginx has been shown, with the configuration that docs/mutual-tls.md gives. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificatesService } from '../../src/applications/certificates.service.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { Authority, selfSigned, type Issued } from '../support/certificates.js';
import { startNginx, type Nginx } from '../support/nginx.js';
import { listen } from '../support/raw-socket.js';
import { TlsFolder } from '../support/tls.js';

const URI = 'spiffe://example.org/orders';
const PATH = '/v1/users/x/factors';

const isInstalled = ['nginx', 'openssl'].every(
  (program) => spawnSync(program, ['version']).error === undefined,
);

/** The lines of the page between ```nginx and ```, for the addresses and files of the test. */
function documented(port: number, ca: string): string {
  const page = readFileSync(join(__dirname, '../../docs/mutual-tls.md'), 'utf8');
  const [, lines = ''] = /```nginx\n([\s\S]+?)```/.exec(page) ?? [];
  return lines
    .replace('http://127.0.0.1:3000', `http://127.0.0.1:${port}`)
    .replace('/etc/watchword/client-ca.pem', ca);
}

(isInstalled ? describe : () => undefined)('behind nginx', () => {
  let root: Authority;
  let service: TestApplication;
  let nginx: Nginx;

  beforeAll(async () => {
    root = await Authority.make('Root');
    const folder = await TlsFolder.make({ 'ca.pem': root.pem });
    service = await startApplication({
      environment: {
        WATCHWORD_TRUSTED_PROXIES: '127.0.0.1',
        WATCHWORD_TLS_CLIENT_CERT_HEADER: 'X-Client-Cert',
        WATCHWORD_TLS_CLIENT_CA: folder.path('ca.pem'),
      },
    });
    const { id } = service.first.application;
    await service.app.get(CertificatesService).add(id, 'uri', URI, ['verify']);
    const port = await listen(service);
    nginx = await startNginx(
      (tls) => `server { ${tls} ${documented(port, folder.path('ca.pem'))} }`,
    );
  });
  afterAll(async () => {
    await nginx.close();
    await service.close();
  });

  const ask = async (shows?: Pick<Issued, 'cert' | 'key'>, headers = {}) => {
    const { status, text } = await nginx.get(PATH, { ...shows, headers });
    return [status, text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : text];
  };

  it('an application is known by its certificate, and without one as ever', async () => {
    const shows = await root.issue('orders', { uris: [URI] });
    expect(await ask(shows)).toEqual([200, { data: [] }]);
    const [status, body] = await ask();
    expect([status, body]).toEqual([401, expect.objectContaining({ code: 'unauthenticated' })]);
    const key = { authorization: `Bearer ${service.first.key}` };
    expect(await ask(undefined, key)).toEqual([200, { data: [] }]);
    expect(await ask(await root.issue('other', { uris: ['spiffe://x'] }))).toEqual([
      401,
      expect.objectContaining({ code: 'certificate_not_accepted', reason: 'not_bound' }),
    ]);
  });

  it('S109: nginx lets nobody’s header through, with a certificate or without', async () => {
    const stolen = encodeURIComponent((await root.issue('orders', { uris: [URI] })).cert);
    for (const name of ['X-Client-Cert', 'x-client-cert', 'X_Client_Cert']) {
      const [status, body] = await ask(undefined, { [name]: stolen });
      expect([status, body]).toEqual([401, expect.objectContaining({ code: 'unauthenticated' })]);
    }
    const other = await root.issue('other', { uris: ['spiffe://x'] });
    const [status, body] = await ask(other, { 'X-Client-Cert': stolen });
    expect([status, body]).toEqual([401, expect.objectContaining({ reason: 'not_bound' })]);
  });

  it('S109: one that nginx does not believe comes no further', async () => {
    const evil = await Authority.make('Root');
    const shown = [
      await evil.issue('orders', { uris: [URI] }),
      await root.issue('orders', { uris: [URI], notAfter: new Date('2025-01-01') }),
      await selfSigned('orders'),
    ];
    for (const one of shown) expect((await ask(one))[0]).toBe(400);
  });
});

if (!isInstalled)
  it('is not tried here: nginx or openssl is not installed', () => {
    console.warn('nginx or openssl is not installed: certificates were NOT tried through nginx.');
    expect(process.env['CI']).not.toBe('true');
  });
