import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { Keyring } from './keyring.js';

/**
 * HMAC-SHA256 under keys of one purpose: for values that are compared or looked up, and never read
 * back. The same text hashed for two purposes has nothing in common.
 */
export class KeyedHash {
  private readonly keys: readonly KeyObject[];

  constructor(keyring: Keyring, purpose: string) {
    this.keys = keyring.ids.flatMap((id) => keyring.derive(id, `hash/${purpose}`) ?? []);
  }

  /** The hash that is stored: under the key that writes. */
  hash(...parts: readonly string[]): Buffer {
    const [current] = this.candidates(...parts);
    if (current === undefined) throw new Error('the keyring is empty');
    return current;
  }

  /** The hashes under every key of the ring, the current one first: what a lookup has to try. */
  candidates(...parts: readonly string[]): Buffer[] {
    // Each with its length before it: ("ab", "c") is not ("a", "bc").
    const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
    return this.keys.map((key) => createHmac('sha256', key).update(text).digest());
  }

  /** Whether the stored hash is of these parts, in constant time (S43). */
  matches(stored: Uint8Array, ...parts: readonly string[]): boolean {
    const same = this.candidates(...parts).filter(
      (candidate) => candidate.length === stored.length && timingSafeEqual(candidate, stored),
    );
    return same.length > 0;
  }
}
