import fc from 'fast-check';
import { URI } from 'otpauth';
import { defaultTotpParameters } from '../../src/otp/algorithm.js';
import { keyUri } from '../../src/otp/key-uri.js';
import { decodeSecret, encodeSecret } from '../../src/otp/secret.js';
import { verifyTotp } from '../../src/otp/totp.js';
import { parameterSets, secrets } from './reference.js';

const content = {
  issuer: 'Example Bank',
  accountName: 'alice@example.com',
  secret: new TextEncoder().encode('12345678901234567890'),
  parameters: defaultTotpParameters,
};

/** The URI's parts, read with the platform's own URL parser. */
function parts(uri: string) {
  const url = new URL(uri);
  const [issuer, accountName, ...rest] = url.pathname.slice(1).split(':');
  if (issuer === undefined || accountName === undefined || rest.length > 0) {
    throw new Error(`The label has not one literal colon: ${url.pathname}`);
  }
  return {
    scheme: url.protocol,
    type: url.host,
    issuer: decodeURIComponent(issuer),
    accountName: decodeURIComponent(accountName),
    query: Object.fromEntries(url.searchParams),
    queryNames: [...url.searchParams.keys()].sort(),
  };
}

describe('keyUri', () => {
  it('S6: writes the format of Google Authenticator, every parameter named', () => {
    expect(keyUri(content)).toBe(
      'otpauth://totp/Example%20Bank:alice%40example.com?issuer=Example%20Bank' +
        '&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30',
    );
  });

  it('S6: leaves the first literal colon to the label', () => {
    const uri = keyUri({ ...content, issuer: 'a:b', accountName: ':c:d' });
    expect(uri).toContain('otpauth://totp/a%3Ab:%3Ac%3Ad?issuer=a%3Ab&');
  });

  it('S6: parses back to exactly what went in', () => {
    const special = fc.string({
      unit: fc.constantFrom(...Array.from(':%+ &=?#/\\@.é日😀"<>\''), '\n'),
      minLength: 1,
    });
    const names = fc.oneof(special, fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }));
    const property = fc.property(
      names,
      fc.oneof(names, fc.constant('')),
      secrets,
      parameterSets,
      (issuer, accountName, secret, parameters) => {
        const uri = keyUri({ issuer, accountName, secret, parameters });
        expect(uri).toMatch(/^[\x21-\x7e]+$/);
        expect(uri).not.toContain('+');
        const read = parts(uri);
        expect(read).toEqual({
          scheme: 'otpauth:',
          type: 'totp',
          issuer,
          accountName,
          query: {
            issuer,
            secret: encodeSecret(secret),
            algorithm: parameters.algorithm,
            digits: String(parameters.digits),
            period: String(parameters.periodSeconds),
          },
          queryNames: ['algorithm', 'digits', 'issuer', 'period', 'secret'],
        });
        expect([...decodeSecret(read.query['secret'] ?? '')]).toEqual([...secret]);
      },
    );
    fc.assert(property, { numRuns: 1000 });
  });

  it('S6: enrols an app whose codes verify, whatever the parameters', () => {
    const property = fc.property(secrets, parameterSets, (secret, parameters) => {
      const app = URI.parse(keyUri({ ...content, secret, parameters }));
      const now = new Date('2026-03-01T12:00:00Z');
      const code = 'period' in app ? app.generate({ timestamp: now.getTime() }) : '';
      const attempt = { code, secret, parameters, now, lastStep: null, driftSteps: 0 };
      expect(verifyTotp(attempt)).not.toBeNull();
    });
    fc.assert(property);
  });

  it('replaces a half surrogate rather than failing', () => {
    const read = parts(keyUri({ ...content, issuer: 'a\ud800b', accountName: '\udc00' }));
    expect(read).toMatchObject({ issuer: 'a\ufffdb', accountName: '\ufffd' });
  });
});
