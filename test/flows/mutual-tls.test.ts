/** Servers that say who they are by certificate, over TLS that the service ends itself. */
import { CALLER_KEPT_MS, Callers } from '../../src/applications/callers.js';
import { CertificatesService } from '../../src/applications/certificates.service.js';
import { scopes, type Scope } from '../../src/applications/api-key.js';
import type { BindingKind } from '../../src/applications/certificate-binding.js';
import { examine } from '../../src/operator/doctor.js';
import { TlsFiles } from '../../src/certificates/tls-files.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import {
  Authority,
  ExtendedKeyUsage,
  Extension,
  KeyUsageFlags,
  selfSigned,
  type Issued,
} from '../support/certificates.js';
import { claimsOf } from '../support/sessions.js';
import {
  listenSecurely,
  secureClient,
  serverCertificate,
  TlsFolder,
  type SecureAnswer,
} from '../support/tls.js';

const HOST = 'orders.internal';
const SPIFFE = 'spiffe://example.org/orders';
const PATH = '/v1/users/x/factors';

let root: Authority;
let issuing: Authority;
let site: Issued;
let folder: TlsFolder;
let service: TestApplication;
let port: number;
let shop: Registered;
let orders: Registered;

beforeAll(async () => {
  root = await Authority.make('Root');
  issuing = await Authority.make('Issuing', root, { pathLength: 0 });
  site = await serverCertificate(root);
  folder = await TlsFolder.make({
    'cert.pem': site.cert,
    'key.pem': site.key,
    'ca.pem': root.pem + issuing.pem,
    'crl.pem': (await root.revoke([])) + (await issuing.revoke([])),
  });
  service = await startApplication({
    environment: {
      WATCHWORD_TLS_CERT: folder.path('cert.pem'),
      WATCHWORD_TLS_KEY: folder.path('key.pem'),
      WATCHWORD_TLS_CLIENT_CA: folder.path('ca.pem'),
      WATCHWORD_TLS_CLIENT_CRL: folder.path('crl.pem'),
    },
  });
  port = await listenSecurely(service);
  shop = await service.register('acme', 'shop');
  orders = await service.register('acme', 'orders', { tokenAudiences: ['https://ledger.example'] });
  await bind(orders, 'uri', SPIFFE);
  await bind(orders, 'dns', HOST, ['verify']);
});
afterAll(() => service.close());

const bind = (
  to: Registered,
  kind: BindingKind,
  value: string,
  granted: readonly Scope[] = scopes,
) => service.app.get(CertificatesService).add(to.application.id, kind, value, granted);
const client = (shows?: Pick<Issued, 'cert' | 'key'>, options = {}) =>
  secureClient(port, root.pem, shows, options);
/** One question over a connection of its own. */
async function ask(shows?: Pick<Issued, 'cert' | 'key'>, headers: Record<string, string> = {}) {
  const { agent, call } = client(shows);
  const answer = await call('GET', PATH, undefined, headers);
  agent.destroy();
  return answer;
}
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const refusal = async (shows: Pick<Issued, 'cert' | 'key'>) => {
  const { status, body, headers } = await ask(shows);
  expect([status, body.code]).toEqual([401, 'certificate_not_accepted']);
  // A better one takes another connection.
  expect(headers['connection']).toBe('close');
  return body.reason as string;
};
const rewrite = async (name: string, content: string) => {
  await folder.write(name, content);
  await service.app.get(TlsFiles).reload();
};

describe('the port', () => {
  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { call, agent } = client(undefined, { minVersion: version, maxVersion: version });
      expect((await call('GET', '/health/live')).status).toBe(200);
      agent.destroy();
    }
    const old = client(undefined, {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(old.call('GET', '/health/live')).rejects.toThrow(/protocol|alert/i);
  });

  it('RFC 8705: says to OAuth libraries that it takes certificates', async () => {
    const { call, agent } = client();
    const { body } = await call('GET', '/.well-known/oauth-authorization-server');
    agent.destroy();
    const methods = ['client_secret_basic', 'tls_client_auth', 'self_signed_tls_client_auth'];
    expect(body).toMatchObject({
      token_endpoint_auth_methods_supported: methods,
      tls_client_certificate_bound_access_tokens: true,
    });
  });

  it('asks for a certificate and does without, keys and headers as ever', async () => {
    const answer = await ask(undefined, bearer(shop.key));
    expect(answer.status).toBe(200);
    expect(answer.headers['strict-transport-security']).toContain('max-age=31536000');
    const without = await ask();
    expect([without.status, without.body.code]).toEqual([401, 'unauthenticated']);
  });

  it('does not answer who speaks no TLS, and goes on', async () => {
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
    expect((await ask(undefined, bearer(shop.key))).status).toBe(200);
  });

  it('resumes no connection, for a resumed one shows no chain', async () => {
    const shows = await issuing.issue('orders', { uris: [SPIFFE] });
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { agent, call } = client(shows, { maxVersion: version, keepAlive: false });
      const reused: boolean[] = [];
      agent.on('keylog', (_line, socket) => {
        socket.once('secureConnect', () => reused.push(socket.isSessionReused()));
      });
      for (let n = 0; n < 3; n++) expect((await call('GET', PATH)).status).toBe(200);
      expect(reused.length).toBeGreaterThanOrEqual(3);
      expect(reused).not.toContain(true);
    }
  });
});

describe('a certificate', () => {
  it('is known by a URI or a host name in it, and may do what that is bound to', async () => {
    const byUri = await issuing.issue('anything', { uris: [SPIFFE] });
    const { call, agent } = client(byUri);
    expect((await call('GET', PATH)).status).toBe(200);
    expect((await call('GET', '/v1/audit')).status).toBe(200);
    agent.destroy();
    const byName = client(await root.issue('anything', { dns: ['Orders.Internal', 'other'] }));
    expect((await byName.call('GET', PATH)).status).toBe(200);
    const { status, body } = await byName.call('GET', '/v1/audit');
    expect([status, body.code]).toEqual([403, 'scope_missing']);
    byName.agent.destroy();
  });

  it('stands in the audit by the id of its binding', async () => {
    const { call, agent } = client(await issuing.issue('orders', { uris: [SPIFFE] }));
    const { body } = await call('POST', '/v1/users/audited/factors', { type: 'totp' });
    const page = await call('GET', '/v1/audit?user_id=audited');
    agent.destroy();
    const [bound] = await service.app.get(CertificatesService).list(orders.application.id);
    expect(page.body.data[0]).toMatchObject({
      type: 'factor.enrolled',
      factor_id: body.id,
      application_id: orders.application.id,
      actor: bound?.id,
    });
  });

  it('is known by its thumbprint, issued by nobody', async () => {
    const own = await selfSigned('shop');
    await bind(shop, 'thumbprint', own.thumbprint);
    expect((await ask(own)).status).toBe(200);
  });

  it('that is renewed is known by its name, and no more by its thumbprint', async () => {
    const old = await issuing.issue('orders', { uris: [SPIFFE] });
    const renewed = await issuing.issue('orders', { uris: [SPIFFE] });
    expect([(await ask(old)).status, (await ask(renewed)).status]).toEqual([200, 200]);

    const pinned = await issuing.issue('shop');
    await bind(shop, 'thumbprint', pinned.thumbprint);
    expect((await ask(pinned)).status).toBe(200);
    // With the same key even: what is pinned is the certificate.
    expect(await refusal(await issuing.issue('shop', {}, pinned.keys))).toBe('not_bound');
  });

  it('comes after what the header says', async () => {
    const shows = await issuing.issue('orders', { uris: [SPIFFE] });
    const mine = await ask(shows, bearer(shop.key));
    expect(mine.status).toBe(200);
    const wrong = await ask(shows, bearer('ww_' + 'a'.repeat(43)));
    expect([wrong.status, wrong.body.code]).toEqual([401, 'unauthenticated']);
    // A bad one takes nothing away from a good key.
    expect((await ask(await selfSigned('x'), bearer(shop.key))).status).toBe(200);
  });

  it('counts for one application, or for none', async () => {
    const both = await issuing.issue('both', { uris: [SPIFFE], dns: ['shop.internal'] });
    expect((await ask(both)).status).toBe(200);
    await bind(shop, 'dns', 'shop.internal');
    service.app.get(Callers).forget();
    expect(await refusal(both)).toBe('not_bound');
  });
});

describe('S109: no certificate is', () => {
  it.each<[string, () => Promise<Issued>]>([
    ['expired', () => issuing.issue('x', { uris: [SPIFFE], notAfter: new Date('2025-01-01') })],
    [
      'not_yet_valid',
      () => issuing.issue('x', { uris: [SPIFFE], notBefore: new Date('2040-01-01') }),
    ],
    [
      'unsuitable',
      () => issuing.issue('x', { uris: [SPIFFE], usage: ExtendedKeyUsage.serverAuth }),
    ],
    ['unsuitable', () => issuing.issue('x', { uris: [SPIFFE], keyUsage: KeyUsageFlags.cRLSign })],
    [
      'unsuitable',
      () =>
        issuing.issue('x', {
          uris: [SPIFFE],
          extensions: [new Extension('1.2.3.4', true, Buffer.from('0500', 'hex'))],
        }),
    ],
    ['untrusted', async () => (await Authority.make('Evil')).issue('x', { uris: [SPIFFE] })],
    ['untrusted', async () => (await Authority.make('Issuing')).issue('x', { uris: [SPIFFE] })],
    ['untrusted', () => selfSigned('Root')],
    ['not_bound', () => issuing.issue(SPIFFE)],
    ['not_bound', () => issuing.issue('x', { uris: [`${SPIFFE}/`] })],
    ['not_bound', () => issuing.issue('x', { uris: [SPIFFE.toUpperCase()] })],
    ['not_bound', () => issuing.issue('x', { dns: [SPIFFE] })],
    ['not_bound', () => issuing.issue('x', { dns: ['*.internal', `${HOST}.`, `a.${HOST}`] })],
  ])('one that is %s', async (reason, make) => {
    expect(await refusal(await make())).toBe(reason);
  });

  it('one that is bound by its thumbprint, and expired, revoked or not for clients', async () => {
    const over = await issuing.issue('x', { notAfter: new Date('2025-01-01') });
    const server = await issuing.issue('x', { usage: ExtendedKeyUsage.serverAuth });
    for (const one of [over, server]) await bind(shop, 'thumbprint', one.thumbprint);
    expect([await refusal(over), await refusal(server)]).toEqual(['expired', 'unsuitable']);
  });

  it('one below an authority that may have none below it, or is none', async () => {
    const deeper = await Authority.make('Deeper', issuing);
    const below = await deeper.issue('x', { uris: [SPIFFE] });
    expect(await refusal({ key: below.key, cert: below.cert + deeper.pem })).toBe('untrusted');
    const leaf = await Authority.make('Leaf', root, { isCa: false });
    const forged = await leaf.issue('x', { uris: [SPIFFE] });
    expect(await refusal({ key: forged.key, cert: forged.cert + leaf.pem })).toBe('untrusted');
  });

  it('one that expires while its connection is open', async () => {
    const soon = new Date(service.clock.now().getTime() + 60_000);
    const { agent, call } = client(await issuing.issue('x', { uris: [SPIFFE], notAfter: soon }));
    expect((await call('GET', PATH)).status).toBe(200);
    service.clock.advance(60);
    const { status, body } = await call('GET', PATH);
    expect([status, body.reason]).toEqual([401, 'expired']);
    agent.destroy();
  });

  it('one that its authority has revoked, from the moment that the list is read', async () => {
    const bad = await issuing.issue('x', { uris: [SPIFFE] });
    const good = await issuing.issue('x', { uris: [SPIFFE] });
    const pinned = await issuing.issue('x');
    await bind(shop, 'thumbprint', pinned.thumbprint);
    const clients = [bad, pinned, good].map((shows) => client(shows));
    const statuses = async () => {
      const seen = [];
      for (const { call } of clients) seen.push((await call('GET', PATH)).status);
      return seen;
    };
    expect(await statuses()).toEqual([200, 200, 200]);
    await rewrite('crl.pem', (await root.revoke([])) + (await issuing.revoke([bad, pinned])));
    // Over the connections that are open as well.
    expect(await statuses()).toEqual([401, 401, 200]);
    expect([await refusal(bad), await refusal(pinned)]).toEqual(['revoked', 'revoked']);
    for (const { agent } of clients) agent.destroy();
  });

  it('any below an authority that is revoked itself, or whose list is missing or over', async () => {
    const shows = await issuing.issue('x', { uris: [SPIFFE] });
    const now = service.clock.now();
    const [ofRoot, ofIssuing] = [await root.revoke([]), await issuing.revoke([])];
    await rewrite('crl.pem', (await root.revoke([issuing.own])) + ofIssuing);
    expect(await refusal(shows)).toBe('revoked');
    await rewrite('crl.pem', ofRoot);
    expect(await refusal(shows)).toBe('revocation_unknown');
    await rewrite('crl.pem', ofIssuing);
    expect(await refusal(shows)).toBe('revocation_unknown');
    await rewrite('crl.pem', ofRoot + (await issuing.revoke([], { nextUpdate: now })));
    expect(await refusal(shows)).toBe('revocation_unknown');
    const later = new Date(now.getTime() + 1000);
    await rewrite('crl.pem', ofRoot + (await issuing.revoke([], { thisUpdate: later })));
    expect(await refusal(shows)).toBe('revocation_unknown');
    await rewrite('crl.pem', ofRoot + ofIssuing);
    expect((await ask(shows)).status).toBe(200);
  });

  it('one whose binding an operator has revoked, after five seconds at most', async () => {
    const own = await selfSigned('revoked by us');
    const { id } = await bind(shop, 'thumbprint', own.thumbprint);
    const { agent, call } = client(own);
    expect((await call('GET', PATH)).status).toBe(200);
    await service.app.get(CertificatesService).revoke(id);
    service.clock.advance(CALLER_KEPT_MS / 1000);
    expect((await call('GET', PATH)).body.reason).toBe('untrusted');
    agent.destroy();
    await expect(service.app.get(CertificatesService).revoke(id)).rejects.toThrow('No live');
  });
});

describe('a token that is got with a certificate', () => {
  const mint = async (shows: Issued, body = {}) => {
    const { agent, call } = client(shows);
    const answer = await call('POST', '/v1/tokens/client', body);
    agent.destroy();
    expect(answer.status).toBe(200);
    return answer.body.access_token as string;
  };

  it('RFC 8705: is bound to it, and is good together with it alone', async () => {
    const shows = await issuing.issue('orders', { uris: [SPIFFE] });
    const token = await mint(shows);
    expect(claimsOf(token)).toMatchObject({
      sub: orders.application.id,
      credential_id: expect.stringMatching(/^crt_/),
      cnf: { 'x5t#S256': shows.thumbprint },
    });
    expect((await ask(shows, bearer(token))).status).toBe(200);
    const refused: [Issued | undefined, string][] = [
      [undefined, 'missing'],
      [await issuing.issue('orders', { uris: [SPIFFE] }), 'another_one'],
      [await issuing.issue('orders', { uris: [SPIFFE] }, shows.keys), 'another_one'],
      [await selfSigned('x'), 'another_one'],
    ];
    for (const [other, reason] of refused) {
      const { status, body } = await ask(other, bearer(token));
      expect([status, body.code, body.reason]).toEqual([401, 'certificate_not_accepted', reason]);
    }
  });

  it('is bound for other services too, which check that themselves', async () => {
    const shows = await issuing.issue('orders', { uris: [SPIFFE] });
    const token = await mint(shows, { audience: 'https://ledger.example' });
    expect(claimsOf(token)).toMatchObject({ cnf: { 'x5t#S256': shows.thumbprint } });
    expect((await ask(shows, bearer(token))).status).toBe(401);
  });

  it('is over when the certificate is, or its binding', async () => {
    const soon = new Date(service.clock.now().getTime() + 60_000);
    const shows = await issuing.issue('x', { uris: [SPIFFE], notAfter: soon });
    const own = await selfSigned('bound');
    const { id } = await bind(shop, 'thumbprint', own.thumbprint);
    const [ofShows, ofOwn] = [await mint(shows), await mint(own)];
    expect((await ask(own, bearer(ofOwn))).status).toBe(200);
    const { agent, call } = client(shows);
    expect((await call('GET', PATH, undefined, bearer(ofShows))).status).toBe(200);
    service.clock.advance(60);
    await service.app.get(CertificatesService).revoke(id);
    expect((await call('GET', PATH, undefined, bearer(ofShows))).body.reason).toBe('expired');
    expect((await ask(own, bearer(ofOwn))).status).toBe(401);
    agent.destroy();
  });

  it('with a key none is bound, whatever the connection shows', async () => {
    const shows = await issuing.issue('orders', { uris: [SPIFFE] });
    const { agent, call } = client(shows);
    const { body } = await call('POST', '/v1/tokens/client', {}, bearer(shop.key));
    agent.destroy();
    expect(claimsOf(body.access_token as string)).not.toHaveProperty('cnf');
    expect((await ask(undefined, bearer(body.access_token as string))).status).toBe(200);
  });
});

describe('doctor', () => {
  const says = async (check: string) =>
    (await examine(service.app)).filter((finding) => finding.check === check);

  it('says until when the certificate and the lists are good', async () => {
    expect(await says('certificate')).toEqual([
      {
        check: 'certificate',
        state: 'ok',
        detail: 'the service’s certificate ends 2045-01-01T00:00:00.000Z',
      },
    ]);
    const now = service.clock.now().getTime();
    const good = (await root.revoke([])) + (await issuing.revoke([]));
    for (const [hours, state] of [
      [-1, 'failing'],
      [12, 'warning'],
      [48, 'ok'],
    ] as const) {
      const nextUpdate = new Date(now + hours * 3_600_000);
      const list = await issuing.revoke([], { nextUpdate });
      await folder.write('crl.pem', (await root.revoke([])) + list);
      expect(await says('revocation lists')).toMatchObject([{ state }]);
    }
    await folder.write('crl.pem', 'nothing');
    expect(await says('certificates')).toMatchObject([
      { state: 'failing', detail: expect.stringContaining('WATCHWORD_TLS_CLIENT_CRL') },
    ]);
    await folder.write('crl.pem', good);
  });
});

describe('files that change', () => {
  const shownBy = ({ socket }: SecureAnswer) => socket.getPeerX509Certificate()?.fingerprint256;

  it('are taken without cutting a connection', async () => {
    const [before, after] = [client(), client()];
    const first = await before.call('GET', '/health/live');
    const old = shownBy(first);
    const renewed = await serverCertificate(root);
    await folder.write('key.pem', renewed.key);
    // Half of it: the certificate is not there yet.
    await expect(service.app.get(TlsFiles).reload()).rejects.toThrow('WATCHWORD_TLS_CERT');
    expect((await ask(undefined, bearer(shop.key))).status).toBe(200);
    await rewrite('cert.pem', renewed.cert);

    expect(shownBy(await after.call('GET', '/health/live'))).not.toBe(old);
    const again = await before.call('GET', '/health/live');
    expect([again.status, again.socket === first.socket]).toEqual([200, true]);
    for (const { agent } of [before, after]) agent.destroy();
  });

  it('that are bad are said to be, once, and those from before stay', async () => {
    const files = service.app.get(TlsFiles);
    const shows = await issuing.issue('x', { uris: [SPIFFE] });
    const goodCa = root.pem + issuing.pem;
    const goodCrl = (await root.revoke([])) + (await issuing.revoke([]));
    const evil = await Authority.make('Issuing');
    for (const [name, content, said] of [
      ['ca.pem', '', 'WATCHWORD_TLS_CLIENT_CA'],
      ['ca.pem', 'nothing', 'WATCHWORD_TLS_CLIENT_CA'],
      ['ca.pem', (await selfSigned('no authority')).cert, 'is no authority'],
      ['crl.pem', '', 'WATCHWORD_TLS_CLIENT_CRL'],
      ['crl.pem', await evil.revoke([shows]), 'signed by none'],
      [
        'crl.pem',
        await issuing.revoke([], {
          extensions: [new Extension('2.5.29.28', true, Buffer.from('3000', 'hex'))],
        }),
        'complete list',
      ],
      ['cert.pem', 'nothing', 'WATCHWORD_TLS_CERT'],
    ] as const) {
      const good = name === 'ca.pem' ? goodCa : name === 'crl.pem' ? goodCrl : undefined;
      await folder.write(name, content);
      await expect(files.reload()).rejects.toThrow(said);
      expect(await files.reload()).toBe(false);
      expect((await ask(shows)).status).toBe(200);
      if (good !== undefined) await rewrite(name, good);
    }
  });
});
