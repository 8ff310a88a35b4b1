import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { z } from 'zod';
import type { Application } from '../applications/application.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { newId } from '../storage/ids.js';
import { assuranceOf, type AccessTokenClaims, type Proof } from './claims.js';
import { signJwt } from './sign-jwt.js';
import { ALGORITHM, SigningKeys, TOKEN_TYPE } from './signing-keys.js';

/** What a proof earns. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly factor: { readonly id: string; readonly type: string };
  readonly user_id: string;
}

const SKEW_SECONDS = 60;

/** The header of our tokens and nothing beside it: no key, no address of one, no extension (S82). */
const ownHeader = z.strictObject({
  alg: z.literal(ALGORITHM),
  typ: z.literal(TOKEN_TYPE),
  kid: z.string(),
});
/** jsonwebtoken lets a token pass that has no end, or that has several audiences. */
const ownClaims = z.object({
  aud: z.string(),
  sub: z.string(),
  client_id: z.string(),
  nbf: z.int(),
  exp: z.int(),
  auth_time: z.int(),
});

@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'publicUrl'>,
  ) {}

  /** Signs the token of a proof that has been committed. */
  issue(application: Application, proof: Proof): TokenAnswer {
    const { tokenHeader, privateKey } = this.keys.current();
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
      access_token: signJwt(tokenHeader, claims, privateKey),
      token_type: 'Bearer',
      expires_in: application.accessTokenSeconds,
      factor: proof.factor,
      user_id: proof.userId,
    };
  }

  /**
   * Checks a token that this service gave to this application.
   *
   * @returns its claims, or undefined for anything else: algorithm, type, key, issuer, audience,
   *   application and time are all named (S81 to S85)
   */
  async check(application: Application, token: string): Promise<AccessTokenClaims | undefined> {
    try {
      const { header } = this.jwt.decode<{ header: unknown }>(token, { complete: true });
      const key = this.keys.find(ownHeader.parse(header).kid);
      if (key === undefined) return undefined;
      const claims = await this.jwt.verifyAsync<AccessTokenClaims>(token, {
        publicKey: key.publicPem,
        algorithms: [ALGORITHM],
        issuer: this.config.publicUrl,
        audience: application.audience,
        clockTimestamp: seconds(this.clock.now()),
        clockTolerance: SKEW_SECONDS,
      });
      const { client_id } = ownClaims.parse(claims);
      return client_id === application.id ? claims : undefined;
    } catch {
      return undefined;
    }
  }
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
