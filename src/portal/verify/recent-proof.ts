import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock.js';
import { provesEnough } from '../../factors/change-proof.js';
import { FactorsService } from '../../factors/factors.service.js';
import { userOf } from '../../links/link.js';
import type { Visit } from '../../links/visits.js';
import { AccessTokens } from '../../tokens/access-tokens.js';
import { BYPASS_TYPE, grantOfKept } from '../../tokens/claims.js';
import { FreshProof } from '../../tokens/fresh-proof.js';

/** How long a proof counts on the pages on which a user changes what there is. */
export const PROOF_SECONDS = 300;

/** What was proved on the pages of a link, for what needs a proof before it: adding a factor, or removing one. */
@Injectable()
export class RecentProof {
  constructor(
    private readonly factors: FactorsService,
    private readonly tokens: AccessTokens,
    private readonly freshProof: FreshProof,
    private readonly clock: Clock,
  ) {}

  /**
   * Whether the user has to prove a factor first. To set one up, where the application asks for that (S15);
   * on the pages to manage, always: who made that link may not know who sits at the browser by now. What was
   * proved by a factor that was removed since has proved nothing (S18), nor has one of a type that will not do now.
   */
  async isMissing(visit: Visit): Promise<boolean> {
    const { link, caller } = visit;
    const seconds = secondsOf(visit);
    if (seconds === null) return false;
    const factors = await this.factors.list(link.realmId, userOf(link));
    const active = factors.filter(({ status }) => status === 'active');
    if (active.length === 0) return false;
    const proved = link.proof?.factor;
    // An operator's code is nothing of the user's that could have been removed.
    if (proved?.type !== BYPASS_TYPE && !active.some(({ id }) => id === proved?.id)) return true;
    const { application } = caller;
    const proof = this.token(visit);
    const type = await this.freshProof.typeOf(application, userOf(link), proof, seconds);
    return !provesEnough(application, type, factors);
  }

  /**
   * The proof as the domain takes it: the token that the application would have got for it. It stays in this
   * process. How old the proof is, it says itself.
   */
  token({ link, caller }: Visit): string | undefined {
    if (link.proof === null) return undefined;
    const issuedAt = this.clock.now();
    const unbound = { issuedAt, certificate: null };
    const grant = grantOfKept(link.proof, caller.application, unbound);
    return this.tokens.issue(caller.application, grant).access_token;
  }
}

/** How old the proof may be; null where none is needed. */
function secondsOf({ link, caller }: Visit): number | null {
  const { enrolProofSeconds } = caller.application;
  return link.purpose === 'manage'
    ? Math.min(PROOF_SECONDS, enrolProofSeconds ?? PROOF_SECONDS)
    : enrolProofSeconds;
}
