import { Injectable } from '@nestjs/common';
import { RecoverySets, type NewRecoverySet } from '../../factors/recovery-sets.js';
import { FactorsService } from '../../factors/factors.service.js';
import { ownerOf, typesOf } from '../../links/link.js';
import { Visits, type Visit } from '../../links/visits.js';
import { RecentProof } from '../verify/recent-proof.js';

/** Sets of recovery codes on the pages. */
@Injectable()
export class RecoveryCodes {
  constructor(
    private readonly visits: Visits,
    private readonly sets: RecoverySets,
    private readonly factors: FactorsService,
    private readonly recentProof: RecentProof,
  ) {}

  /** Whether the link lets somebody make a set, and there is a factor that it can stand in for. */
  async isOffered({ link, caller }: Visit): Promise<boolean> {
    if (!typesOf(link, caller.application).includes('recovery_code')) return false;
    const { realmId, userId } = ownerOf(link);
    const factors = await this.factors.list(realmId, userId);
    return factors.some(({ status, type }) => status === 'active' && type !== 'recovery_code');
  }

  /**
   * Makes a new set, which voids the one before.
   *
   * @returns the set with its codes, this once; undefined where a proof has to come first
   * @throws WatchwordError as `RecoverySets.make`
   */
  async make(visit: Visit): Promise<NewRecoverySet | undefined> {
    if (await this.recentProof.isMissing(visit)) return undefined;
    const { caller, link } = visit;
    const request = { name: undefined, proof: this.recentProof.token(visit) };
    const made = await this.sets.make(caller, ownerOf(link).userId, request);
    const { id, type } = made.factor;
    await this.visits.note(visit, { action: 'factor_enrolled', factor: { id, type } });
    return made;
  }
}
