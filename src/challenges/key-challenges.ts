import { Injectable } from '@nestjs/common';
import { WatchwordError } from '../errors.js';
import type { Caller } from '../applications/application.js';
import { Clock } from '../clock.js';
import type { RequestOptions } from '../factors/key-response.js';
import { SecurityKeys } from '../factors/security-keys.js';
import { statusAt, type Challenge } from './challenge.js';

/** Challenges that a security key signs. */
@Injectable()
export class KeyChallenges {
  constructor(
    private readonly keys: SecurityKeys,
    private readonly clock: Clock,
  ) {}

  /** @throws WatchwordError `security_key_missing` where the user, where one is named, has none */
  async requireKey({ application }: Caller, userId: string | null): Promise<void> {
    if (userId !== null && !(await this.keys.isAmong(application.realmId, userId)))
      throw new WatchwordError('security_key_missing');
  }

  /** What the browser is to be asked; undefined for another kind of challenge, and once it has ended. */
  async optionsOf(challenge: Challenge): Promise<RequestOptions | undefined> {
    const { realmId, userId, factorId, nonce } = challenge;
    if (nonce === null || statusAt(challenge, this.clock.now()) !== 'pending') return undefined;
    return this.keys.requestOptions(realmId, userId, factorId, nonce);
  }
}
