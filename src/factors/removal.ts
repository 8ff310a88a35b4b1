import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Clock } from '../clock.js';
import { FreshProof } from '../tokens/fresh-proof.js';
import { requireChangeProof } from './change-proof.js';
import { statusAt } from './factor.js';
import { FactorsService } from './factors.service.js';

/** The header that the proof comes in: a DELETE has no body, and an address would be logged. */
export const PROOF_HEADER = 'watchword-proof';

/** Taking a factor away, which asks for what adding one asks for. */
@Injectable()
export class Removal {
  constructor(
    private readonly factors: FactorsService,
    private readonly freshProof: FreshProof,
    private readonly clock: Clock,
  ) {}

  /**
   * Ends a factor. An active one needs a fresh proof where the application asks for one before a factor is
   * added: else whoever has stolen a signed-in browser takes away what would have told the owner (S15).
   *
   * @param proof an access token of the factor's user
   * @throws WatchwordError `not_found`, `proof_required`
   */
  async remove(caller: Caller, id: string, proof: string | undefined): Promise<void> {
    const { application } = caller;
    const { enrolProofSeconds } = application;
    if (enrolProofSeconds !== null) {
      const factor = await this.factors.get(caller, id);
      if (statusAt(factor, this.clock.now()) === 'active') {
        const { realmId, userId } = factor;
        const of = [application, userId, proof, enrolProofSeconds] as const;
        const proved = await this.freshProof.typeOf(...of);
        requireChangeProof(application, proved, await this.factors.list(realmId, userId));
      }
    }
    await this.factors.revoke(auditContext(caller), id);
  }
}
