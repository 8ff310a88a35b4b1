import { Injectable } from '@nestjs/common';
import { auditContext } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import type { Letter } from '../delivery/provider.js';
import { RecoveryCodeMethod } from '../factors/recovery-code.method.js';
import { Database } from '../storage/database.js';
import type { Charge } from './attempts.repository.js';
import { RECOVERY_BUDGET } from './lockout.js';
import { Notices } from './notices.js';
import type { Claim, Comparison, Consume, ProofKind, Proven } from './proof-kind.js';
import { ProofsMetrics } from './proofs.metrics.js';
import { RecoveryAttemptsRepository } from './recovery-attempts.repository.js';

/** A recovery code: good once, and its use is told to the user's phones. */
@Injectable()
export class RecoveryProof implements ProofKind {
  readonly types = ['recovery_code'] as const;
  readonly budget = RECOVERY_BUDGET;
  readonly isOfFactor = true;
  readonly takes = 'code';
  readonly refusedAs = 'code_incorrect';

  constructor(
    private readonly method: RecoveryCodeMethod,
    private readonly attempts: RecoveryAttemptsRepository,
    private readonly notices: Notices,
    private readonly metrics: ProofsMetrics,
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  subjectOf({ userId }: Claim): string {
    return userId ?? '';
  }

  async compare(claim: Claim, { factors }: Charge): Promise<Comparison> {
    for (const factor of factors) {
      const place = await this.method.find(factor, claim.code);
      if (place === null) continue;
      const { id: factorId, userId } = factor;
      const proven = { factorId, userId, type: this.method.type } as const;
      return (approval) =>
        this.useUp(claim, { ...proven, method: this.method.proves }, place, approval);
    }
    return { reason: factors.length > 0 ? 'incorrect' : 'no_factor' };
  }

  private async useUp(
    { caller, challenge, now }: Claim,
    proven: Proven,
    place: number,
    approval: Parameters<Consume>[0],
  ): Promise<Proven | undefined> {
    const { userId, factorId, type } = proven;
    let letters: Letter[] = [];
    const left = await this.database.transaction(async (executor) => {
      const event = approval({ userId, factorId, type });
      const consumption = { factorId, place, challengeId: challenge?.id ?? null, event, now };
      const remaining = await this.attempts.consume(executor, consumption);
      if (remaining === undefined) return undefined;
      const of = { userId, factorId, factorType: type };
      await this.audit.record(executor, auditContext(caller), {
        type: 'recovery_code.used',
        remaining,
        ...of,
      });
      letters = await this.notices.tellRecoveryUsed(executor, caller, userId, now);
      return remaining;
    });
    if (left === undefined) return undefined;
    this.metrics.countRecoveryCode(left);
    for (const letter of letters) this.notices.carry(letter);
    return proven;
  }
}
