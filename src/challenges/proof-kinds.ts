import { Injectable } from '@nestjs/common';
import { writtenKindOf } from '../otp/written-code.js';
import { BypassProof } from './bypass.proof.js';
import type { Challenge } from './challenge.js';
import { DeviceProofs } from './device.proof.js';
import { PhoneProof } from './phone.proof.js';
import type { Answer, ProofKind } from './proof-kind.js';
import { RecoveryProof } from './recovery.proof.js';
import { WebauthnProof } from './webauthn.proof.js';

/** Which kind of proof an answer is tried as. */
@Injectable()
export class ProofKinds {
  constructor(
    private readonly devices: DeviceProofs,
    private readonly phone: PhoneProof,
    private readonly keys: WebauthnProof,
    private readonly recovery: RecoveryProof,
    private readonly bypass: BypassProof,
  ) {}

  /** An operator's code answers whatever is asked of its user, enrolments apart: those end with their own. */
  ofChallenge({ type, userId, purpose }: Challenge, { code }: Answer): ProofKind {
    const isBypass = code !== undefined && writtenKindOf(code) === 'bypass';
    if (isBypass && userId !== null && purpose !== 'enrol') return this.bypass;
    switch (type) {
      case 'webauthn':
        return this.keys;
      case 'recovery_code':
        return this.recovery;
      case 'bypass_code':
        return this.bypass;
      case 'phone':
        return this.phone;
      default:
        return this.devices[type];
    }
  }

  /** A code that stands alone tells by its looks what it is of. */
  ofCode(code: string): ProofKind {
    const written = writtenKindOf(code);
    if (written === 'bypass') return this.bypass;
    return written === 'recovery' ? this.recovery : this.devices.any;
  }
}
