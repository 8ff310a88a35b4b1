/**
 * Encryption at rest: AES-256-GCM with a random 96-bit nonce.
 *
 * Rules:
 * - A sealed value opens in its own place only: table, column, realm, user, row and key are
 *   authenticated with it, each with its length before it, so that no two places look alike (S111).
 * - Each column of each table has a key of its own, derived from the master key.
 * - The weakness of random nonces is accepted: NIST SP 800-38D (8.3) allows 2^32 values a key before
 *   two may share a nonce with a probability of 2^-32. That is four thousand million secrets in one
 *   column before a master key must have been rotated.
 *
 * Layout: version (1), length of the key id (1), key id, nonce (12), ciphertext, tag (16).
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Keyring } from './keyring.js';

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Where a sealed value stands. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly realmId: string;
  readonly rowId: string;
  readonly userId?: string;
}

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

  /** Seals under the current key. */
  seal(plaintext: Uint8Array, place: Place): Buffer {
    const keyId = this.keyring.currentId;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.keyFor(keyId, place), nonce);
    cipher.setAAD(additionalData(place, keyId));
    const id = Buffer.from(keyId);
    const head = Buffer.from([VERSION, id.length]);
    const body = cipher.update(plaintext);
    return Buffer.concat([head, id, nonce, body, cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws EnvelopeError */
  open(sealed: Uint8Array, place: Place): Buffer {
    const keyId = this.keyIdOf(sealed);
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const start = 2 + Buffer.byteLength(keyId);
    const key = this.keyFor(keyId, place);
    const nonce = bytes.subarray(start, start + NONCE_BYTES);
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(place, keyId));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const opened = decipher.update(bytes.subarray(start + NONCE_BYTES, -TAG_BYTES));
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
    const [version, length = 0] = sealed;
    if (version !== VERSION || sealed.length < 2 + length + NONCE_BYTES + TAG_BYTES)
      throw new EnvelopeError('malformed', '');
    return Buffer.from(sealed.subarray(2, 2 + length)).toString('latin1');
  }

  /** Whether it was sealed under the key that writes now. */
  isCurrent(sealed: Uint8Array): boolean {
    return this.keyIdOf(sealed) === this.keyring.currentId;
  }

  private keyFor(keyId: string, { table, column }: Place) {
    const key = this.keyring.derive(keyId, `seal/${table}.${column}`);
    if (key === undefined) throw new EnvelopeError('unknown_key', keyId);
    return key;
  }
}

function additionalData({ table, column, realmId, userId = '', rowId }: Place, keyId: string) {
  const parts = [table, column, realmId, userId, rowId, keyId];
  return Buffer.from(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''));
}
