import { HOTP, Secret } from 'otpauth';
import { hotp } from '../../src/otp/hotp.js';
import { algorithms, type Algorithm } from '../../src/otp/algorithm.js';
import { referenceCode } from './reference.js';
import rfc4226 from './rfc4226.vectors.json' with { type: 'json' };

const secret = new TextEncoder().encode(rfc4226.secret);

describe('hotp', () => {
  it.each(rfc4226.codes.map((code, counter) => ({ code, counter })))(
    'S1: gives $code for counter $counter, as RFC 4226 appendix D',
    ({ code, counter }) => {
      expect(hotp(secret, counter, 6, 'SHA1')).toBe(code);
    },
  );

  // 55999456 came from oathtool 2.6.7: `oathtool --hotp -d 8 -c 4294967296`.
  it('S2: does not wrap a counter round at 32 bits', () => {
    expect(hotp(secret, 2 ** 32, 8, 'SHA1')).toBe('55999456');
    expect(hotp(secret, 2 ** 32, 8, 'SHA1')).not.toBe(hotp(secret, 0, 8, 'SHA1'));
  });

  it.each([2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 7, 2 ** 40 + 1, 2 ** 52, 2 ** 53 - 1])(
    'S2: agrees with an independent computation at counter %d',
    (counter) => {
      for (const algorithm of algorithms) {
        expect(hotp(secret, counter, 8, algorithm)).toBe(
          referenceCode(secret, counter, 8, algorithm),
        );
      }
    },
  );

  it('agrees with otpauth, which knows nothing of ours', () => {
    const generate = (counter: number, algorithm: Algorithm) =>
      HOTP.generate({
        secret: new Secret({ buffer: secret.buffer }),
        counter,
        digits: 8,
        algorithm,
      });
    for (const algorithm of algorithms)
      for (let counter = 0; counter < 500; counter++)
        expect(hotp(secret, counter, 8, algorithm)).toBe(generate(counter, algorithm));
  });

  it('hashes a secret that is longer than a block of its hash first, as RFC 2104 has it', () => {
    for (const algorithm of algorithms)
      for (const length of [63, 64, 65, 127, 128, 129, 500]) {
        const long = new Uint8Array(length).map((_, index) => index * 7);
        expect(hotp(long, 1, 8, algorithm)).toBe(referenceCode(long, 1, 8, algorithm));
      }
  });

  it('keeps leading zeros', () => {
    const counter = [...Array(200).keys()].find((number) =>
      referenceCode(secret, number, 6, 'SHA1').startsWith('0'),
    );
    expect(hotp(secret, counter ?? NaN, 6, 'SHA1')).toMatch(/^0\d{5}$/);
  });

  it("reads a secret's own bytes when they are a part of a larger buffer", () => {
    const pool = Buffer.alloc(64, 0xff);
    pool.set(secret, 10);
    expect(hotp(pool.subarray(10, 30), 0, 6, 'SHA1')).toBe('755224');
  });

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('refuses the counter %d', (counter) => {
    expect(() => hotp(secret, counter, 6, 'SHA1')).toThrow(RangeError);
  });

  it.each([0, 5, 9, 6.5])('S5: refuses codes of %d digits', (digits) => {
    expect(() => hotp(secret, 0, digits as 6, 'SHA1')).toThrow(RangeError);
  });
});
