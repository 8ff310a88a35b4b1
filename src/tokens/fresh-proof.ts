import { Injectable } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import { Clock } from '../clock.js';
import { AccessTokens } from './access-tokens.js';

/** A proof from the future is no proof; two replicas' clocks may still differ a little. */
const SKEW_SECONDS = 60;

/** By what somebody has just proved who they are: what changing factors may need (S15). */
@Injectable()
export class FreshProof {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly clock: Clock,
  ) {}

  /**
   * @param proof an access token that this application got for this user
   * @param maxAgeSeconds how long ago the factor may have been proved
   * @returns the type of the factor that was proved; undefined where that is no fresh proof. Whether it is of a type
   *   that will do, the caller looks at: the rules may have changed since
   */
  async typeOf(
    application: Application,
    userId: string,
    proof: string | undefined,
    maxAgeSeconds: number,
  ): Promise<string | undefined> {
    if (proof === undefined) return undefined;
    const claims = await this.tokens.check(application, proof);
    if (claims?.sub !== userId) return undefined;
    const age = this.clock.now().getTime() / 1000 - claims.auth_time;
    return age <= maxAgeSeconds && age >= -SKEW_SECONDS ? claims.factor_type : undefined;
  }
}
