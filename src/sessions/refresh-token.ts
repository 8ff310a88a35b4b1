import { Injectable } from '@nestjs/common';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { Keyring } from '../crypto/keyring.js';
import { RotatingTokens } from '../crypto/rotating-token.js';

/** Refresh tokens: `wwr_`, the session, 256 random bits, a tag. */
@Injectable()
export class RefreshTokens extends RotatingTokens {
  constructor(keyring: Keyring) {
    super({
      prefix: 'wwr_',
      idPrefix: 'ses_',
      purpose: 'refresh-token',
      tags: new KeyedHash(keyring, 'refresh-token'),
      successors: new KeyedHash(keyring, 'refresh-successor'),
    });
  }
}
