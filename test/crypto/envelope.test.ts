import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Envelope, EnvelopeError, type Place } from '../../src/crypto/envelope.js';
import { Keyring } from '../../src/crypto/keyring.js';
import { derivedKey, gcmOpen, gcmSeal, hex } from './yardstick.js';

const master = randomBytes(32);
const [oldKey, newKey] = [Keyring.generate('old'), `new:${master.toString('base64')}`];
const before = new Envelope(Keyring.parse(oldKey));
const during = new Envelope(Keyring.parse(`${newKey},${oldKey}`));
const after = new Envelope(Keyring.parse(newKey));

const place: Place = {
  table: 'factors',
  column: 'secret',
  realmId: 'rlm_1',
  userId: 'usr_1',
  rowId: 'fac_1',
};
const { userId: _, ...ofNobody } = place;

function reasonOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof EnvelopeError) return error.reason;
    throw error;
  }
  return 'opened';
}

describe('what is sealed', () => {
  it('opens in its place, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (plaintext) => {
        const sealed = during.seal(plaintext, place);
        expect(during.open(sealed, place)).toEqual(Buffer.from(plaintext));
        expect(sealed).toHaveLength(plaintext.length + 30 + 'new'.length);
        expect(during.open(during.seal(plaintext, ofNobody), ofNobody)).toHaveLength(
          plaintext.length,
        );
      }),
    );
  });

  it('opens out of the middle of a larger buffer, and leaves it as it was', () => {
    const sealed = during.seal(Buffer.from('secret'), place);
    const row = Buffer.concat([Buffer.alloc(5, 1), sealed, Buffer.alloc(7, 1)]);
    const copy = Buffer.from(row);
    const view = new Uint8Array(row.buffer, row.byteOffset + 5, sealed.length);
    expect(during.open(view, place).toString()).toBe('secret');
    expect(row).toEqual(copy);
  });

  const plaintext = Buffer.from('12345678901234567890');
  const additionalData = Buffer.from('7:factors6:secret5:rlm_15:usr_15:fac_13:new');

  it('opens by hand: AES-256-GCM under an HKDF key, with the place as its additional data', async () => {
    const sealed = during.seal(plaintext, place);
    expect(sealed.subarray(0, 5)).toEqual(Buffer.from('\x01\x03new'));
    const key = await derivedKey(master, 'seal/factors.secret');
    const [nonce, rest] = [sealed.subarray(5, 17), sealed.subarray(17)];
    expect(await gcmOpen(key, nonce, additionalData, rest)).toEqual(plaintext);
    await expect(gcmOpen(master, nonce, additionalData, rest)).rejects.toThrow();
  });

  it('can be sealed by hand', async () => {
    const nonce = randomBytes(12);
    const key = await derivedKey(master, 'seal/factors.secret');
    const rest = await gcmSeal(key, nonce, additionalData, plaintext);
    const sealed = Buffer.concat([Buffer.from('\x01\x03new'), nonce, rest]);
    expect(during.open(sealed, place)).toEqual(plaintext);
  });

  it.each([
    [
      place,
      '01026b31d346c4a3727d49c4eb44cada431b438953adec18b858409f6e42591f530233b5c44904a7a10c33f9871501273ad4d586',
    ],
    [
      ofNobody,
      '01026b317f5576ae1cb5762e3ea71cc10a886683426f8def32041857bc8429e09d52947bfc6968cd77c54ce9b3bd21befe6d750d',
    ],
  ])('opens what the first version sealed, case %#', (where, sealed) => {
    const ring = Keyring.parse('k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
    expect(new Envelope(ring).open(hex(sealed), where)).toEqual(plaintext);
  });

  it('S113: shows no eight bytes of what is in it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 200 }), (bytes) => {
        const sealed = during.seal(bytes, place);
        for (let start = 0; start + 8 <= bytes.length; start += 1)
          expect(sealed.includes(Buffer.from(bytes).subarray(start, start + 8))).toBe(false);
      }),
    );
  });

  it('S113: the same value looks different each time, with a nonce of its own', () => {
    const sealed = Array.from({ length: 10_000 }, () => during.seal(plaintext, place));
    const parts = sealed.map((one) => one.toString('hex', 5));
    expect(new Set(parts.map((one) => one.slice(0, 24))).size).toBe(10_000);
    expect(new Set(parts.map((one) => one.slice(24, -32))).size).toBe(10_000);
  });
});

describe('S111: a sealed value is bound to its place', () => {
  const sealed = during.seal(Buffer.from('secret'), place);
  const members = ['table', 'column', 'realmId', 'userId', 'rowId'] as const;

  it.each(members)('another %s does not open it', (member) => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (other) => {
        fc.pre(other !== place[member]);
        const moved = { ...place, [member]: other };
        expect(reasonOf(() => during.open(sealed, moved))).toBe('tampered');
        expect(reasonOf(() => during.open(during.seal(sealed, moved), place))).toBe('tampered');
      }),
    );
  });

  it('no user, an empty one and any other are three', () => {
    const places: Place[] = [place, ofNobody, { ...place, userId: '' }];
    for (const from of places)
      for (const to of places) {
        const outcome = reasonOf(() => during.open(during.seal(Buffer.from('x'), from), to));
        expect(outcome).toBe(from === to ? 'opened' : 'tampered');
      }
  });

  it('no two places are alike, however their members run together', () => {
    // Few letters, and those of the encoding itself, so that joined texts often collide.
    const text = fc.string({ unit: fc.constantFrom('1', ':', '.', '-', '0'), maxLength: 3 });
    const anyPlace: fc.Arbitrary<Place> = fc.record(
      { table: text, column: text, realmId: text, rowId: text, userId: text },
      { requiredKeys: ['table', 'column', 'realmId', 'rowId'] },
    );
    const texts = (one: Place) => JSON.stringify(members.map((member) => one[member] ?? null));
    fc.assert(
      fc.property(anyPlace, anyPlace, (from, to) => {
        const outcome = reasonOf(() => during.open(during.seal(Buffer.from('x'), from), to));
        expect(outcome).toBe(texts(from) === texts(to) ? 'opened' : 'tampered');
      }),
      { numRuns: 5000 },
    );
  });

  it.each<[string, Partial<Place>, Partial<Place>]>([
    ['table and column', { table: 'a', column: 'b.c' }, { table: 'a.b', column: 'c' }],
    ['realm and user', { realmId: 'ab', userId: 'c' }, { realmId: 'a', userId: 'bc' }],
    ['user and row', { userId: '1', rowId: '23' }, { userId: '12', rowId: '3' }],
    ['forged lengths', { userId: 'a1:b', rowId: 'c' }, { userId: 'a', rowId: 'b1:c' }],
  ])('no border moves between %s', (_name, from, to) => {
    const moved = during.seal(Buffer.from('x'), { ...place, ...from });
    expect(reasonOf(() => during.open(moved, { ...place, ...to }))).toBe('tampered');
  });

  it('S111: another key id never opens it, not even of the same key', () => {
    const twins = new Envelope(
      Keyring.parse(`aa:${master.toString('base64')},bb:${master.toString('base64')}`),
    );
    const written = twins.seal(Buffer.from('secret'), place);
    const swapped = Buffer.concat([Buffer.from('\x01\x02bb'), written.subarray(4)]);
    expect(twins.keyIdOf(swapped)).toBe('bb');
    expect(reasonOf(() => twins.open(swapped, place))).toBe('tampered');
    const asOld = Buffer.concat([Buffer.from('\x01\x03old'), sealed.subarray(5)]);
    expect(reasonOf(() => during.open(asOld, place))).toBe('tampered');
  });
});

describe('what was tampered with', () => {
  it('no flipped bit goes unnoticed, wherever it is', () => {
    const sealed = during.seal(Buffer.from('12345678901234567890'), place);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const flipped = Buffer.from(sealed);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(['tampered', 'unknown_key', 'malformed']).toContain(
        reasonOf(() => during.open(flipped, place)),
      );
    }
  });

  it('neither cut nor lengthened nor joined does it open', () => {
    const one = during.seal(Buffer.from('one of them'), place);
    const two = during.seal(Buffer.from('another one'), place);
    for (let length = 0; length < one.length; length += 1)
      expect(reasonOf(() => during.open(one.subarray(0, length), place))).not.toBe('opened');
    const longer = Buffer.concat([one, Buffer.alloc(1)]);
    expect(reasonOf(() => during.open(longer, place))).toBe('tampered');
    for (let cut = 5; cut < one.length; cut += 1) {
      const joined = Buffer.concat([one.subarray(0, cut), two.subarray(cut)]);
      // Cut before the nonce it is the second, whole.
      if (!joined.equals(two)) expect(reasonOf(() => during.open(joined, place))).toBe('tampered');
    }
  });

  it('any bytes at all give an EnvelopeError and nothing else', () => {
    const noise = fc.uint8Array({ maxLength: 80 });
    const likely = noise.map((bytes) => Uint8Array.from([1, 3, 110, 101, 119, ...bytes]));
    fc.assert(
      fc.property(fc.oneof(noise, likely), (bytes) => {
        expect(['tampered', 'unknown_key', 'malformed']).toContain(
          reasonOf(() => during.open(bytes, place)),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['another version', Buffer.concat([Buffer.from('\x02\x03new'), randomBytes(40)])],
    ['an id without a letter', Buffer.concat([Buffer.from('\x01\x00'), randomBytes(40)])],
    ['an id of 33', Buffer.concat([Buffer.from([1, 33]), Buffer.alloc(33, 'a'), randomBytes(40)])],
    ['no room for the tag', Buffer.concat([Buffer.from('\x01\x03new'), randomBytes(27)])],
  ])('%s is malformed', (_name, bytes) => {
    expect(reasonOf(() => during.open(bytes, place))).toBe('malformed');
    expect(reasonOf(() => during.keyIdOf(bytes))).toBe('malformed');
    expect(reasonOf(() => during.isCurrent(bytes))).toBe('malformed');
  });

  it('S114: the error shows nothing of what stands in the column', () => {
    const secret = '+14155550123\n otpauth://totp/x?secret=JBSWY3DPEHPK3PXP, and so on and on';
    const messages = [Buffer.from(secret), Buffer.from(`\x01\x1e${secret}`)].map((bytes) => {
      try {
        return during.open(bytes, place).toString();
      } catch (error) {
        return String(error);
      }
    });
    expect(messages).toEqual(
      Array(2).fill('EnvelopeError: a sealed value does not open: malformed'),
    );
    const sealed = during.seal(Buffer.from(secret), place);
    const moved = () => during.open(sealed, { ...place, rowId: 'fac_2' });
    expect(moved).toThrow(/^a sealed value does not open: tampered, key "new"$/);
  });
});

describe('S112: rotation', () => {
  const old = before.seal(Buffer.from('secret'), place);

  it('the old key still opens, and is not current', () => {
    expect(during.open(old, place).toString()).toBe('secret');
    expect(during.keyIdOf(old)).toBe('old');
    expect(during.isCurrent(old)).toBe(false);
    expect(before.isCurrent(old)).toBe(true);
  });

  it('the new key writes, and opens when the old one is gone', () => {
    const sealed = during.seal(during.open(old, place), place);
    expect(during.isCurrent(sealed)).toBe(true);
    expect(after.open(sealed, place).toString()).toBe('secret');
  });

  it('a key that is gone is named as such', () => {
    expect(reasonOf(() => after.open(old, place))).toBe('unknown_key');
    expect(() => after.open(old, place)).toThrow(/unknown_key, key "old"$/);
  });
});
