import { createHmac, type KeyObject } from 'node:crypto';
import { sameBytes } from './digest.js';
import type { Keyring } from './keyring.js';
import { lengthPrefixed } from './length-prefix.js';

/**
 * HMAC-SHA256 (RFC 2104) under keys of one purpose: for values that are compared or looked up, and never
 * read back. The same text hashed for two purposes has nothing in common.
 *
 * Its weakness is that of every keyed hash: who has the keys and the database tries all codes, or all
 * phone numbers, within minutes. It holds as long as the two are not stolen together (S113).
 */
export class KeyedHash {
  private readonly current: KeyObject;
  private readonly keys: readonly KeyObject[];

  /** @param purpose what is hashed, as `code`: another purpose, another key */
  constructor(keyring: Keyring, purpose: string) {
    const derive = (id: string) => {
      const key = keyring.derive(id, `hash/${purpose}`);
      if (key === undefined) throw new Error('a key of the ring is not in the ring');
      return key;
    };
    this.current = derive(keyring.currentId);
    this.keys = keyring.ids.map(derive);
  }

  /**
   * The hash that is stored: 32 bytes, under the key that writes. A code's parts hold the id of its
   * challenge, so that the hash is good for no other (S64).
   */
  hash(...parts: readonly string[]): Buffer {
    return hmac(this.current, parts);
  }

  /** The hashes under every key of the ring, the current one first: what a lookup has to try (S112). */
  candidates(...parts: readonly string[]): Buffer[] {
    return this.keys.map((key) => hmac(key, parts));
  }

  /** Whether the stored hash is of these parts, under any key of the ring, in constant time (S43). */
  matches(stored: Uint8Array, ...parts: readonly string[]): boolean {
    // All are compared, so that the time does not tell which key it was.
    const found = this.candidates(...parts).filter((candidate) => sameBytes(candidate, stored));
    return found.length > 0;
  }
}

function hmac(key: KeyObject, parts: readonly string[]): Buffer {
  return createHmac('sha256', key)
    .update(lengthPrefixed(...parts))
    .digest();
}
