import { Injectable } from '@nestjs/common';
import { BypassCodes } from '../bypass-codes/bypass-codes.service.js';
import type { Letter } from '../delivery/provider.js';
import { Database } from '../storage/database.js';
import { BYPASS_TYPE } from '../tokens/claims.js';
import { BypassAttemptsRepository } from './bypass-attempts.repository.js';
import { Notices } from './notices.js';
import type { Claim, Comparison, Consume, ProofKind, Proven } from './proof-kind.js';

/**
 * A code that an operator made, in the place of any other: good once, and its use is told to the user's phones.
 * Whoever holds it has been let in, which is no factor of theirs (bypass-codes/bypass-code.ts).
 */
@Injectable()
export class BypassProof implements ProofKind {
  readonly types = [BYPASS_TYPE] as const;
  readonly budget = BYPASS_TYPE;
  // It takes the place of whichever was named.
  readonly isOfFactor = false;
  readonly takes = 'code';
  readonly refusedAs = 'code_incorrect';

  constructor(
    private readonly codes: BypassCodes,
    private readonly attempts: BypassAttemptsRepository,
    private readonly notices: Notices,
    private readonly database: Database,
  ) {}

  subjectOf({ userId }: Claim): string {
    return userId ?? '';
  }

  async compare(claim: Claim): Promise<Comparison> {
    const { caller, userId, code, now } = claim;
    const { realmId } = caller.application;
    const bypassId = await this.codes.find(realmId, userId ?? '', code, now);
    if (userId === null || bypassId === undefined) return { reason: 'incorrect' };
    const proven = { userId, factorId: bypassId, type: BYPASS_TYPE, method: 'otp' } as const;
    return (approval) => this.useUp(claim, proven, approval);
  }

  private async useUp(
    { caller, challenge, now }: Claim,
    proven: Proven,
    approval: Parameters<Consume>[0],
  ): Promise<Proven | undefined> {
    const { userId, factorId, type } = proven;
    let letters: Letter[] = [];
    const isUsed = await this.database.transaction(async (executor) => {
      const event = approval({ userId, factorId, type });
      const consumption = { bypassId: factorId, challengeId: challenge?.id ?? null, event, now };
      if (!(await this.attempts.consume(executor, consumption))) return false;
      letters = await this.notices.tellBypassUsed(executor, caller, userId, now);
      return true;
    });
    if (!isUsed) return undefined;
    for (const letter of letters) this.notices.carry(letter);
    return proven;
  }
}
