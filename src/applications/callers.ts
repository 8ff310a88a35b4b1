import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../clock.js';
import type { KeyHash } from './api-key.js';
import type { KeyHolder } from './application.js';
import { ApplicationsRepository } from './applications.repository.js';

/** A revoked key is refused on every replica after at most this long. */
export const CALLER_KEPT_MS = 5_000;
const LAST_USED_EVERY_MS = 60_000;
const MOST_CALLERS = 10_000;

/**
 * Knows who an API key belongs to. An accepted key is remembered for a few seconds, so that a login
 * does not ask the database who is calling; an unknown one is asked about each time, which the limit
 * on failing addresses keeps rare.
 */
@Injectable()
export class Callers implements OnApplicationShutdown {
  private readonly known = new Map<
    KeyHash,
    { holder: Promise<KeyHolder | undefined>; until: number }
  >();
  /** Hashes of keys that were accepted once and not refused since. */
  private readonly accepted = new Set<KeyHash>();
  private readonly used = new Map<string, Date>();
  private noteAfter = 0;

  constructor(
    private readonly repository: ApplicationsRepository,
    private readonly clock: Clock,
  ) {}

  /** @returns whose the key of that hash is, or undefined if no live key has it */
  async identify(hash: KeyHash): Promise<KeyHolder | undefined> {
    const now = this.clock.now();
    const holder = await this.recall(hash, now.getTime());
    if (holder !== undefined) this.noteUse(holder.keyId, now);
    return holder;
  }

  /**
   * Whether this process has accepted the key before. It says who may still ask while an address is
   * shut out, not that the key is live now.
   */
  hasAccepted(hash: KeyHash): boolean {
    return this.accepted.has(hash);
  }

  /** Forgets every key, so that what an operator has just changed holds at once in this process. */
  forget(): void {
    this.known.clear();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.writeUses().catch(() => undefined);
  }

  private recall(hash: KeyHash, now: number): Promise<KeyHolder | undefined> {
    const entry = this.known.get(hash);
    // A clock that was set back must not keep an entry alive.
    if (entry !== undefined && now < entry.until && entry.until - now <= CALLER_KEPT_MS)
      return entry.holder;
    const holder = this.repository.findHolder(hash);
    if (this.known.size >= MOST_CALLERS) this.known.clear();
    this.known.set(hash, { holder, until: now + CALLER_KEPT_MS });
    holder.then(
      (found) => this.settle(hash, found !== undefined),
      () => this.known.delete(hash),
    );
    return holder;
  }

  private settle(hash: KeyHash, isLive: boolean): void {
    if (!isLive) {
      this.known.delete(hash);
      this.accepted.delete(hash);
      return;
    }
    if (this.accepted.size >= MOST_CALLERS) this.accepted.clear();
    this.accepted.add(hash);
  }

  private noteUse(keyId: string, now: Date): void {
    this.used.set(keyId, now);
    if (now.getTime() < this.noteAfter) return;
    this.noteAfter = now.getTime() + LAST_USED_EVERY_MS;
    // The time of last use is for the operator's eye: losing a note is no reason to refuse a login.
    this.writeUses().catch(() => undefined);
  }

  private async writeUses(): Promise<void> {
    if (this.used.size === 0) return;
    const uses = new Map(this.used);
    this.used.clear();
    await this.repository.markUsed(uses);
  }
}
