import { Injectable } from '@nestjs/common';
import { requireAccepted } from '../applications/accepted-types.js';
import { auditContext, type Caller } from '../applications/application.js';
import { WatchwordError } from '../errors.js';
import type { MessageState } from '../delivery/message.js';
import { Activation } from '../factors/activation.js';
import type { Factor } from '../factors/factor.js';
import type { EnrolRequest } from '../factors/enrol-request.js';
import { Enrolling } from '../factors/enrolling.js';
import { FactorsService } from '../factors/factors.service.js';
import { KeyActivation } from '../factors/key-activation.js';
import type { CreationOptions, RegistrationResponse } from '../factors/key-response.js';
import { SecurityKeys } from '../factors/security-keys.js';
import { RecoverySets } from '../factors/recovery-sets.js';
import type { Challenge } from './challenge.js';
import { ChallengesService } from './challenges.service.js';
import { PhoneChallenges } from './phone-challenges.js';
import { Verification } from './verification.js';

/** How the first code of a phone is sent. */
export interface FirstCode {
  readonly locale: string | undefined;
  /** Bucket of the client's address. */
  readonly address: string | null;
}

/** What ends an enrolment: a code, or what the browser gave of a new security key. */
export interface FirstAnswer {
  readonly code?: string | undefined;
  readonly response?: RegistrationResponse | undefined;
}

export interface Enrolled {
  readonly factor: Factor;
  /** An authenticator app's: what it needs to know, this once. */
  readonly material?: { readonly secret: Uint8Array; readonly uri: string };
  /** A phone's: its first code is on the way. */
  readonly challenge?: Challenge;
  readonly delivery?: MessageState | undefined;
  /** A security key's: what the browser is to be asked. */
  readonly options?: CreationOptions;
  /** Those of a new set of recovery codes, this once. */
  readonly codes?: readonly string[];
}

/** An enrolment from its first request to its first code. A phone's is a challenge of its own. */
@Injectable()
export class Enrolment {
  constructor(
    private readonly factors: FactorsService,
    private readonly enrolling: Enrolling,
    private readonly recoverySets: RecoverySets,
    private readonly activation: Activation,
    private readonly keys: SecurityKeys,
    private readonly keyActivation: KeyActivation,
    private readonly phones: PhoneChallenges,
    private readonly challenges: ChallengesService,
    private readonly verification: Verification,
  ) {}

  /** @throws WatchwordError as `Enrolling.enrol` or `RecoverySets.make`, and why a phone's code is not sent */
  async begin(
    caller: Caller,
    userId: string,
    request: EnrolRequest,
    { locale, address }: FirstCode,
  ): Promise<Enrolled> {
    if (request.type === 'recovery_code') return this.recoverySets.make(caller, userId, request);
    const factor = await this.enrolling.enrol(caller, userId, request);
    if (request.type === 'totp') return { factor, material: this.factors.reveal(factor) };
    if (request.type === 'webauthn')
      return { factor, options: await this.keys.creationOptions(factor) };
    if (request.type !== 'phone') return { factor };
    const { number, channel } = request.phone;
    const asked = { userId, factorId: factor.id, number, channel, locale, address };
    const opening = { ...asked, purpose: 'enrol', firstFactor: [], transaction: null } as const;
    const challenge = await this.phones.open(caller, opening).catch(async (error: unknown) => {
      await this.factors.revoke(auditContext(caller), factor.id);
      throw error;
    });
    return { factor, challenge, delivery: await this.challenges.deliveryOf(caller, challenge) };
  }

  /**
   * Finishes an enrolment by its first code, which is used up by that (S13), or by a security key's response.
   *
   * @throws WatchwordError `factor_type_not_allowed`, `answer_mismatched`; as `Activation.activate` or `KeyActivation.activate`; for a phone as `Verification.byChallenge` too
   */
  async activate(caller: Caller, id: string, { code, response }: FirstAnswer): Promise<Factor> {
    const factor = await this.factors.get(caller, id);
    requireAccepted(caller.application, [factor.type]);
    if (factor.type === 'webauthn' && response !== undefined)
      return this.keyActivation.activate(caller, id, response);
    if (factor.type === 'webauthn' || code === undefined)
      throw new WatchwordError('answer_mismatched');
    if (factor.type !== 'phone') return this.activation.activate(caller, id, code);
    const challenge = await this.challenges.findEnrolment(caller, id);
    if (challenge === undefined) throw new WatchwordError('factor_not_pending');
    await this.activation.refuseUnfinishable(caller, factor);
    await this.verification.proveOnly(caller, challenge, { code });
    return this.factors.get(caller, id);
  }
}
