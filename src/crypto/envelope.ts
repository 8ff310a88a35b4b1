import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Keyring } from './keyring.js';
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly realmId: string;
  readonly rowId: string;
  readonly userId?: string;
}
export class Envelope {
  constructor(private readonly keyring: Keyring) {}
  seal(plaintext: Uint8Array, place: Place): Buffer {
    const nonce = randomBytes(12);
    const c = createCipheriv(
      'aes-256-gcm',
      this.keyring.derive(this.keyring.currentId, place.table + place.column),
      nonce,
    );
    c.setAAD(Buffer.from(JSON.stringify([place, this.keyring.currentId])));
    return Buffer.concat([nonce, c.update(plaintext), c.final(), c.getAuthTag()]);
  }
  open(sealed: Uint8Array, place: Place): Buffer {
    const b = Buffer.from(sealed);
    const d = createDecipheriv(
      'aes-256-gcm',
      this.keyring.derive(this.keyring.currentId, place.table + place.column),
      b.subarray(0, 12),
    );
    d.setAAD(Buffer.from(JSON.stringify([place, this.keyring.currentId])));
    d.setAuthTag(b.subarray(-16));
    return Buffer.concat([d.update(b.subarray(12, -16)), d.final()]);
  }
}
