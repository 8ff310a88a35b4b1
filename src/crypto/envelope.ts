/**
 * Encryption at rest: AES-256-GCM (NIST SP 800-38D), random nonces of 96 bits, tags of 128.
 *
 * - A sealed value opens in its own place only: table, column, realm, user, row and key are
 *   authenticated with it (S111). An older value put back into its own place does open.
 * - Each column of each table has a key of its own, derived from the master key.
 * - SP 800-38D 8.3 allows 2^32 seals a key with random nonces: the chance that two share a nonce, and
 *   then show each other, stays under 2^-32. Every seal counts, not only what is kept: at 1,000 a second
 *   a column is there after 50 days, and a new master key has to write. Nothing here counts them.
 *
 * Layout: version (1), length of the key id (1), key id, nonce (12), ciphertext, tag (16).
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Keyring } from './keyring.js';
import { keyIdShape } from './keyring-text.js';
import { additionalData, type Place } from './place.js';

export type { Place };

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const tagLength = { authTagLength: TAG_BYTES };

/** A sealed value does not open: its key is not in the ring, it is no sealed value, or not of here. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';

  constructor(
    readonly reason: 'unknown_key' | 'malformed' | 'tampered',
    keyId: string,
  ) {
    super(`a sealed value does not open: ${reason}${keyId && `, key "${keyId}"`}`);
  }
}

export class Envelope {
  constructor(private readonly keyring: Keyring) {}

  /** Seals under the current key; the result is 30 bytes and the key's id longer than the plaintext. */
  seal(plaintext: Uint8Array, place: Place): Buffer {
    const keyId = this.keyring.currentId;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.keyFor(keyId, place), nonce, tagLength);
    cipher.setAAD(additionalData(place, keyId));
    const body = cipher.update(plaintext);
    cipher.final();
    return Buffer.concat([this.beginning(), nonce, body, cipher.getAuthTag()]);
  }

  /** What each value begins with that the current key has sealed, and no other: version and key. */
  beginning(): Buffer {
    const { currentId } = this.keyring;
    return Buffer.concat([Buffer.from([VERSION, currentId.length]), Buffer.from(currentId)]);
  }

  /** @returns what was sealed, in a buffer of its own @throws EnvelopeError */
  open(sealed: Uint8Array, place: Place): Buffer {
    const keyId = this.keyIdOf(sealed);
    const start = 2 + keyId.length;
    const nonce = sealed.subarray(start, start + NONCE_BYTES);
    const decipher = createDecipheriv(ALGORITHM, this.keyFor(keyId, place), nonce, tagLength);
    decipher.setAAD(additionalData(place, keyId));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const opened = decipher.update(sealed.subarray(start + NONCE_BYTES, -TAG_BYTES));
    try {
      // In counter mode nothing is left to come: this is the check of the tag.
      decipher.final();
    } catch {
      throw new EnvelopeError('tampered', keyId);
    }
    return opened;
  }

  /** @returns the id of the key it was sealed under @throws EnvelopeError if it is no sealed value */
  keyIdOf(sealed: Uint8Array): string {
    const end = 2 + (sealed[1] ?? 0);
    const isLongEnough = sealed.length >= end + NONCE_BYTES + TAG_BYTES;
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
    const keyId = bytes.toString('latin1', 2, end);
    // Whatever else stands in the column is not an id to be printed (S114).
    if (sealed[0] !== VERSION || !isLongEnough || !keyIdShape.test(keyId))
      throw new EnvelopeError('malformed', '');
    return keyId;
  }

  /** Whether it was sealed under the key that writes now. @throws EnvelopeError as `keyIdOf` */
  isCurrent(sealed: Uint8Array): boolean {
    return this.keyIdOf(sealed) === this.keyring.currentId;
  }

  private keyFor(keyId: string, { table, column }: Place) {
    const key = this.keyring.derive(keyId, `seal/${table}.${column}`);
    if (key === undefined) throw new EnvelopeError('unknown_key', keyId);
    return key;
  }
}
