import { Injectable } from '@nestjs/common';
import { Counter, Gauge, type Metric } from 'prom-client';
import { hashesWaiting } from '../crypto/slow-hash.js';
import type { FactorType } from './factor.js';

/** Figures on factors and what they cost; http/metrics.ts shows them. No label is a user or anything that was typed. */
@Injectable()
export class FactorsMetrics {
  private readonly enrolments = new Counter({
    name: 'watchword_enrolments_total',
    help: 'Steps of enrolments, by the type of factor: begun, activated, or not by this code or this answer.',
    labelNames: ['type', 'step'] as const,
    registers: [],
  });
  private readonly keyRefusals = new Counter({
    name: 'watchword_security_key_refusals_total',
    help: 'Answers of security keys that were not right, by what was wrong with them.',
    labelNames: ['reason'] as const,
    registers: [],
  });
  private readonly hashes = new Gauge({
    name: 'watchword_slow_hashes_waiting',
    help: 'Slow hashes that wait for their turn: those of new recovery codes, and of codes to compare.',
    labelNames: ['kind'] as const,
    registers: [],
    collect() {
      const { making, comparing } = hashesWaiting();
      this.set({ kind: 'making' }, making);
      this.set({ kind: 'comparing' }, comparing);
    },
  });
  private readonly overloads = new Counter({
    name: 'watchword_slow_hash_overloads_total',
    help: 'Requests that were refused because too many slow hashes of that kind were waiting.',
    labelNames: ['kind'] as const,
    registers: [],
  });

  readonly all: readonly Metric[] = [
    this.enrolments,
    this.keyRefusals,
    this.hashes,
    this.overloads,
  ];

  /** Counts what is committed; a set of recovery codes is active at once. */
  countEnrolment(type: FactorType, step: 'begun' | 'activated' | 'refused'): void {
    this.enrolments.inc({ type, step });
  }

  /** @param reason one of a closed list, as the answer has it */
  countKeyRefusal(reason: string): void {
    this.keyRefusals.inc({ reason });
  }

  countOverload(kind: 'making' | 'comparing'): void {
    this.overloads.inc({ kind });
  }
}
