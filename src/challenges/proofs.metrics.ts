import { Injectable } from '@nestjs/common';
import { Counter, type Metric } from 'prom-client';
import type { RefusalReason } from '../audit/event.js';
import type { ChallengeType } from './challenge.js';
import { UNTIL_UNLOCKED, type Budget } from './lockout.js';

/** Figures on proofs; http/metrics.ts shows them. No label is a user or anything that was typed. */
@Injectable()
export class ProofsMetrics {
  private readonly proofs = new Counter({
    name: 'watchword_proofs_total',
    help: 'Answers to what was to be proved, by the type of factor and what came of them.',
    labelNames: ['type', 'outcome'] as const,
    registers: [],
  });
  private readonly locks = new Counter({
    name: 'watchword_lockouts_total',
    help: 'Wrong answers that locked a kind of factor of a user, by who ends it: time or an operator.',
    labelNames: ['type', 'until'] as const,
    registers: [],
  });
  private readonly recoveryCodes = new Counter({
    name: 'watchword_recovery_codes_used_total',
    help: 'Recovery codes that were used up, by how many their user had left.',
    labelNames: ['left'] as const,
    registers: [],
  });

  readonly all: readonly Metric[] = [this.proofs, this.locks, this.recoveryCodes];

  /** @param type of the factor, or where none was found the one that was looked for */
  count(type: ChallengeType, outcome: 'approved' | RefusalReason): void {
    this.proofs.inc({ type, outcome });
  }

  /** Counts an answer that was let in, was wrong, and has locked out whoever comes next. */
  countLock(type: ChallengeType, { lockedUntil }: Pick<Budget, 'lockedUntil'>): void {
    const isLasting = lockedUntil?.getTime() === UNTIL_UNLOCKED.getTime();
    this.locks.inc({ type, until: isLasting ? 'operator' : 'time' });
  }

  /** @param left codes of the set, ten at most */
  countRecoveryCode(left: number): void {
    this.recoveryCodes.inc({ left });
  }
}
