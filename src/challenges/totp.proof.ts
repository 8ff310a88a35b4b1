import { Injectable } from '@nestjs/common';
import { TotpMethod } from '../factors/totp.method.js';
import { AttemptsRepository, type Charge } from './attempts.repository.js';
import type { Claim, Consume, ProofKind } from './proof-kind.js';

/** The code of an authenticator app: compared with each factor it may be of, and its step used up. */
@Injectable()
export class TotpProof implements ProofKind {
  readonly type = 'totp';

  constructor(
    private readonly method: TotpMethod,
    private readonly attempts: AttemptsRepository,
  ) {}

  subjectOf({ userId }: Claim): string {
    return userId ?? '';
  }

  /** Tries every factor it may be, whichever matched: the time taken tells nothing (S43). */
  compare({ code, challenge, now }: Claim, { factors }: Charge): Consume | undefined {
    const matches = factors.flatMap((factor) => {
      const spent = this.method.match(factor, code, now);
      return spent === null ? [] : [{ factor, spent }];
    });
    const [match] = matches;
    if (match === undefined) return undefined;
    const { id: factorId, userId } = match.factor;
    return async (approval) => {
      const consumed = await this.attempts.consume({
        factorId,
        spent: match.spent,
        challengeId: challenge?.id ?? null,
        event: approval({ userId, factorId }),
        now,
      });
      return consumed ? { userId, factorId, method: this.method.proves } : undefined;
    };
  }

  reasonOf({ factors }: Charge) {
    return factors.length > 0 ? 'incorrect' : 'no_factor';
  }
}
