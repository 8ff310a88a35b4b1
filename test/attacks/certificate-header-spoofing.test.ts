/**
 * A certificate is public: whoever can say "this one was shown to me" and be believed is anybody. So the header
 * in which a proxy hands it on is tried from everybody who is no configured proxy, in every spelling; and
 * through the proxy, with what a client may get past it: two headers, half a certificate, somebody else's.
 */
import { scopes } from '../../src/applications/api-key.js';
import { CertificatesService } from '../../src/applications/certificates.service.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { Authority, Extension, selfSigned, type Issued } from '../support/certificates.js';
import { claimsOf } from '../support/sessions.js';
import { listenSecurely, secureClient, serverCertificate, TlsFolder } from '../support/tls.js';

const URI = 'spiffe://example.org/orders';
const PROXY = '10.0.0.7';
const PATH = '/v1/users/x/factors';
type Headers = Record<string, string | string[]>;

let root: Authority;
let issuing: Authority;
let folder: TlsFolder;
let service: TestApplication;
/** What the operator has configured nothing of. */
let plain: TestApplication;
let orders: Registered;
let good: Issued;

beforeAll(async () => {
  root = await Authority.make('Root');
  issuing = await Authority.make('Issuing', root);
  folder = await TlsFolder.make({ 'ca.pem': root.pem + issuing.pem });
  service = await startApplication({
    environment: {
      WATCHWORD_TRUSTED_PROXIES: '10.0.0.0/28, 2001:db8::7',
      WATCHWORD_TLS_CLIENT_CERT_HEADER: 'X-Client-Cert',
      WATCHWORD_TLS_CLIENT_CA: folder.path('ca.pem'),
    },
  });
  plain = await startApplication({ environment: { WATCHWORD_TRUSTED_PROXIES: '10.0.0.0/28' } });
  for (const one of [service, plain]) {
    const { application } = await one.register('acme', 'orders');
    await one.app.get(CertificatesService).add(application.id, 'uri', URI, scopes);
  }
  orders = await service.register('acme', 'shop');
  good = await issuing.issue('orders', { uris: [URI] });
});
afterAll(async () => {
  await service.close();
  await plain.close();
});

/** As nginx writes it: $ssl_client_escaped_cert. */
const escaped = ({ cert }: Pick<Issued, 'cert'>) => encodeURIComponent(cert);
/** RFC 9440 section 2.1. */
const bytes = ({ certificate }: Issued) =>
  `:${Buffer.from(certificate.rawData).toString('base64')}:`;

const ask = (remoteAddress: string, headers: Headers, from = service) =>
  from.app.inject({ method: 'GET', url: PATH, remoteAddress, headers });
const showing = (value: string | string[], from = PROXY) => ask(from, { 'x-client-cert': value });
const codeOf = async (answer: ReturnType<typeof ask>) => {
  const { statusCode, json } = await answer;
  if (statusCode === 200) return 200;
  const { code, reason } = json<{ code: string; reason?: string }>();
  return reason ?? code;
};

it('the proxy’s word counts, in either form, from each of its addresses', async () => {
  for (const value of [escaped(good), bytes(good)])
    for (const address of [PROXY, '10.0.0.15', `::ffff:${PROXY}`, '2001:db8::7', '2001:DB8:0::7'])
      expect(await codeOf(showing(value, address))).toBe(200);
});

it.each(['10.0.0.16', '10.0.1.7', '127.0.0.1', '::1', '2001:db8::8', '::10.0.0.7', ''])(
  'S109: nobody else’s does: %p',
  async (address) => {
    for (const value of [escaped(good), bytes(good)])
      expect(await codeOf(showing(value, address))).toBe('unauthenticated');
  },
);

it.each<[string, Headers]>([
  ['a list of who it came through', { 'x-forwarded-for': PROXY }],
  ['a longer list', { 'x-forwarded-for': `203.0.113.1, ${PROXY}` }],
  ['the standard’s list', { forwarded: `for=${PROXY};by=${PROXY}` }],
  ['a real address', { 'x-real-ip': PROXY }],
  ['a host', { host: PROXY }],
])('S109: nor is anybody the proxy by %s', async (_name, headers) => {
  const all = { ...headers, 'x-client-cert': escaped(good) };
  expect(await codeOf(ask('203.0.113.9', all))).toBe('unauthenticated');
});

it('S109: where a proxy stands before the proxy, the nearest one has to be the configured', async () => {
  const through = { 'x-forwarded-for': '203.0.113.9', 'x-client-cert': escaped(good) };
  expect(await codeOf(ask(PROXY, through))).toBe(200);
  expect(await codeOf(ask('203.0.113.9', { ...through, 'x-forwarded-for': PROXY }))).toBe(
    'unauthenticated',
  );
});

it.each([
  'x_client_cert',
  'x-client-cert-chain',
  'client-cert',
  'x-ssl-client-cert',
  'ssl-client-cert',
])('S109: another header says nothing: %s', async (name) => {
  expect(await codeOf(ask(PROXY, { [name]: escaped(good) }))).toBe('unauthenticated');
});

it('S109: without the setting the header is nothing, from the proxy either', async () => {
  for (const name of ['x-client-cert', 'client-cert'])
    for (const value of [escaped(good), bytes(good)])
      expect(await codeOf(ask(PROXY, { [name]: value }, plain))).toBe('unauthenticated');
});

it.each<[string, () => string | string[]]>([
  ['two headers', () => [escaped(good), escaped(good)]],
  ['two in one', () => `${escaped(good)}, ${escaped(good)}`],
  ['a bad one and a good one', () => `x, ${bytes(good)}`],
  ['a list of the standard', () => `${bytes(good)}, ${bytes(good)}`],
  ['PEM that is not escaped', () => good.cert.replaceAll('\n', ' ')],
  ['two certificates', () => encodeURIComponent(good.cert + good.cert)],
  ['an authority after it', () => encodeURIComponent(good.cert + issuing.pem)],
  ['something before it', () => encodeURIComponent(`x\n${good.cert}`)],
  ['its key', () => encodeURIComponent(good.key)],
  ['half of it', () => escaped(good).slice(0, -200)],
  ['half of its bytes', () => `${bytes(good).slice(0, 200)}:`],
  ['bytes without colons', () => bytes(good).slice(1, -1)],
  ['bytes of nothing', () => '::'],
  ['a broken escape', () => `${escaped(good)}%`],
  ['a thumbprint', () => good.thumbprint],
  ['a name', () => URI],
  ['a verdict', () => 'SUCCESS'],
  ['nothing that could be seen', () => '%00'],
  ['much', () => 'A'.repeat(10_000)],
])('what is no certificate is said to be none: %s', async (_name, make) => {
  expect(await codeOf(showing(make()))).toBe('unreadable');
});

it('an empty header is none, as nginx sends it for who has shown nothing', async () => {
  expect(await codeOf(showing(''))).toBe('unauthenticated');
});

it.each<[string, () => Promise<Issued>]>([
  ['untrusted', async () => (await Authority.make('Issuing')).issue('x', { uris: [URI] })],
  ['untrusted', async () => (await Authority.make('Below', issuing)).issue('x', { uris: [URI] })],
  ['untrusted', () => selfSigned('x')],
  ['expired', () => issuing.issue('x', { uris: [URI], notAfter: new Date('2025-01-01') })],
  ['not_yet_valid', () => issuing.issue('x', { uris: [URI], notBefore: new Date('2040-01-01') })],
  ['not_bound', () => issuing.issue('x', { uris: [`${URI}x`] })],
])('S109: what the proxy lets through is judged here as well: %s', async (reason, make) => {
  expect(await codeOf(showing(escaped(await make())))).toBe(reason);
});

it('S109: an authority that may vouch for some names alone is believed none, where TLS has not judged them', async () => {
  // permittedSubtrees: host names below evil.example.
  const value = Buffer.from('3013a01130 0f820d2e6576696c2e6578616d706c65'.replace(' ', ''), 'hex');
  for (const critical of [true, false]) {
    const limited = await Authority.make('Limited', undefined, {
      extensions: [new Extension('2.5.29.30', critical, value)],
    });
    const elsewhere = await TlsFolder.make({ 'ca.pem': limited.pem });
    const other = await startApplication({
      environment: {
        WATCHWORD_TRUSTED_PROXIES: PROXY,
        WATCHWORD_TLS_CLIENT_CERT_HEADER: 'X-Client-Cert',
        WATCHWORD_TLS_CLIENT_CA: elsewhere.path('ca.pem'),
      },
    });
    const { id } = other.first.application;
    await other.app.get(CertificatesService).add(id, 'uri', URI, scopes);
    const shown = { 'x-client-cert': escaped(await limited.issue('x', { uris: [URI] })) };
    expect(await codeOf(ask(PROXY, shown, other))).toBe('untrusted');
    await other.close();
  }
});

it('S109: a token that is bound to a certificate is good behind the proxy, with that one alone', async () => {
  const minted = await service.app.inject({
    method: 'POST',
    url: '/v1/tokens/client',
    remoteAddress: PROXY,
    headers: { 'x-client-cert': escaped(good) },
  });
  const { access_token: token } = minted.json<{ access_token: string }>();
  expect(claimsOf(token)).toMatchObject({ cnf: { 'x5t#S256': good.thumbprint } });
  const authorization = `Bearer ${token}`;
  const other = await issuing.issue('orders', { uris: [URI] });
  expect(await codeOf(ask(PROXY, { authorization, 'x-client-cert': bytes(good) }))).toBe(200);
  expect(await codeOf(ask(PROXY, { authorization, 'x-client-cert': bytes(other) }))).toBe(
    'another_one',
  );
  expect(await codeOf(ask(PROXY, { authorization }))).toBe('missing');
  const elsewhere = { authorization, 'x-client-cert': bytes(good) };
  expect(await codeOf(ask('203.0.113.9', elsewhere))).toBe('missing');
});

it('S37: certificates that nobody knows count against the client’s address', async () => {
  const strict = await startApplication({
    environment: {
      WATCHWORD_RATE_PER_ADDRESS: '5',
      WATCHWORD_TRUSTED_PROXIES: PROXY,
      WATCHWORD_TLS_CLIENT_CERT_HEADER: 'X-Client-Cert',
      WATCHWORD_TLS_CLIENT_CA: folder.path('ca.pem'),
    },
  });
  await strict.app.get(CertificatesService).add(strict.first.application.id, 'uri', URI, scopes);
  const from = (client: string, shown: Issued) =>
    ask(PROXY, { 'x-forwarded-for': client, 'x-client-cert': escaped(shown) }, strict);
  expect(await codeOf(from('203.0.113.1', good))).toBe(200);
  for (let n = 0; n < 6; n++) await from('203.0.113.1', await selfSigned(`x${n}`));
  expect(await codeOf(from('203.0.113.1', await selfSigned('y')))).toBe('rate_limited');
  // One that is known, and another client, go on.
  expect(await codeOf(from('203.0.113.1', good))).toBe(200);
  expect(await codeOf(from('203.0.113.2', await selfSigned('y')))).toBe('untrusted');
  await strict.close();
});

describe('where the service ends TLS itself', () => {
  const start = async (proxies: string) => {
    const site = await serverCertificate(root);
    const tls = await TlsFolder.make({ 'cert.pem': site.cert, 'key.pem': site.key });
    const secure = await startApplication({
      environment: {
        WATCHWORD_TLS_CERT: tls.path('cert.pem'),
        WATCHWORD_TLS_KEY: tls.path('key.pem'),
        WATCHWORD_TLS_CLIENT_CA: folder.path('ca.pem'),
        WATCHWORD_TRUSTED_PROXIES: proxies,
        WATCHWORD_TLS_CLIENT_CERT_HEADER: 'X-Client-Cert',
      },
    });
    const { application } = await secure.register('acme', 'orders', { scopes: ['verify'] });
    const bindings = secure.app.get(CertificatesService);
    await bindings.add(application.id, 'uri', URI, ['verify']);
    const own = await issuing.issue('own', { dns: ['own.internal'] });
    await bindings.add(secure.first.application.id, 'dns', 'own.internal', ['admin']);
    const client = secureClient(await listenSecurely(secure), root.pem, own);
    return { secure, client };
  };

  it('S109: who shows a certificate himself is who that says, whatever his header does', async () => {
    const { secure, client } = await start('10.0.0.7');
    const lie = { 'x-client-cert': escaped(good) };
    expect((await client.call('GET', '/v1/audit', undefined, lie)).status).toBe(200);
    expect((await client.call('GET', PATH, undefined, lie)).body.code).toBe('scope_missing');
    client.agent.destroy();
    await secure.close();
  });

  it('S109: the proxy’s own certificate is nobody’s who stands behind it', async () => {
    const { secure, client } = await start('127.0.0.1');
    const none = await client.call('GET', '/v1/audit');
    expect([none.status, none.body.code]).toEqual([401, 'unauthenticated']);
    const shown = { 'x-client-cert': escaped(good) };
    expect((await client.call('GET', PATH, undefined, shown)).status).toBe(200);
    expect((await client.call('GET', '/v1/audit', undefined, shown)).status).toBe(403);
    client.agent.destroy();
    await secure.close();
  });
});

it('an application is not bound to what another one is bound to already', async () => {
  const bindings = service.app.get(CertificatesService);
  await expect(bindings.add(orders.application.id, 'uri', URI, scopes)).rejects.toThrow('already');
});
