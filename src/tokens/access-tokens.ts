import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import type { Application } from '../applications/application.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { newId } from '../storage/ids.js';
import { assuranceOf, type AccessTokenClaims, type Proof } from './claims.js';
import { ALGORITHM, SigningKeys } from './signing-keys.js';

/** What a proof earns. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly factor: { readonly id: string; readonly type: string };
  readonly user_id: string;
}

/** RFC 9068: tells an access token from every other kind of JWT (S83). */
const TYPE = 'at+jwt';
const SKEW_SECONDS = 60;

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
    const { kid, privateKey } = this.keys.current();
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
      access_token: this.jwt.sign(claims, {
        privateKey,
        algorithm: ALGORITHM,
        header: { alg: ALGORITHM, typ: TYPE, kid },
      }),
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
      const { header } = this.jwt.decode<{ header: { kid?: unknown; typ?: unknown } }>(token, {
        complete: true,
      });
      const key = typeof header.kid === 'string' ? this.keys.find(header.kid) : undefined;
      if (key === undefined || header.typ !== TYPE) return undefined;
      const claims = await this.jwt.verifyAsync<AccessTokenClaims>(token, {
        publicKey: key.publicPem,
        algorithms: [ALGORITHM],
        issuer: this.config.publicUrl,
        audience: application.audience,
        clockTimestamp: seconds(this.clock.now()),
        clockTolerance: SKEW_SECONDS,
      });
      return claims.client_id === application.id ? claims : undefined;
    } catch {
      return undefined;
    }
  }
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
