import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { isPublished, nextChange, RELOAD_SECONDS, signerOf } from './key-life.js';
import type { SigningKey } from './signing-key.js';
import { SigningKeysRepository } from './signing-keys.repository.js';

/** An unknown `kid` costs the database a query at most that often, whoever makes them up. */
const LOOKED_FOR_EVERY_MS = 1_000;

/**
 * The keys that sign tokens and check them: sealed in the database, the same for every replica, read again
 * every few seconds. What each is at a moment follows from its row and the clock (key-life.ts).
 */
@Injectable()
export class SigningKeys {
  private keys: readonly SigningKey[] = [];
  private askedAt = 0;
  private reading: Promise<readonly SigningKey[]> | undefined;
  private lookedAt = -Infinity;
  /** The one that signs, and between which moments that choice holds. */
  private signer: SigningKey | undefined;
  private signsFrom = 0;
  private signsUntil = 0;

  constructor(
    private readonly repository: SigningKeysRepository,
    private readonly clock: Clock,
  ) {}

  /** The key that signs now. */
  current(): SigningKey {
    const now = this.clock.now();
    const time = now.getTime();
    if (time < this.signsFrom || time >= this.signsUntil) this.choose(now);
    if (this.signer === undefined) throw new Error('there is no active signing key');
    return this.signer;
  }

  /**
   * The published key of that id; an id only selects, and nothing in a token says where to look (S82). One
   * that another replica has just made is looked for in the database. The weakness: while somebody sends
   * made-up ids without end, a key that signs without having been pending, after an emergency, is met here a
   * second later than it might be.
   */
  async lookUp(kid: string): Promise<SigningKey | undefined> {
    const key = (await this.fresh()).find((one) => one.kid === kid);
    if (key !== undefined) return isPublished(key, this.clock.now()) ? key : undefined;
    const now = this.clock.now().getTime();
    if (Math.abs(now - this.lookedAt) < LOOKED_FOR_EVERY_MS) return undefined;
    this.lookedAt = now;
    const found = (await this.readOrKeep()).find((one) => one.kid === kid);
    return found !== undefined && isPublished(found, this.clock.now()) ? found : undefined;
  }

  /** Every published key, the newest first. */
  async published(): Promise<readonly SigningKey[]> {
    const keys = await this.fresh();
    return keys.filter((key) => isPublished(key, this.clock.now()));
  }

  /** Every key that has a row, those that are gone included. @throws what reading and unsealing throw */
  async reload(): Promise<readonly SigningKey[]> {
    this.keys = await this.repository.list();
    this.askedAt = this.clock.now().getTime();
    this.choose(this.clock.now());
    return this.keys;
  }

  private async fresh(): Promise<readonly SigningKey[]> {
    const age = Math.abs(this.clock.now().getTime() - this.askedAt);
    return age < RELOAD_SECONDS * 1000 ? this.keys : this.readOrKeep();
  }

  /**
   * One reading for all who wait for one. Where it fails, what was read before stays true: a database that is
   * away, or a key sealed under a master key that this replica has not been given, must not make all tokens
   * bad. The service reads by itself too, and logs why it cannot (service.ts).
   */
  private readOrKeep(): Promise<readonly SigningKey[]> {
    this.reading ??= this.reload()
      .catch(() => {
        this.askedAt = this.clock.now().getTime();
        return this.keys;
      })
      .finally(() => {
        this.reading = undefined;
      });
    return this.reading;
  }

  private choose(now: Date): void {
    this.signer = signerOf(this.keys, now);
    this.signsFrom = this.signer?.signsAt.getTime() ?? -Infinity;
    this.signsUntil = nextChange(this.keys, now)?.getTime() ?? Infinity;
  }
}
