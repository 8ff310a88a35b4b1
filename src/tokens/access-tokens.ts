import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Application } from '../applications/application.js';
import { CONFIG, type Config } from '../config.js';
import { newId } from '../storage/ids.js';
import { assuranceOf, type AccessTokenClaims, type Proof } from './claims.js';
import { JwtCheck } from './check-jwt.js';
import { signJwt } from './sign-jwt.js';
import { SigningKeys } from './signing-keys.js';

/** What a proof earns. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly factor: { readonly id: string; readonly type: string };
  readonly user_id: string;
}

/** What an access token says beside what all tokens do. */
const accessClaims = z.looseObject({
  auth_time: z.int(),
  amr: z.array(z.string()),
  acr: z.enum(['aal1', 'aal2']),
});

@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtCheck,
    private readonly keys: SigningKeys,
    @Inject(CONFIG) private readonly config: Pick<Config, 'publicUrl'>,
  ) {}

  /** Signs the token of a proof that has been committed. */
  issue(application: Application, proof: Proof): TokenAnswer {
    const { headers, privateKey } = this.keys.current();
    const provenAt = seconds(proof.provenAt);
    const claims: AccessTokenClaims = {
      iss: this.config.publicUrl,
      aud: application.audience,
      sub: proof.userId,
      client_id: application.id,
      iat: provenAt,
      nbf: provenAt,
      exp: provenAt + application.accessTokenSeconds,
      jti: newId('jti'),
      ...assuranceOf(proof),
      auth_time: provenAt,
      ...(proof.transactionHash !== null && { txn_hash: proof.transactionHash }),
    };
    return {
      access_token: signJwt(headers['at+jwt'], claims, privateKey),
      token_type: 'Bearer',
      expires_in: application.accessTokenSeconds,
      factor: proof.factor,
      user_id: proof.userId,
    };
  }

  /**
   * Checks a token that this service gave to this application.
   *
   * @returns its claims, or undefined for anything else (S81 to S85)
   */
  async check(application: Application, token: string): Promise<AccessTokenClaims | undefined> {
    const claims = await this.jwt.check('at+jwt', token);
    const isTheirs = claims?.aud === application.audience && claims.client_id === application.id;
    if (!isTheirs || !accessClaims.safeParse(claims).success) return undefined;
    return claims as unknown as AccessTokenClaims;
  }
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
