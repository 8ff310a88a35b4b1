import { Injectable } from '@nestjs/common';
import { Envelope } from '../crypto/envelope.js';
import type { HotpParameters } from '../otp/algorithm.js';
import { matchHotp, resyncHotp, type HotpState } from '../otp/hotp-window.js';
import {
  secretPlace,
  type Checkable,
  type CodeMethod,
  type CodePair,
  type Enrolment,
  type FactorPlace,
  type Spent,
} from './method.js';

/** A HOTP factor's parameters as they are stored; its counter is the factor's last step. */
type StoredParameters = Readonly<HotpParameters & { look_ahead: number }>;

export interface HotpRequest extends HotpParameters {
  readonly secret: Uint8Array;
  /** The counter of the next code. */
  readonly counter: number;
  /** Counters after the last one that a code may be of. */
  readonly lookAhead: number;
}

/** Hardware tokens that count (RFC 4226). */
@Injectable()
export class HotpMethod implements CodeMethod {
  readonly type = 'hotp';
  /**
   * Not `hwk`: RFC 8176 has that for the possession of a hardware-secured key, shown as RFC 4211 appendix C
   * has it. A one-time password shows a secret that this service holds too, and of a token's make it knows
   * no more than a file said.
   */
  readonly proves = 'otp';

  constructor(private readonly envelope: Envelope) {}

  enrol(place: FactorPlace, request: HotpRequest): Enrolment {
    const { algorithm, digits, lookAhead: look_ahead } = request;
    return {
      secret: this.envelope.seal(request.secret, secretPlace(place)),
      lookup: null,
      parameters: { algorithm, digits, look_ahead } satisfies StoredParameters,
      defaultName: 'Hardware token',
      lastStep: request.counter - 1,
    };
  }

  match(factor: Checkable, code: string): Spent | null {
    const state = this.stateOf(factor);
    if (state === undefined) return null;
    const { look_ahead } = parametersOf(factor);
    return spent(matchHotp(code, state, look_ahead));
  }

  canResync(): boolean {
    return true;
  }

  resync(factor: Checkable, codes: CodePair): Spent | null {
    const state = this.stateOf(factor);
    return state === undefined ? null : spent(resyncHotp(codes, state));
  }

  private stateOf(factor: Checkable): HotpState | undefined {
    if (factor.secret === null) return undefined;
    const { algorithm, digits } = parametersOf(factor);
    const secret = this.envelope.open(factor.secret, secretPlace(factor));
    return { secret, algorithm, digits, lastCounter: factor.lastStep ?? -1 };
  }
}

// Written by this class alone: a full validation for each login would be for nothing.
function parametersOf({ parameters }: Checkable): StoredParameters {
  return parameters as unknown as StoredParameters;
}

function spent(counter: number | null): Spent | null {
  return counter === null ? null : { step: counter, driftSteps: 0 };
}
