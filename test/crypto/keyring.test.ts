import { randomBytes } from 'node:crypto';
import { format, inspect } from 'node:util';
import fc from 'fast-check';
import { Envelope } from '../../src/crypto/envelope.js';
import { KeyedHash } from '../../src/crypto/keyed-hash.js';
import { Keyring, KeyringError } from '../../src/crypto/keyring.js';
import { derivedKey } from './yardstick.js';

const key = () => randomBytes(32).toString('base64');

function errorOf(text: string): KeyringError {
  try {
    Keyring.parse(text);
  } catch (error) {
    if (error instanceof KeyringError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('Keyring.parse', () => {
  it('S112: the first key writes, and all are there', () => {
    const ring = Keyring.parse(`new-1:${key()},old_0:${key()}`);
    expect(ring.currentId).toBe('new-1');
    expect(ring.ids).toEqual(['new-1', 'old_0']);
  });

  it.each([
    ['white space around the entries', (one: Buffer) => ` a:${one.toString('base64')} \n`],
    ['no padding', (one: Buffer) => `a:${one.toString('base64').replace('=', '')}`],
    ['the base64 of URLs', (one: Buffer) => `a:${one.toString('base64url')}`],
  ])('takes %s', async (_, write) => {
    const master = Buffer.alloc(32, Buffer.from('fbefbe00112233445566', 'hex'));
    const derived = Keyring.parse(write(master)).derive('a', 'p');
    expect(derived?.export()).toEqual(await derivedKey(master, 'p'));
  });

  it.each<[string, string, string[]]>([
    ['nothing', '', ['there is none: set at least one']],
    ['white space', ' \n', ['there is none: set at least one']],
    ['a comma too many', `a:${key()},`, ['key 2 is empty: take the comma away']],
    ['a key without an id', key(), ['key 1 has no colon: write id:key']],
    ['an empty key', 'a:', ['key 1 has 0 bytes: make one of 32']],
    ['31 bytes', `a:${Buffer.alloc(31, 'x1').toString('base64')}`, [expect.stringContaining('31')]],
    ['33 bytes', `a:${Buffer.alloc(33, 'x1').toString('base64')}`, [expect.stringContaining('33')]],
    ['junk in the base64', `a:@@${key()}`, ['key 1 is not base64: copy it again']],
    ['an id of 33', `${'a'.repeat(33)}:${key()}`, [expect.stringContaining('key 1 has a bad id')]],
    ['an id with a space', `a b:${key()}`, [expect.stringContaining('key 1 has a bad id')]],
    ['an id with a line break', `a\nb:${key()}`, [expect.stringContaining('key 1 has a bad id')]],
    ['two colons', `a:${key()}:b`, [expect.stringContaining('key 1 has a second colon')]],
    ['one id twice', `a:${key()},b:${key()},a:${key()}`, [expect.stringContaining('id of key 1')]],
  ])('refuses %s', (_, text, problems) => {
    expect(errorOf(text).problems).toEqual(problems);
  });

  it.each([0x00, 0x41, 0xff])('refuses a key of nothing but byte %d', (byte) => {
    const text = `a:${Buffer.alloc(32, byte).toString('base64')}`;
    expect(errorOf(text).problems).toEqual(['key 1 is too regular to be random: make a new one']);
  });

  it('names all that is wrong at once, and how to make a key', () => {
    const short = randomBytes(16).toString('base64');
    const dull = Buffer.alloc(32, 7).toString('base64');
    const { message, problems } = errorOf(`a b:${short},k:${dull},,k:${key()},k:!`);
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'key 1 has a bad id',
      'key 1 has 16 bytes',
      'key 2 is too regular to be random',
      'key 3 is empty',
      'key 4 has the id of key 2',
      'key 5 is not base64',
      'key 5 has the id of key 2',
    ]);
    for (const problem of problems) expect(message).toContain(problem);
    expect(message).toContain('openssl rand -base64 32');
  });

  it('S114: an error never shows what was in the text, in whatever field a key stands', () => {
    const material = fc.oneof(
      fc.uint8Array({ minLength: 8, maxLength: 40 }).map((b) => Buffer.from(b).toString('base64')),
      fc.uint8Array({ minLength: 8, maxLength: 32 }).map((b) => Buffer.from(b).toString('hex')),
    );
    const entry = fc
      .tuple(
        material,
        material,
        fc.constantFrom('id:key', 'key', 'key:id', 'key:', ':key', 'key:key'),
      )
      .map(([one, two, shape]) => ({
        text: shape.replace('key', one).replace('key', two).replace('id', 'k1'),
        secrets: [one, two],
      }));
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 4 }), (entries) => {
        // The last is empty, so that every text is refused.
        const error = errorOf(`${entries.map(({ text }) => text).join(',')},`);
        const shown = `${error.message} ${error.stack ?? ''} ${inspect(error)} ${JSON.stringify(error)}`;
        for (const secret of entries.flatMap(({ secrets }) => secrets))
          expect(shown).not.toContain(secret.slice(0, 8));
      }),
    );
  });
});

describe('Keyring.generate', () => {
  it('S4: gives a new key each time, which parse reads', () => {
    const texts = Array.from({ length: 100 }, () => Keyring.generate());
    expect(new Set(texts).size).toBe(100);
    for (const text of texts) expect(Keyring.parse(text).ids).toEqual(['k1']);
    expect(Keyring.parse(Keyring.generate('2026-11')).currentId).toBe('2026-11');
  });

  it.each(['', 'a b', 'a:b', 'a,b', 'a\n', 'a'.repeat(33)])('refuses the id %j', (id) => {
    expect(() => Keyring.generate(id)).toThrow(KeyringError);
  });
});

describe('Keyring.derive', () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const irregular = bytes32.filter((bytes) => new Set(bytes).size >= 8);

  it('is HKDF-SHA256 (RFC 5869) with an info of its own for each purpose', async () => {
    await fc.assert(
      fc.asyncProperty(irregular, fc.string(), async (master, purpose) => {
        const ring = Keyring.parse(`k:${Buffer.from(master).toString('base64')}`);
        const derived = ring.derive('k', purpose)?.export();
        expect(derived).toEqual(await derivedKey(master, purpose));
      }),
    );
  });

  it('gives different keys for different purposes and ids, and none that is a master key', () => {
    const [one, two] = [randomBytes(32), randomBytes(32)];
    const ring = Keyring.parse(`a:${one.toString('base64')},b:${two.toString('base64')}`);
    const derived = ['a', 'b'].flatMap((id) => ['p', 'q'].map((p) => ring.derive(id, p)?.export()));
    const all = [one, two, ...derived].map((bytes) => bytes?.toString('hex'));
    expect(new Set(all).size).toBe(6);
    expect(all).not.toContain(undefined);
  });

  it('derives once, and knows no other id', () => {
    const ring = Keyring.parse(Keyring.generate('a'));
    expect(ring.derive('a', 'p')).toBe(ring.derive('a', 'p'));
    expect(ring.derive('b', 'p')).toBeUndefined();
    expect(ring.derive('a p', '')).toBeUndefined();
  });
});

describe('S114: keys are never shown', () => {
  const masters = [randomBytes(32), randomBytes(32)] as const;
  const text = masters.map((bytes, index) => `k${index}:${bytes.toString('base64')}`).join(',');
  const ring = Keyring.parse(text);
  const envelope = new Envelope(ring);
  const hash = new KeyedHash(ring, 'code');
  envelope.seal(Buffer.from('x'), { table: 't', column: 'c', realmId: 'r', rowId: 'i' });
  const derived = ['seal/t.c', 'hash/code'].flatMap((p) => ring.derive('k0', p)?.export() ?? []);
  const secrets = [...masters, ...derived];

  /** Every way in which the first eight bytes are commonly written. */
  const writings = (bytes: Buffer) => [
    bytes.toString('base64').slice(0, 10),
    bytes.toString('base64url').slice(0, 10),
    bytes.toString('hex').slice(0, 16),
    bytes.toString('latin1').slice(0, 8),
    [...bytes.subarray(0, 8)].join(','),
  ];

  it.each([
    ['a keyring', ring],
    ['an envelope', envelope],
    ['a keyed hash', hash],
    ['what holds them', { ring, nested: [{ envelope, hash }] }],
    ['a copy of the fields', Object.assign({}, ring, envelope, hash)],
  ])('neither printed nor serialised with %s', (_, holder) => {
    const shown = [
      inspect(holder, { depth: Infinity, showHidden: true, getters: true }),
      inspect(holder, { depth: Infinity, customInspect: false, showHidden: true }),
      JSON.stringify(holder),
      JSON.stringify(Object.getOwnPropertyDescriptors(holder)),
      format('%s %o %O %j', holder, holder, holder, holder),
    ].map((one) => one + one.replace(/\s/g, ''));
    for (const writing of secrets.flatMap(writings))
      for (const one of shown) expect(one).not.toContain(writing);
  });

  it('and the ids are, which is what one looks for', () => {
    expect(inspect({ ring })).toContain('Keyring { ids: k0, k1 }');
    expect(JSON.stringify({ ring })).toBe('{"ring":{"ids":["k0","k1"]}}');
  });

  it('and left in no buffer of the pool', () => {
    const pools = new Set<ArrayBufferLike>();
    const remember = () => pools.add(Buffer.from('pooled').buffer);
    remember();
    // It comes from no pool itself.
    const ours = randomBytes(32);
    const read = Keyring.parse(`k:${ours.toString('base64')}`);
    read.derive('k', 'p');
    remember();
    expect([...pools].every((pool) => pool.byteLength >= 4096)).toBe(true);
    for (const pool of pools) expect(Buffer.from(pool).includes(ours)).toBe(false);
  });
});
