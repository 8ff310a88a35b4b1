import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Application } from '../applications/application.js';
import { CONFIG, type Config } from '../config.js';
import { newId } from '../storage/ids.js';
import { strengths } from './assurance.js';
import type { AccessTokenClaims, Grant } from './claims.js';
import { JwtCheck, type OwnClaims } from './check-jwt.js';
import { signJwt } from './sign-jwt.js';
import { SigningKeys } from './signing-keys.js';

/** What a proof earns. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly factor: { readonly id: string; readonly type: string };
  readonly user_id: string;
  readonly refresh_token?: string;
  readonly session_id?: string;
  readonly session_expires_at?: string;
  /** The device that it was proved on, where that is remembered. */
  readonly device?: { readonly id: string; readonly token: string; readonly expires_at: string };
}

/** What an access token says beside what all tokens do. */
const accessClaims = z.looseObject({
  auth_time: z.int(),
  amr: z.array(z.string()),
  acr: z.enum(strengths),
  factor_type: z.string().optional(),
});

@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtCheck,
    private readonly keys: SigningKeys,
    @Inject(CONFIG) private readonly config: Pick<Config, 'publicUrl'>,
  ) {}

  /** Signs the token of a grant whose proof, and whose session, have been committed. */
  issue(application: Application, grant: Grant): TokenAnswer {
    const { headers, privateKey } = this.keys.current();
    const { session, transactionHash, certificate } = grant;
    const issuedAt = seconds(grant.issuedAt);
    const wanted = issuedAt + application.accessTokenSeconds;
    const exp = session === null ? wanted : Math.min(wanted, seconds(session.endsAt));
    const claims: AccessTokenClaims = {
      iss: this.config.publicUrl,
      aud: application.audience,
      sub: grant.userId,
      client_id: application.id,
      iat: issuedAt,
      nbf: issuedAt,
      exp,
      jti: newId('jti'),
      ...(session !== null && { sid: session.id }),
      amr: grant.amr,
      acr: grant.acr,
      auth_time: seconds(grant.authTime),
      factor_type: grant.factor.type,
      ...(transactionHash !== null && { txn_hash: transactionHash }),
      ...(certificate !== null && { cnf: { 'x5t#S256': certificate } }),
    };
    return {
      access_token: signJwt(headers['at+jwt'], claims, privateKey),
      token_type: 'Bearer',
      expires_in: exp - issuedAt,
      factor: grant.factor,
      user_id: grant.userId,
    };
  }

  /**
   * Checks a token that this service gave to this application.
   *
   * @returns its claims, or undefined for anything else (S81 to S85)
   */
  async check(application: Application, token: string): Promise<AccessTokenClaims | undefined> {
    const claims = await this.read(token);
    const isTheirs = claims?.aud === application.audience && claims.client_id === application.id;
    return isTheirs ? claims : undefined;
  }

  /** The same for a token that may be any application's: whose it is, the caller has to look at. */
  async read(token: string): Promise<(AccessTokenClaims & OwnClaims) | undefined> {
    const claims = await this.jwt.check('at+jwt', token);
    if (claims === undefined || !accessClaims.safeParse(claims).success) return undefined;
    return claims as AccessTokenClaims & OwnClaims;
  }
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
