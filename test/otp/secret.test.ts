import fc from 'fast-check';
import { decodeSecret, encodeSecret, randomSecret, SecretError } from '../../src/otp/secret.js';
import { secrets } from './reference.js';

const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const bytes = new TextEncoder().encode('12345678901234567890');

describe('randomSecret', () => {
  it('S3: has 160 bits by default, and no two alike', () => {
    const many = Array.from({ length: 1000 }, () => randomSecret());
    expect(many.every((secret) => secret.length === 20)).toBe(true);
    expect(new Set(many.map(encodeSecret)).size).toBe(1000);
  });

  it('S3: is never under 128 bits', () => {
    expect(randomSecret(16)).toHaveLength(16);
    for (const length of [0, 15, 65, 20.5, NaN]) {
      expect(() => randomSecret(length)).toThrow(SecretError);
    }
  });

  it('S4: sets every bit, about half the time', () => {
    const ones = Array<number>(160).fill(0);
    for (let round = 0; round < 2000; round++) {
      randomSecret().forEach((byte, index) => {
        for (let bit = 0; bit < 8; bit++) {
          ones[index * 8 + bit] = (ones[index * 8 + bit] ?? 0) + ((byte >> bit) & 1);
        }
      });
    }
    // Seven standard deviations either way.
    for (const count of ones) expect(Math.abs(count - 1000)).toBeLessThan(157);
  });
});

describe('encodeSecret and decodeSecret', () => {
  it('write base32 as RFC 4648, without padding', () => {
    expect(encodeSecret(bytes)).toBe(base32);
    expect(encodeSecret(new Uint8Array(16).fill(255))).toBe('77777777777777777777777774');
  });

  it('give back what went in', () => {
    const property = fc.property(secrets, (secret) => {
      expect([...decodeSecret(encodeSecret(secret))]).toEqual([...secret]);
    });
    fc.assert(property);
  });

  it('encode the bytes of a view alone, not of the buffer below', () => {
    const pool = Buffer.alloc(64, 0xff);
    pool.set(bytes, 7);
    expect(encodeSecret(pool.subarray(7, 27))).toBe(base32);
  });

  it.each([
    'gezdgnbvgy3tqojqgezdgnbvgy3tqojq',
    'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ',
    'gezd-gnbv-gy3t-qojq-gezd\u2011gnbv\u00a0gy3t\tqojq\n',
    ' GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====== ',
  ])('take a secret as it is copied: %j', (copied) => {
    expect([...decodeSecret(copied)]).toEqual([...bytes]);
  });

  it('take padding, and unused bits that are not zero', () => {
    expect([...decodeSecret('77777777777777777777777774======')]).toEqual(Array(16).fill(255));
    expect([...decodeSecret('77777777777777777777777777')]).toEqual(Array(16).fill(255));
  });

  it.each([
    ['nothing', '', /16 to 64 bytes/],
    ['80 bits, as some services hand out (S3)', 'JBSWY3DPEHPK3PXP', /16 to 64 bytes/],
    ['15 bytes (S3)', encodeSecret(new Uint8Array(15)), /16 to 64 bytes/],
    ['65 bytes', encodeSecret(new Uint8Array(65)), /16 to 64 bytes/],
    ['the digits 0, 1 and 8', `${base32.slice(0, -3)}018`, /not base32/],
    ['hexadecimal', '3132333435363738393031323334353637383930', /not base32/],
    ['padding inside', `${base32}=${base32}`, /not base32/],
    ['letters that only upper-case to ASCII', `${base32.slice(0, -1)}\u0131`, /not base32/],
    ['one character over', `${base32}A`, /incomplete/],
    ['three characters over', `${base32}AAA`, /incomplete/],
    ['six characters over', `${base32}AAAAAA`, /incomplete/],
  ])('refuse %s', (_name, wrong, message) => {
    expect(() => decodeSecret(wrong)).toThrow(SecretError);
    expect(() => decodeSecret(wrong)).toThrow(message);
  });

  it('S114: quote nothing of a refused secret', () => {
    const refused = (wrong: string): string => {
      try {
        decodeSecret(wrong);
      } catch (error) {
        return String(error);
      }
      return wrong;
    };
    expect(refused('JBSWY3DPEHPK3PXP')).not.toContain('JBSW');
    expect(refused(`${base32}!`)).not.toMatch(/GEZD|!/);
  });
});
