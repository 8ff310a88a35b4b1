import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, type Metric } from 'prom-client';

const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 3];

/** Figures on messages; http/metrics.ts shows them. No label is a number or a user. */
@Injectable()
export class DeliveryMetrics {
  private readonly messages = new Counter({
    name: 'watchword_messages_total',
    help: 'Messages by what became of them.',
    labelNames: ['provider', 'channel', 'outcome'] as const,
    registers: [],
  });
  private readonly blocked = new Counter({
    name: 'watchword_messages_blocked_total',
    help: 'Messages that were not sent, by the rule that stopped them.',
    labelNames: ['reason', 'country'] as const,
    registers: [],
  });
  private readonly sendTime = new Histogram({
    name: 'watchword_provider_send_seconds',
    help: 'Time a provider took to answer.',
    labelNames: ['provider'] as const,
    buckets: BUCKETS,
    registers: [],
  });
  private readonly open = new Gauge({
    name: 'watchword_provider_breaker_open',
    help: '1 while a provider is left alone after failing several times in a row.',
    labelNames: ['provider'] as const,
    registers: [],
  });

  readonly all: readonly Metric[] = [this.messages, this.blocked, this.sendTime, this.open];

  countMessage(provider: string, channel: string, outcome: string): void {
    this.messages.inc({ provider, channel, outcome });
  }

  countBlocked(reason: string, country: string): void {
    this.blocked.inc({ reason, country });
  }

  setBreaker(provider: string, isOpen: boolean): void {
    this.open.set({ provider }, isOpen ? 1 : 0);
  }

  /** @returns a function to call when the answer is there */
  timeSend(provider: string): () => void {
    return this.sendTime.startTimer({ provider });
  }
}
