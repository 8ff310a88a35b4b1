import { Injectable } from '@nestjs/common';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { Keyring } from '../crypto/keyring.js';

/** How a code that was sent is kept: as a keyed hash with its challenge in it, good for no other (S64). */
@Injectable()
export class SentCodes {
  private readonly hashes: KeyedHash;

  constructor(keyring: Keyring) {
    this.hashes = new KeyedHash(keyring, 'code');
  }

  hash(challengeId: string, code: string): Buffer {
    return this.hashes.hash(challengeId, code);
  }

  matches(stored: Uint8Array, challengeId: string, code: string): boolean {
    return this.hashes.matches(stored, challengeId, code);
  }
}
