import fc from 'fast-check';
import { sameBytes, sha256 } from '../../src/crypto/digest.js';

describe('sha256', () => {
  it.each([
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['é', '4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c'],
  ])('S107: gives the digest of FIPS 180-4 for %j in UTF-8', (text, digest) => {
    expect(sha256(text).toString('hex')).toBe(digest);
  });
});

describe('sameBytes', () => {
  it('is true for equal bytes alone, whatever the lengths', () => {
    const bytes = fc.uint8Array({ maxLength: 4, max: 2 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(sameBytes(a, b)).toBe(Buffer.from(a).equals(b));
        expect(sameBytes(a, Uint8Array.from(a))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('does not throw for other lengths, and does not take a beginning for the whole', () => {
    expect(sameBytes(Buffer.from('ab'), Buffer.from('abc'))).toBe(false);
    expect(sameBytes(Buffer.alloc(0), Buffer.from('a'))).toBe(false);
  });
});
