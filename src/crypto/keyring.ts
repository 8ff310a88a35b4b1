import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';

const KEY_BYTES = 32;
const idShape = /^[A-Za-z0-9_-]{1,32}$/;

/** The configured keys cannot be used; the message names every problem and never a key. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError';

  constructor(problems: readonly string[]) {
    super(`The encryption keys cannot be used:\n${problems.map((one) => `  - ${one}`).join('\n')}`);
  }
}

/**
 * The master keys: the first writes, all of them read, so that a key is rotated by putting a new one in
 * front. A master key itself encrypts nothing; each purpose has a key derived from it. They stand in
 * private fields as KeyObjects, which neither print nor serialise (S114).
 */
export class Keyring {
  readonly #masters: ReadonlyMap<string, KeyObject>;
  readonly #derived = new Map<string, KeyObject>();
  /** The ids, the writing one first. */
  readonly ids: readonly [string, ...string[]];

  private constructor(masters: ReadonlyMap<string, KeyObject>, ids: [string, ...string[]]) {
    this.#masters = masters;
    this.ids = ids;
  }

  /**
   * Reads `id:base64(32 bytes)`, comma-separated.
   *
   * @throws KeyringError naming all that is wrong at once
   */
  static parse(text: string): Keyring {
    const problems: string[] = [];
    const masters = new Map<string, KeyObject>();
    text.split(',').forEach((entry, index) => {
      const [id = '', material = ''] = entry.trim().split(/:(.*)/s);
      const key = Buffer.from(material, 'base64');
      const problem = problemOf(id, key, masters);
      if (problem === undefined) masters.set(id, createSecretKey(key));
      else problems.push(`key ${index + 1}: ${problem}`);
    });
    const [first, ...others] = masters.keys();
    if (first === undefined || problems.length > 0) throw new KeyringError(problems);
    return new Keyring(masters, [first, ...others]);
  }

  /** @returns a new random key as `parse` reads it */
  static generate(id = 'k1'): string {
    return `${id}:${randomBytes(KEY_BYTES).toString('base64')}`;
  }

  /** The key that writes. */
  get currentId(): string {
    return this.ids[0];
  }

  /**
   * The 256-bit key of a purpose: HKDF-SHA256 (RFC 5869) of the master key, without salt, the purpose
   * as its info.
   *
   * @returns undefined where the ring has no key of that id
   */
  derive(id: string, purpose: string): KeyObject | undefined {
    const name = `${id} ${purpose}`;
    const known = this.#derived.get(name);
    if (known !== undefined) return known;
    const master = this.#masters.get(id);
    if (master === undefined) return undefined;
    const bits = hkdfSync('sha256', master, '', `watchword/v1/${purpose}`, KEY_BYTES);
    const key = createSecretKey(Buffer.from(bits));
    this.#derived.set(name, key);
    return key;
  }
}

function problemOf(id: string, key: Buffer, others: ReadonlyMap<string, KeyObject>) {
  if (!idShape.test(id)) return 'its id must be 1 to 32 of A-Z a-z 0-9 _ -, followed by a colon';
  if (others.has(id)) return `the id "${id}" stands twice`;
  if (key.length !== KEY_BYTES)
    return `"${id}" has ${key.length} bytes and needs ${KEY_BYTES}: echo "${id}:$(openssl rand -base64 32)"`;
  if (new Set(key).size < 8) return `"${id}" is too regular to be random`;
  return undefined;
}
