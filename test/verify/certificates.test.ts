/** Tokens that are bound to a certificate (RFC 8705): worth nothing without its key. */
import { X509Certificate } from 'node:crypto';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { requireProof, type GuardOptions } from '../../src/verify/express.js';
import { createVerifier, thumbprintOf } from '../../src/verify/verifier.js';
import { selfSigned, type Issued } from '../support/certificates.js';
import { refused } from '../support/refused.js';
import { AUDIENCE, ISSUER, TokenIssuer } from '../support/token-issuer.js';

const issuer = new TokenIssuer();
const options = { issuer: ISSUER, audience: AUDIENCE, ...issuer.at };
const verifier = createVerifier(options);

let mine: Issued;
let theirs: Issued;
let bound: { cnf: Record<string, string> };

beforeAll(async () => {
  [mine, theirs] = [await selfSigned('mine'), await selfSigned('theirs')];
  bound = { cnf: { 'x5t#S256': mine.thumbprint } };
});

it('the thumbprint is that of RFC 8705', () => {
  // Of the certificate in appendix A.
  const published = `-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----`;
  expect(thumbprintOf(published)).toBe('A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0');
});

it('a bound token is taken with its certificate, in any form', async () => {
  const token = issuer.token(bound);
  const certificate = new X509Certificate(mine.cert);
  for (const form of [certificate, mine.cert, certificate.raw, new Uint8Array(certificate.raw)]) {
    const { certificateThumbprint } = await verifier.verify(token, { certificate: form });
    expect(certificateThumbprint).toBe(mine.thumbprint);
  }
});

it('and refused without it, with another, and with what is none', async () => {
  const token = issuer.token(bound);
  const outcomes = [];
  for (const certificate of [undefined, theirs.cert, '', 'x', Buffer.alloc(0)])
    outcomes.push((await refused(verifier.verify(token, { certificate }))).code);
  expect(outcomes).toEqual([
    'certificate_missing',
    ...Array<string>(4).fill('certificate_mismatch'),
  ]);
});

it('one that is not bound is taken with and without, unless binding is asked for', async () => {
  const token = issuer.token();
  await expect(verifier.verify(token)).resolves.toBeDefined();
  await expect(verifier.verify(token, { certificate: mine.cert })).resolves.toBeDefined();
  const strict = createVerifier({ ...options, requireBinding: true });
  expect((await refused(strict.verify(token, { certificate: mine.cert }))).code).toBe(
    'token_unbound',
  );
  await expect(
    strict.verify(issuer.token(bound), { certificate: mine.cert }),
  ).resolves.toBeDefined();
});

describe('in a guard', () => {
  /** The status that a request with this token is answered by a service with mutual TLS. */
  async function statusFor(
    certificate: Partial<Issued>,
    { headers = {}, ...guard }: GuardOptions & { headers?: Record<string, string> } = {},
  ): Promise<number | undefined> {
    const protect = requireProof(verifier, {}, guard);
    const tls = { ...(await selfSigned('service')), requestCert: true, rejectUnauthorized: false };
    const server = createServer(tls, (incoming, outgoing) =>
      protect(incoming, outgoing, () => outgoing.end('in')),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await new Promise((resolve, reject) => {
        request({
          ...{ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false },
          ...{ rejectUnauthorized: false, cert: certificate.cert, key: certificate.key },
          headers: { authorization: `Bearer ${issuer.token(bound)}`, ...headers },
        })
          .on('response', (answer) => resolve(answer.resume().statusCode))
          .on('error', reject)
          .end();
      });
    } finally {
      server.close();
    }
  }

  it('the certificate is that of the connection', async () => {
    const outcomes = [await statusFor(mine), await statusFor(theirs), await statusFor({})];
    expect(outcomes).toEqual([200, 401, 401]);
  });

  it('or what the service takes from its proxy', async () => {
    const certificate: GuardOptions['certificate'] = ({ headers }) =>
      decodeURIComponent(String(headers['x-client-certificate']));
    const headers = { 'x-client-certificate': encodeURIComponent(mine.cert) };
    expect(await statusFor({}, { certificate, headers })).toBe(200);
    expect(await statusFor(mine, { certificate, headers: {} })).toBe(401);
    // A header that nobody has spoken of is no certificate.
    expect(await statusFor({}, { headers })).toBe(401);
  });
});
