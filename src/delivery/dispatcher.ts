import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { bulkhead } from 'cockatiel';
import { Clock } from '../clock.js';
import type { ProviderName } from '../config/sms.settings.js';
import { DeliveryMetrics } from './delivery.metrics.js';
import { MessagesRepository } from './messages.repository.js';
import { MOST_AT_ONCE, ProviderError, type Letter } from './provider.js';
import { Providers } from './providers.js';

/** Carries messages out of the outbox: one provider after another, until one takes it. */
@Injectable()
export class Dispatcher implements OnApplicationShutdown {
  private readonly underWay = new Set<Promise<void>>();
  private readonly turns = bulkhead(MOST_AT_ONCE, Infinity);
  private isStopping = false;

  constructor(
    private readonly messages: MessagesRepository,
    private readonly providers: Providers,
    private readonly metrics: DeliveryMetrics,
    private readonly clock: Clock,
  ) {}

  /** Begins to carry messages that have been committed; nobody waits for it. */
  carry(letters: readonly Letter[]): void {
    for (const letter of letters) this.track(this.inTurn(letter, []));
  }

  /**
   * Goes on with messages that another process has left.
   *
   * @returns how many there were
   */
  async sweep(): Promise<number> {
    const now = this.clock.now();
    const abandoned = await this.messages.claimAbandoned(now);
    for (const { letter, tried, inHand } of abandoned) {
      const last = tried.at(-1);
      if (inHand && last !== undefined)
        this.track(this.messages.leaveUnanswered(letter.id, last, now));
      else if (letter.expiresAt <= now) this.track(this.messages.fail(letter.id, 'too_late', now));
      else this.track(this.inTurn(letter, tried));
    }
    return abandoned.length;
  }

  /** Waits for every message that is on its way. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  /** Finishes what a provider has in hand; what waits for its turn is left to another process. */
  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await this.settled();
  }

  private inTurn(letter: Letter, tried: readonly string[]): Promise<void> {
    return this.turns.execute(() => this.carryOne(letter, tried));
  }

  private track(work: Promise<void>): void {
    // What fails here is the database: the message stays claimed, and is gone on with when that ends.
    const tracked = work.catch(() => undefined).finally(() => this.underWay.delete(tracked));
    this.underWay.add(tracked);
  }

  private async carryOne(letter: Letter, tried: readonly string[]): Promise<void> {
    const order = this.providers.inOrder(letter.country, letter.channel, letter.avoid);
    let failure = 'no_provider';
    let unanswered: ProviderName | undefined;
    const candidates = order.filter((name) => !tried.includes(name));
    for (const name of candidates) {
      if (this.isStopping) return;
      if (!(await this.messages.begin(letter.id, name, this.clock.now()))) return;
      const outcome = await this.handOver(name, letter, name === candidates.at(-1));
      if (outcome.taken) {
        await this.messages.accept(letter.id, name, outcome.id, this.clock.now());
        return;
      }
      failure = outcome.error.detail;
      if (outcome.error.refusal === 'unanswered') unanswered = name;
      if (outcome.error.refusal === 'number') break;
      await this.messages.putBack(letter.id);
    }
    const now = this.clock.now();
    await (unanswered === undefined
      ? this.messages.fail(letter.id, failure, now)
      : this.messages.leaveUnanswered(letter.id, unanswered, now));
  }

  private async handOver(name: ProviderName, letter: Letter, isLast: boolean) {
    try {
      const id = await this.providers.send(name, letter, isLast);
      this.metrics.countMessage(name, letter.channel, 'taken');
      return { taken: true, id } as const;
    } catch (error) {
      const known = error instanceof ProviderError;
      const refusal = known ? error : new ProviderError('refused', 'internal', { cause: error });
      this.metrics.countMessage(name, letter.channel, refusal.refusal);
      return { taken: false, error: refusal } as const;
    }
  }
}
