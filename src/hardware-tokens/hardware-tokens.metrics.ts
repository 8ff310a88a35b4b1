import { setTimeout as after } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Counter, Gauge, type Metric } from 'prom-client';
import { Clock } from '../clock.js';
import { tokenStatuses } from './hardware-token.js';
import { HardwareTokensRepository } from './hardware-tokens.repository.js';

/** Counts are not taken again within it, however often somebody asks. */
const FRESH_MS = 10_000;
/** So long the other figures wait for a database that does not answer. */
const PATIENCE_MS = 2_000;

export type ResyncOutcome = 'found' | 'incorrect' | 'locked';

/** Figures on hardware tokens; http/metrics.ts shows them. No label is a serial, a realm or a user. */
@Injectable()
export class HardwareTokensMetrics {
  private readonly tokens: Gauge<'status'>;
  private readonly resyncs = new Counter({
    name: 'watchword_resyncs_total',
    help: 'Times that two codes in a row were to find a token again, by what came of it.',
    labelNames: ['outcome'] as const,
    registers: [],
  });
  private countedAt = -Infinity;

  readonly all: readonly Metric[];

  constructor(
    private readonly repository: HardwareTokensRepository,
    private readonly clock: Clock,
  ) {
    this.tokens = new Gauge({
      name: 'watchword_hardware_tokens',
      help: 'Hardware tokens of all realms by their status; absent while the database is.',
      labelNames: ['status'] as const,
      registers: [],
      // Each process counts the same database.
      aggregator: 'max',
      collect: () => this.count(),
    });
    this.all = [this.tokens, this.resyncs];
  }

  countResync(outcome: ResyncOutcome): void {
    this.resyncs.inc({ outcome });
  }

  private async count(): Promise<void> {
    const now = this.clock.now();
    if (now.getTime() - this.countedAt < FRESH_MS) return;
    try {
      const counts = await Promise.race([
        this.repository.countByStatus(now),
        after(PATIENCE_MS, undefined, { ref: false }),
      ]);
      if (counts === undefined) {
        this.tokens.reset();
        return;
      }
      for (const status of tokenStatuses) this.tokens.set({ status }, counts.get(status) ?? 0);
      this.countedAt = now.getTime();
    } catch {
      // The other figures are wanted most when the database is gone.
      this.tokens.reset();
    }
  }
}
