import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock.js';
import { FactorsService } from '../../factors/factors.service.js';
import type { Visit } from '../../links/visits.js';
import { AccessTokens } from '../../tokens/access-tokens.js';
import { FreshProof } from '../../tokens/fresh-proof.js';

/** What was proved on the pages of a link, where the application asks for it before a factor is added (S15). */
@Injectable()
export class RecentProof {
  constructor(
    private readonly factors: FactorsService,
    private readonly tokens: AccessTokens,
    private readonly freshProof: FreshProof,
    private readonly clock: Clock,
  ) {}

  /** Whether the user has to prove a factor before another one is added. */
  async isMissing(visit: Visit): Promise<boolean> {
    const { application } = visit.caller;
    const { enrolProofSeconds } = application;
    if (enrolProofSeconds === null) return false;
    const factors = await this.factors.list(visit.link.realmId, visit.link.userId);
    if (!factors.some(({ status }) => status === 'active')) return false;
    const proof = this.token(visit);
    return !(await this.freshProof.holds(application, visit.link.userId, proof, enrolProofSeconds));
  }

  /**
   * The proof as the domain takes it: the token that the application would have got for it. It stays in this
   * process. How old the proof is, it says itself.
   */
  token({ link, caller }: Visit): string | undefined {
    if (link.proof === null) return undefined;
    const issuedAt = this.clock.now();
    const grant = { ...link.proof, session: null, certificate: null, issuedAt };
    return this.tokens.issue(caller.application, grant).access_token;
  }
}
