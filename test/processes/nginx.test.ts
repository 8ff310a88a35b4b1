/**
 * A page behind a real nginx, with the configuration that examples/ gives to whoever sets it up, and a service
 * behind it that believes what nginx tells it of the user.
 */
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { startNginx, type Nginx } from '../support/nginx.js';
import { listen } from '../support/raw-socket.js';
import { begin, cookieOf } from '../support/sessions.js';

const example = join(__dirname, '../../examples/nginx/watchword.conf');

const isInstalled = ['nginx', 'openssl'].every(
  (program) => spawnSync(program, ['version']).error === undefined,
);

(isInstalled ? describe : () => undefined)('behind nginx', () => {
  let service: TestApplication;
  let app: Server;
  let nginx: Nginx;
  let cookie: string;
  let strongCookie: string;
  /** What the service behind nginx was last sent. */
  let seen: Record<string, string | string[] | undefined> = {};

  beforeAll(async () => {
    service = await startApplication();
    app = createServer((request, answer) => {
      seen = request.headers;
      answer.end(`hello ${String(request.headers['x-watchword-user'])}`);
    });
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    const watchword = await listen(service);
    const behind = (app.address() as AddressInfo).port;
    const { audience } = service.first.application;
    nginx = await startNginx(
      (tls) => `
      upstream watchword { server 127.0.0.1:${watchword}; keepalive 8; }
      upstream app { server 127.0.0.1:${behind}; }
      server { ${tls} set $watchword_audience ${audience}; include ${example}; }`,
    );
    const ann = await enrol(service, 'Zoë');
    cookie = cookieOf(await begin(service, ann, { session: 'cookie' }));
    const strong = { session: 'cookie', first_factor: ['pwd'] };
    strongCookie = cookieOf(await begin(service, ann, strong));
  });
  afterAll(async () => {
    await nginx.close();
    app.close();
    await service.close();
  });

  const open = (path: string, id: string, headers: Record<string, string> = {}, method = 'GET') =>
    nginx.get(path, { method, headers: { cookie: `__Host-watchword=${id}`, ...headers } });

  it('a page is shown to whoever has the cookie, and to nobody else', async () => {
    const page = await open('/', cookie);
    expect([page.status, page.text]).toEqual([200, 'hello Zo%C3%AB']);
    expect(seen).toMatchObject({ 'x-watchword-amr': 'otp', 'x-watchword-acr': 'aal1' });
    const refused = await nginx.get('/');
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="watchword"');
    expect((await open('/', 'A'.repeat(43))).status).toBe(401);
  });

  it('S87: a location asks for more, and says for what', async () => {
    const refused = await open('/transfers/new', cookie);
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toContain(
      'error="insufficient_user_authentication"',
    );
    expect(refused.headers['www-authenticate']).toContain('acr_values="aal2", max_age="300"');
    expect((await open('/transfers/new', strongCookie)).status).toBe(200);
    expect(seen['x-watchword-acr']).toBe('aal2');
  });

  it('S109: nobody tells the service who he is, past nginx', async () => {
    const lies = {
      'X-Watchword-User': 'root',
      'X-Watchword-Acr': 'aal2',
      'X-Watchword-Amr': 'hwk',
    };
    expect((await open('/', cookie, lies)).text).toBe('hello Zo%C3%AB');
    expect(seen).toMatchObject({ 'x-watchword-amr': 'otp', 'x-watchword-acr': 'aal1' });
    await nginx.get('/login', { headers: lies });
    for (const name of Object.keys(lies)) expect(seen).not.toHaveProperty(name.toLowerCase());
    // Nor does the question itself stand open.
    for (const path of ['/watchword', '/watchword&acr=aal1', '/watchword%26acr=aal1'])
      expect((await open(path, cookie)).status).toBe(404);
  });

  it('S100: a form of another site goes no further than nginx, a link and an own form do', async () => {
    const host = { host: 'shop.example' };
    const from = (site: string, mode = 'navigate') => ({
      ...host,
      'sec-fetch-site': site,
      'sec-fetch-mode': mode,
    });
    seen = {};
    expect((await open('/', cookie, from('cross-site'), 'POST')).status).toBe(403);
    const evil = { ...host, origin: 'https://evil.example' };
    expect((await open('/', cookie, evil, 'POST')).status).toBe(403);
    expect((await open('/', cookie, host, 'POST')).status).toBe(403);
    // It lies to nginx about its method; nginx tells the true one.
    const lie = { ...from('cross-site'), 'x-forwarded-method': 'GET' };
    expect((await open('/', cookie, lie, 'POST')).status).toBe(403);
    expect(seen).toEqual({});
    expect((await open('/', cookie, from('cross-site'))).status).toBe(200);
    expect((await open('/', cookie, from('same-origin'), 'POST')).status).toBe(200);
    const own = { ...host, origin: 'https://shop.example' };
    expect((await open('/', cookie, own, 'POST')).status).toBe(200);
  });

  it('S90: who was logged out is out with the next page', async () => {
    await service.call('DELETE', `/v1/users/${encodeURIComponent('Zoë')}/sessions`);
    expect((await open('/', cookie)).status).toBe(401);
    expect((await open('/transfers/new', strongCookie)).status).toBe(401);
  });
});

if (!isInstalled)
  it('is not tried here: nginx or openssl is not installed', () => {
    console.warn('nginx or openssl is not installed: forward auth was NOT tried through nginx.');
    expect(process.env['CI']).not.toBe('true');
  });
