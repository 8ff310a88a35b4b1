import { Injectable } from '@nestjs/common';
import { CodeMethods, deviceTypes, type DeviceType } from '../factors/code-methods.js';
import { AttemptsRepository, type Charge } from './attempts.repository.js';
import { DEVICE_BUDGET } from './lockout.js';
import type { Claim, Comparison, ProofKind } from './proof-kind.js';

/** A code that a device of the user's shows: compared with each factor it may be of, and used up. */
class DeviceProof implements ProofKind {
  readonly budget = DEVICE_BUDGET;
  readonly isOfFactor = true;
  readonly takes = 'code';
  readonly refusedAs = 'code_incorrect';

  constructor(
    readonly types: readonly [DeviceType, ...DeviceType[]],
    private readonly methods: CodeMethods,
    private readonly attempts: AttemptsRepository,
  ) {}

  subjectOf({ userId }: Claim): string {
    return userId ?? '';
  }

  /** Tries every factor it may be, whichever matched: the time taken tells nothing (S43). */
  compare({ code, challenge, now }: Claim, { factors }: Charge): Comparison {
    const matches = factors.flatMap((factor) => {
      const method = this.methods.of(factor);
      const spent = method?.match(factor, code, now) ?? null;
      return method === undefined || spent === null ? [] : [{ factor, method, spent }];
    });
    const [match] = matches;
    if (match === undefined) return { reason: factors.length > 0 ? 'incorrect' : 'no_factor' };
    const { id: factorId, userId, type } = match.factor;
    return async (approval) => {
      const consumed = await this.attempts.consume({
        factorId,
        spent: match.spent,
        challengeId: challenge?.id ?? null,
        event: approval({ userId, factorId, type }),
        now,
      });
      return consumed ? { userId, factorId, type, method: match.method.proves } : undefined;
    };
  }
}

/**
 * Codes of authenticator apps and of hardware tokens. Nobody can see of which a code is, so they are counted
 * together: two budgets would be twice the guesses.
 */
@Injectable()
export class DeviceProofs {
  /** By the type that a challenge was opened for. */
  readonly totp: ProofKind;
  readonly hotp: ProofKind;
  /** Whatever device it is of. */
  readonly any: ProofKind;

  constructor(methods: CodeMethods, attempts: AttemptsRepository) {
    this.totp = new DeviceProof(['totp'], methods, attempts);
    this.hotp = new DeviceProof(['hotp'], methods, attempts);
    this.any = new DeviceProof(deviceTypes, methods, attempts);
  }
}
