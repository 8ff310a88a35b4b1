import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { badId, KEY_BYTES, keyIdShape, problemsOf } from './keyring-text.js';

const howToMakeOne = 'A good key is made by: echo "k1:$(openssl rand -base64 32)"';

/** The configured keys cannot be used; the message names every problem and never a key. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError';

  constructor(readonly problems: readonly string[]) {
    const lines = problems.map((problem) => `  - ${problem}`);
    super(['The encryption keys cannot be used:', ...lines, howToMakeOne].join('\n'));
  }
}

/**
 * The master keys: the first writes, all of them read, so that a key is rotated by putting a new one in
 * front. A master key itself encrypts nothing; each purpose has a key derived from it. They stand in
 * private fields as KeyObjects, which neither print nor serialise (S114). The weakness: the text they
 * were read from is a string, which nobody can wipe; it stays in memory, and in the environment.
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
   * Reads `id:base64(32 bytes)`, comma-separated; the base64 of URLs, or without padding, will do.
   * @throws KeyringError naming all that is wrong at once
   */
  static parse(text: string): Keyring {
    const problems = problemsOf(text);
    if (problems.length > 0) throw new KeyringError(problems);
    const masters = new Map<string, KeyObject>();
    for (const entry of text.split(',')) {
      const [id = '', material = ''] = entry.trim().split(':');
      masters.set(id, keyOf(Buffer.from(material, 'base64')));
    }
    const [first = '', ...others] = masters.keys();
    return new Keyring(masters, [first, ...others]);
  }

  /** @returns a new random key as `parse` reads it @throws KeyringError if the id is none */
  static generate(id = 'k1'): string {
    if (!keyIdShape.test(id)) throw new KeyringError([`the new key ${badId}`]);
    return `${id}:${randomBytes(KEY_BYTES).toString('base64')}`;
  }

  /** The key that writes. */
  get currentId(): string {
    return this.ids[0];
  }

  /**
   * The 256-bit key of a purpose: HKDF-SHA256 (RFC 5869) of the master key, without salt, with
   * `watchword/v1/` and the purpose as its info. It is kept, so a purpose is the program's own word and
   * never comes from a request.
   * @returns undefined where the ring has no key of that id
   */
  derive(id: string, purpose: string): KeyObject | undefined {
    // No id has a space in it.
    const name = `${id} ${purpose}`;
    const known = this.#derived.get(name);
    if (known !== undefined) return known;
    const master = this.#masters.get(id);
    if (master === undefined) return undefined;
    const bits = hkdfSync('sha256', master, '', `watchword/v1/${purpose}`, KEY_BYTES);
    const key = keyOf(Buffer.from(bits));
    this.#derived.set(name, key);
    return key;
  }

  /** The ids, and no key. */
  toJSON(): { ids: readonly string[] } {
    return { ids: this.ids };
  }

  /** The ids, and no key. */
  [inspect.custom](): string {
    return `Keyring { ids: ${this.ids.join(', ')} }`;
  }
}

/** Wipes the bytes: Node cuts small buffers from a pool that it shares out again. */
function keyOf(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
