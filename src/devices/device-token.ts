import { Injectable } from '@nestjs/common';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { Keyring } from '../crypto/keyring.js';
import { RotatingTokens } from '../crypto/rotating-token.js';

/** Device tokens: `wwd_`, the device, 256 random bits (S77), a tag. */
@Injectable()
export class DeviceTokens extends RotatingTokens {
  constructor(keyring: Keyring) {
    super({
      prefix: 'wwd_',
      idPrefix: 'dev_',
      purpose: 'device-token',
      tags: new KeyedHash(keyring, 'device-token'),
      successors: new KeyedHash(keyring, 'device-successor'),
    });
  }
}
