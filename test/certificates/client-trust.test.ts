/** Which certificates lead to the configured authorities, as far as TLS has not said so before. */
import { X509Certificate } from 'node:crypto';
import { certificateIn, shown } from '../../src/certificates/certificate.js';
import { ClientTrust } from '../../src/certificates/client-trust.js';
import { Authority, selfSigned, type Issued } from '../support/certificates.js';

const NOW = new Date('2030-01-01');
const names = { dns: ['orders.internal'], uris: ['spiffe://example.org/orders'] };

let root: Authority;
let issuing: Authority;

beforeAll(async () => {
  root = await Authority.make('Root');
  issuing = await Authority.make('Issuing', root);
});

const parsed = ({ cert }: Pick<Issued, 'cert'>) => new X509Certificate(cert);

async function judge(
  leaf: Issued,
  {
    ca,
    crl,
    others = [] as Authority[],
    byTls = undefined as boolean | undefined,
    at = NOW,
  }: {
    ca: string;
    crl?: string;
    others?: readonly Authority[];
    byTls?: boolean;
    at?: Date;
  },
) {
  const trust = await ClientTrust.read(ca, crl);
  const came = shown(
    parsed(leaf),
    others.map(({ own }) => parsed(own)),
    byTls,
  );
  return trust.judge(came, at);
}
const isTrusted = async (...given: Parameters<typeof judge>) => (await judge(...given)).isTrusted;

it('the names are told of one that is trusted, host names in small letters', async () => {
  const leaf = await issuing.issue('x', { dns: ['Orders.INTERNAL'], uris: names.uris });
  expect(await judge(leaf, { ca: root.pem + issuing.pem })).toEqual({
    fault: undefined,
    isTrusted: true,
    dnsNames: names.dns,
    uris: names.uris,
  });
});

it('the way up may be in the file, may come along, or end at an authority below a root', async () => {
  const leaf = await issuing.issue('x', names);
  expect(await isTrusted(leaf, { ca: root.pem + issuing.pem })).toBe(true);
  expect(await isTrusted(leaf, { ca: root.pem, others: [issuing] })).toBe(true);
  expect(await isTrusted(leaf, { ca: root.pem, others: [root, issuing] })).toBe(true);
  expect(await isTrusted(leaf, { ca: issuing.pem })).toBe(true);
  expect(await isTrusted(leaf, { ca: root.pem })).toBe(false);
  // Narrower than the root: another authority of the same one is not believed.
  const sibling = await Authority.make('Sibling', root);
  const other = await sibling.issue('x', names);
  expect(await isTrusted(other, { ca: issuing.pem, others: [sibling, root] })).toBe(false);
});

it('what TLS has refused is not trusted', async () => {
  const leaf = await issuing.issue('x', names);
  const ca = root.pem + issuing.pem;
  expect(await isTrusted(leaf, { ca, byTls: true })).toBe(true);
  expect(await isTrusted(leaf, { ca, byTls: false })).toBe(false);
});

it('an authority of the same name and another key has issued nothing', async () => {
  const evil = await Authority.make('Root');
  const between = await Authority.make('Issuing', evil);
  const leaf = await between.issue('x', names);
  expect(await isTrusted(leaf, { ca: root.pem, others: [between, evil] })).toBe(false);
  expect(await isTrusted(leaf, { ca: root.pem + issuing.pem, others: [between] })).toBe(false);
});

it('one that is no authority has issued nothing, whatever it has signed', async () => {
  const no = await Authority.make('No', root, { isCa: false });
  const leaf = await no.issue('x', names);
  expect(await isTrusted(leaf, { ca: root.pem, others: [no], byTls: true })).toBe(false);
});

it('an authority has no more below it than it may', async () => {
  for (const [pathLength, trusted] of [
    [0, false],
    [1, true],
  ] as const) {
    const top = await Authority.make('Top', undefined, { pathLength });
    const below = await Authority.make('Below', top);
    const leaf = await below.issue('x', names);
    expect(await isTrusted(leaf, { ca: top.pem + below.pem })).toBe(trusted);
    expect(await isTrusted(await top.issue('x', names), { ca: top.pem })).toBe(true);
  }
});

it('all of the way has to be valid at the moment', async () => {
  const short = await Authority.make('Short', root, {
    notBefore: new Date('2029-01-01'),
    notAfter: new Date('2031-01-01'),
  });
  const leaf = await short.issue('x', names);
  for (const [year, trusted] of [
    [2028, false],
    [2030, true],
    [2032, false],
  ] as const) {
    const at = new Date(`${year}-06-01`);
    expect(await isTrusted(leaf, { ca: root.pem + short.pem, at })).toBe(trusted);
  }
});

it('nobody makes it go in circles, or try a thousand ways', async () => {
  // Two that have issued each other, and many that could all have issued one another.
  const first = await Authority.make('Ring');
  const second = await Authority.make('Ring', first);
  const ring = [first, second, await Authority.make('Ring', second), ...(await many())];
  const leaf = await second.issue('x', names);
  const verified = jest.spyOn(X509Certificate.prototype, 'verify');
  expect(await isTrusted(leaf, { ca: root.pem, others: ring })).toBe(false);
  expect(verified.mock.calls.length).toBeLessThan(100);
  verified.mockRestore();
});

async function many(): Promise<Authority[]> {
  const made: Authority[] = [];
  for (let n = 0; n < 20; n++) made.push(await Authority.make('Ring', made.at(-1)));
  return made;
}

it('a list has to be there for every authority on the way', async () => {
  const leaf = await issuing.issue('x', names);
  const ca = root.pem + issuing.pem;
  const [ofRoot, ofIssuing] = [await root.revoke([]), await issuing.revoke([])];
  expect((await judge(leaf, { ca, crl: ofRoot + ofIssuing })).isTrusted).toBe(true);
  for (const crl of [ofRoot, ofIssuing])
    expect((await judge(leaf, { ca, crl })).fault).toBe('revocation_unknown');
  const last = { ca: issuing.pem, crl: ofIssuing };
  expect(await isTrusted(leaf, last)).toBe(true);
  // Its list may not be known: then nothing is known of what it has issued.
  const unlisted = { ca: root.pem, crl: ofRoot, others: [issuing] };
  expect((await judge(leaf, unlisted)).fault).toBe('revocation_unknown');
});

it('a single certificate is no authority', async () => {
  const own = await selfSigned('x');
  await expect(ClientTrust.read(own.cert, undefined)).rejects.toThrow('is no authority');
  const { fault, isTrusted: trusted } = ClientTrust.none.judge(shown(parsed(own)), NOW);
  expect([fault, trusted]).toEqual([undefined, false]);
});

it('no text that is no certificate makes the reader fail', () => {
  const texts = ['', ':', '::', ':AA==:', '%', '%E0%A4%A', '-----BEGIN CERTIFICATE-----', '\0'];
  for (const text of texts) expect(certificateIn(text)).toBeUndefined();
});
