import { Injectable } from '@nestjs/common';
import { Counter, type Metric } from 'prom-client';
import type { RefusalReason } from '../audit/event.js';
import type { ChallengeType } from './challenge.js';

/** Figures on proofs; http/metrics.ts shows them. No label is a user or anything that was typed. */
@Injectable()
export class ProofsMetrics {
  private readonly proofs = new Counter({
    name: 'watchword_proofs_total',
    help: 'Answers to what was to be proved, by the type of factor and what came of them.',
    labelNames: ['type', 'outcome'] as const,
    registers: [],
  });
  private readonly keyRefusals = new Counter({
    name: 'watchword_security_key_refusals_total',
    help: 'Answers of security keys that were not right, by what was wrong with them.',
    labelNames: ['reason'] as const,
    registers: [],
  });

  readonly all: readonly Metric[] = [this.proofs, this.keyRefusals];

  /** @param type of the factor, or where none was found the one that was looked for */
  count(type: ChallengeType, outcome: 'approved' | RefusalReason): void {
    this.proofs.inc({ type, outcome });
  }

  /** @param reason one of a closed list, as the answer has it */
  countKeyRefusal(reason: string): void {
    this.keyRefusals.inc({ reason });
  }
}
