/**
 * The page to try the service out on shows an API key, an enrolment's secret and codes to phones. A site that
 * somebody has open on the same machine, or a neighbour in the same network, would like to see them, or to
 * press its buttons: by a form of its own, by a name that it has lead to this machine (DNS rebinding), by an
 * address that it can reach. And a database that was tried out on may one day serve production.
 */
import type { InjectOptions } from 'light-my-request';
import { Keyring } from '../../src/crypto/keyring.js';
import { freshDatabase, startApplication, type TestApplication } from '../support/application.js';

let service: TestApplication;

beforeAll(async () => {
  service = await startApplication({
    environment: { WATCHWORD_PUBLIC_URL: 'http://watchword.test:8080' },
  });
});
afterAll(() => service.close());

const accept = 'text/html';

async function ask(options: InjectOptions & { headers?: Record<string, string> }) {
  const headers = { accept, ...options.headers };
  const {
    statusCode,
    body,
    headers: got,
  } = await service.app.inject({
    url: '/',
    ...options,
    headers,
  } as InjectOptions & { url: string });
  return { status: statusCode, text: body, cookie: String(got['set-cookie'] ?? '').split(';')[0] };
}

const isPage = ({ text }: { text: string }) => text.includes('ww_try_');

describe('the page is shown to this machine alone (S100)', () => {
  it.each(['localhost', 'localhost:3000', '127.0.0.1:3000', '[::1]:3000', 'watchword.test:8080'])(
    'as %s',
    async (host) => {
      expect(isPage(await ask({ headers: { host } }))).toBe(true);
    },
  );

  it.each(['evil.test', 'localhost.evil.test', '127.0.0.1.evil.test:3000', '192.0.2.7:3000'])(
    'and not as "%s"',
    async (host) => {
      expect(isPage(await ask({ headers: { host } }))).toBe(false);
    },
  );

  it.each(['192.0.2.7', '10.0.0.5', '::ffff:192.0.2.7', 'fe80::1'])(
    'and not to %s, whatever it calls it',
    async (remoteAddress) => {
      const headers = { host: 'localhost', 'x-forwarded-for': '127.0.0.1' };
      expect(isPage(await ask({ remoteAddress, headers }))).toBe(false);
      expect((await ask({ remoteAddress, ...form({ headers }) })).status).toBe(404);
    },
  );

  it.each(['evil.test:3000', 'localhost.evil.test'])(
    'the inbox is not read as %s',
    async (host) => {
      for (const as of [accept, 'application/json'])
        expect((await ask({ url: '/dev/inbox', headers: { host, accept: as } })).status).toBe(404);
    },
  );
});

/** A form of the page, as a browser sends it. */
function form({
  token = '',
  cookie = '',
  headers = {},
}: {
  token?: string;
  cookie?: string | undefined;
  headers?: Record<string, string>;
}) {
  return {
    method: 'POST' as const,
    url: '/try-it/enrol',
    payload: `form_token=${token}`,
    headers: {
      ...{ accept, host: 'localhost:3000', origin: 'http://localhost:3000', cookie },
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
  };
}

describe('a form comes from the page (S100)', () => {
  const visit = async () => {
    const { text, cookie } = await ask({ headers: { host: 'localhost:3000' } });
    return { cookie, token: /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? '' };
  };

  it('of the browser that it was shown in', async () => {
    const [mine, other] = [await visit(), await visit()];
    expect((await ask(form(mine))).status).toBe(303);
    expect((await ask(form({ ...mine, token: other.token }))).status).toBe(403);
    expect((await ask(form({ ...mine, token: '' }))).status).toBe(403);
    expect((await ask(form({ token: mine.token }))).status).toBe(403);
    expect(
      (await ask(form({ ...mine, cookie: `${mine.cookie?.slice(0, -9)}AAAAAAAAA` }))).status,
    ).toBe(403);
  });

  it.each([
    ['of another site', { origin: 'https://evil.test' }],
    ['of another port of this machine', { origin: 'http://localhost:8000' }],
    ['of nowhere', { origin: 'null' }],
    ['that the browser says is of another site', { 'sec-fetch-site': 'cross-site' }],
    ['that the browser says is of a sibling', { 'sec-fetch-site': 'same-site' }],
  ])('and not one %s', async (_where, headers) => {
    expect((await ask(form({ ...(await visit()), headers }))).status).toBe(403);
  });
});

describe('nothing of it is left in production', () => {
  const keyring = Keyring.parse(Keyring.generate());

  it('no page, no forms, and its key is revoked', async () => {
    const driver = await freshDatabase();
    const tried = await startApplication({ driver, keyring });
    const page = await tried.call('GET', '/', undefined, { key: '', headers: { accept } });
    const key = /ww_try_[\w-]+/.exec(page.text)?.[0] ?? '';
    const enrolment = { type: 'totp' };
    expect((await tried.call('POST', '/v1/users/x/factors', enrolment, { key })).status).toBe(201);
    // The database goes on: what it was is no longer there.
    await tried.app.close();

    const production = await startApplication({
      driver,
      keyring,
      environment: {
        NODE_ENV: 'production',
        WATCHWORD_DATABASE_URL: 'postgresql://x@y/z',
        WATCHWORD_ENCRYPTION_KEYS: Keyring.generate(),
        WATCHWORD_SMS_PROVIDERS: 'none',
      },
    });
    const shown = await production.call('GET', '/', undefined, { key: '', headers: { accept } });
    expect(shown.body).toMatchObject({ docs: '/docs' });
    const inbox = await production.call('GET', '/dev/inbox', undefined, { headers: { accept } });
    expect(inbox.status).toBe(404);
    for (const step of ['enrol', 'code', 'phone', 'sms', 'reset'])
      expect((await production.call('POST', `/try-it/${step}`, {}, { key: '' })).status).toBe(404);
    const refused = await production.call('POST', '/v1/users/x/factors', enrolment, { key });
    expect(refused.status).toBe(401);
    await production.app.close();

    // Tried out again, the page has another key.
    const again = await startApplication({ driver, keyring });
    const { text } = await again.call('GET', '/', undefined, { key: '', headers: { accept } });
    const next = /ww_try_[\w-]+/.exec(text)?.[0] ?? '';
    expect(next).not.toBe(key);
    const path = '/v1/users/x/factors';
    expect((await again.call('POST', path, enrolment, { key: next })).status).toBe(201);
    expect((await again.call('POST', path, enrolment, { key })).status).toBe(401);
    await again.close();
  }, 60_000);
});
