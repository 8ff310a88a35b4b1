import fc from 'fast-check';
import { KeyedHash } from '../../src/crypto/keyed-hash.js';
import { Keyring } from '../../src/crypto/keyring.js';
import { derivedKey, hmacSha256 } from './yardstick.js';

const [oldKey, newKey] = [Keyring.generate('old'), Keyring.generate('new')];
const before = Keyring.parse(oldKey);
const during = Keyring.parse(`${newKey},${oldKey}`);
const after = Keyring.parse(newKey);
const codes = new KeyedHash(during, 'code');

describe('KeyedHash', () => {
  it('is HMAC-SHA256 under the derived key, each part with its length', async () => {
    const master = Buffer.from(newKey.slice('new:'.length), 'base64');
    const key = await derivedKey(master, 'hash/code');
    const expected = await hmacSha256(key, Buffer.from('5:chl_16:123456'));
    expect(codes.hash('chl_1', '123456')).toEqual(expected);
  });

  it('gives what the first version gave: stored hashes are still found', () => {
    const ring = Keyring.parse('k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
    expect(new KeyedHash(ring, 'code').hash('chl_1', '123456').toString('hex')).toBe(
      '7150ac1d0993b90c55e6548217100aa22d6dc4e9e282cb9367a8072f2e26e8a1',
    );
  });

  it('S64: a code hash is good for its challenge only', () => {
    const stored = codes.hash('chl_1', '123456');
    expect(codes.matches(stored, 'chl_1', '123456')).toBe(true);
    expect(codes.matches(stored, 'chl_2', '123456')).toBe(false);
    expect(codes.matches(stored, 'chl_1', '123457')).toBe(false);
    expect(codes.matches(stored, '123456', 'chl_1')).toBe(false);
    expect(codes.matches(stored, 'chl_1')).toBe(false);
  });

  it('S64: two lists of parts with one hash are one list', () => {
    // Few letters, and those of the encoding itself, so that joined texts often collide.
    const letter = fc.constantFrom('1', ':', '0', 'é');
    const parts = fc.array(fc.string({ unit: letter, maxLength: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const areSame = JSON.stringify(a) === JSON.stringify(b);
        expect(codes.hash(...a).equals(codes.hash(...b))).toBe(areSame);
      }),
      {
        numRuns: 5000,
        examples: [
          [['1', '1'], ['11']],
          [
            ['', '0:'],
            ['0:', ''],
          ],
        ],
      },
    );
  });

  it('S64: purposes have nothing in common', () => {
    const phones = new KeyedHash(during, 'phone');
    const stored = codes.hash('+14155550123');
    expect(phones.matches(stored, '+14155550123')).toBe(false);
    const all = [...codes.candidates('x'), ...phones.candidates('x')].map((h) => h.toString('hex'));
    expect(new Set(all).size).toBe(4);
  });

  it('S113: without the ring a hash is found by nobody', () => {
    const other = new KeyedHash(Keyring.parse(Keyring.generate('new')), 'code');
    expect(other.matches(codes.hash('chl_1', '123456'), 'chl_1', '123456')).toBe(false);
  });

  it('S112: during a rotation both keys are looked up, and the new one writes', () => {
    const hashBefore = new KeyedHash(before, 'code').hash('a');
    const hashAfter = new KeyedHash(after, 'code').hash('a');
    expect(codes.hash('a')).toEqual(hashAfter);
    expect(codes.candidates('a')).toEqual([hashAfter, hashBefore]);
    expect(codes.matches(hashBefore, 'a')).toBe(true);
    expect(codes.matches(hashAfter, 'a')).toBe(true);
    expect(new KeyedHash(after, 'code').matches(hashBefore, 'a')).toBe(false);
  });

  it('never matches a flipped, cut, longer or empty hash', () => {
    const stored = codes.hash('a');
    for (let bit = 0; bit < 256; bit += 1) {
      const flipped = Buffer.from(stored);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(codes.matches(flipped, 'a')).toBe(false);
    }
    expect(codes.matches(stored.subarray(0, 31), 'a')).toBe(false);
    expect(codes.matches(Buffer.concat([stored, Buffer.alloc(1)]), 'a')).toBe(false);
    expect(codes.matches(Buffer.alloc(0), 'a')).toBe(false);
  });
});
