import { Injectable } from '@nestjs/common';
import type { Caller } from '../applications/application.js';
import { RelyingParties } from '../applications/relying-parties.js';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import { Database } from '../storage/database.js';
import { isDuplicate } from '../storage/failure.js';
import { Activation } from './activation.js';
import { CredentialsRepository } from './credentials.repository.js';
import type { Factor } from './factor.js';
import { FactorsMetrics } from './factors.metrics.js';
import { FactorsService } from './factors.service.js';
import type { RegistrationResponse } from './key-response.js';
import { WebauthnMethod, type NewKey } from './webauthn.method.js';

/** The end of a security key's enrolment. */
@Injectable()
export class KeyActivation {
  constructor(
    private readonly activation: Activation,
    private readonly credentials: CredentialsRepository,
    private readonly factors: FactorsService,
    private readonly method: WebauthnMethod,
    private readonly parties: RelyingParties,
    private readonly metrics: FactorsMetrics,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Finishes an enrolment by the key that was made for it. The attempt is charged before the answer is looked
   * at; an answer that is right is used up with the challenge it answers.
   *
   * @throws WatchwordError `not_found`, `factor_not_pending`, `security_key_refused`, `security_key_in_use`;
   *   `proof_required` as `Activation.activate`
   */
  async activate(caller: Caller, id: string, response: RegistrationResponse): Promise<Factor> {
    const now = this.clock.now();
    const pending = await this.activation.charge(caller, id, now);
    const made = await this.method.register(
      pending,
      response,
      await this.parties.of(pending.realmId),
    );
    if (typeof made === 'string') {
      this.metrics.countKeyRefusal(made);
      return this.activation.refuse(caller, pending, now, 'security_key_refused', made);
    }
    await this.keep(caller, pending, made, now);
    this.metrics.countEnrolment(pending.type, 'activated');
    return this.factors.get(caller, id);
  }

  private async keep(caller: Caller, pending: Factor, made: NewKey, now: Date): Promise<void> {
    const spent = { step: made.counter, driftSteps: 0 };
    try {
      await this.database.transaction(async (executor) => {
        const factor = await this.activation.activateProven(executor, caller, pending, spent, now);
        if (factor === undefined) throw new WatchwordError('factor_not_pending');
        await this.credentials.keep(executor, factor.id, made);
      });
    } catch (error) {
      if (isDuplicate(error)) throw new WatchwordError('security_key_in_use', {}, error);
      throw error;
    }
  }
}
