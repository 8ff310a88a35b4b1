import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { z } from 'zod';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { SKEW_SECONDS } from './key-life.js';
import { ALGORITHM, type TokenType } from './signing-key.js';
import { SigningKeys } from './signing-keys.js';

/**
 * The signature's 64 bytes in 86 characters, of whose last only two bits count: base64 reads over the other
 * four, and a token would have sixteen spellings.
 */
const ownSpelling = /\.[A-Za-z0-9_-]{85}[AQgw]$/;
/** The header of our tokens and nothing beside it: no key, no address of one, no extension (S82). */
const ownHeader = z.strictObject({ alg: z.literal(ALGORITHM), typ: z.string(), kid: z.string() });
/** jsonwebtoken lets a token pass that has no end, or that has several audiences. */
const ownClaims = z.looseObject({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  client_id: z.string(),
  iat: z.int(),
  nbf: z.int(),
  exp: z.int(),
  jti: z.string(),
});
/** What every token of ours says, beside what its kind says. */
export type OwnClaims = z.infer<typeof ownClaims>;

/** Tells tokens that this service has signed from all others. */
@Injectable()
export class JwtCheck {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'publicUrl'>,
  ) {}

  /**
   * Algorithm, type, key, issuer and time are all named (S81 to S85). The audience is for the caller to
   * compare, as is all that revokes a token.
   *
   * @returns the claims, or undefined for anything else than a token of this type that is valid now
   */
  async check(type: TokenType, token: string): Promise<OwnClaims | undefined> {
    if (!ownSpelling.test(token)) return undefined;
    try {
      const { header } = this.jwt.decode<{ header: unknown }>(token, { complete: true });
      const { typ, kid } = ownHeader.parse(header);
      const key = typ === type ? await this.keys.lookUp(kid) : undefined;
      if (key === undefined) return undefined;
      const claims = await this.jwt.verifyAsync<Record<string, unknown>>(token, {
        // Nest's type names text and bytes alone; those are parsed each time, for thrice the cost of the check.
        publicKey: key.publicKey as unknown as string,
        algorithms: [ALGORITHM],
        issuer: this.config.publicUrl,
        clockTimestamp: Math.floor(this.clock.now().getTime() / 1000),
        clockTolerance: SKEW_SECONDS,
      });
      return ownClaims.parse(claims);
    } catch {
      return undefined;
    }
  }
}
