import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Scope } from '../applications/api-key.js';
import { auditContext, type Caller, type Holder } from '../applications/application.js';
import { Callers } from '../applications/callers.js';
import type { Credential } from '../applications/credential.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { WatchwordError } from '../errors.js';
import { Database } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { JwtCheck, type OwnClaims } from './check-jwt.js';
import { SKEW_SECONDS } from './key-life.js';
import { Revocations } from './revocations.js';
import { signJwt } from './sign-jwt.js';
import { SigningKeys } from './signing-keys.js';

/** Short, so that little is lost with one: there is another for the asking. */
export const CLIENT_TOKEN_SECONDS = 300;

export interface ClientTokenRequest {
  /** Space separated; left out: all that the credential may do, for this service, and nothing for another. */
  readonly scope?: string | undefined;
  /** Left out: this service. */
  readonly audience?: string | undefined;
}

export interface ClientTokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope?: string;
}

/** What a client token says: who (`sub` is `client_id`), for whom, what for, and what it was got with. */
export interface ClientTokenClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly client_id: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly jti: string;
  readonly scope?: string;
  /** `key_…` or `crt_…`: the token is over when that is revoked. */
  readonly credential_id: string;
  /** RFC 8705 section 3.1. */
  readonly cnf?: { readonly 'x5t#S256': string };
}

/** What a client token says beside what all tokens do. */
const clientClaims = z.looseObject({
  scope: z.string().optional(),
  credential_id: z.string(),
  cnf: z.strictObject({ 'x5t#S256': z.string() }).optional(),
});

/** Tokens that an application gets for itself (RFC 6749 section 4.4), of a type of their own (S83). */
@Injectable()
export class ClientTokens {
  constructor(
    private readonly jwt: JwtCheck,
    private readonly keys: SigningKeys,
    private readonly revocations: Revocations,
    private readonly callers: Callers,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'publicUrl'>,
  ) {}

  /**
   * Exchanges the caller's key or certificate for a token; with a certificate, the token is good together
   * with that certificate alone.
   *
   * @throws WatchwordError `client_token_unsuitable` where the caller has come with such a token,
   *   `audience_not_allowed`, `scope_not_allowed`
   */
  async issue(caller: Caller, request: ClientTokenRequest): Promise<ClientTokenAnswer> {
    // Or one that was stolen would live for as long as its thief cares to exchange it.
    if (caller.kind === 'client_token') throw new WatchwordError('client_token_unsuitable');
    const { application, certificate } = caller;
    const aud = this.audienceOf(caller, request.audience);
    const isOurs = aud === this.config.publicUrl;
    const scopes = scopesOf(caller, request.scope?.split(' ') ?? (isOurs ? caller.scopes : []));
    const { headers, privateKey } = this.keys.current();
    const iat = Math.floor(this.clock.now().getTime() / 1000);
    const scope = scopes.join(' ');
    const claims: ClientTokenClaims = {
      iss: this.config.publicUrl,
      aud,
      sub: application.id,
      client_id: application.id,
      iat,
      nbf: iat,
      exp: iat + CLIENT_TOKEN_SECONDS,
      jti: newId('jti'),
      ...(scope !== '' && { scope }),
      credential_id: caller.credentialId,
      ...(certificate !== null && { cnf: { 'x5t#S256': certificate } }),
    };
    await this.audit.record(this.database.kysely, auditContext(caller), {
      type: 'client_token.issued',
      jti: claims.jti,
      audience: aud,
      scopes,
    });
    return {
      access_token: signJwt(headers['client+jwt'], claims, privateKey),
      token_type: 'Bearer',
      expires_in: CLIENT_TOKEN_SECONDS,
      ...(scope !== '' && { scope }),
    };
  }

  /** Whose a client token for this service is; undefined for anything else (S81 to S85). */
  identify({ name, token }: Extract<Credential, { kind: 'client_token' }>) {
    return this.callers.identify(name, () => this.find(token));
  }

  /** Whether what a client token was got with is still good. Other tokens have nothing of the kind. */
  async isLive(claims: OwnClaims): Promise<boolean> {
    return claims['credential_id'] === undefined || (await this.gotBy(claims)) !== undefined;
  }

  private async find(token: string): Promise<Holder | undefined> {
    const claims = await this.jwt.check('client+jwt', token);
    if (claims?.aud !== this.config.publicUrl) return undefined;
    if (await this.revocations.isRevoked(claims)) return undefined;
    const behind = await this.gotBy(claims);
    if (behind === undefined) return undefined;
    const { scope, cnf } = clientClaims.parse(claims);
    const granted = scope?.split(' ') ?? [];
    return {
      application: behind.application,
      kind: 'client_token',
      credentialId: claims.jti,
      scopes: behind.scopes.filter((one) => granted.includes(one)),
      certificate: cnf?.['x5t#S256'] ?? null,
      endsAt: new Date((claims.exp + SKEW_SECONDS) * 1000),
    };
  }

  private async gotBy(claims: OwnClaims): Promise<Omit<Holder, 'certificate'> | undefined> {
    const read = clientClaims.safeParse(claims);
    if (!read.success || claims.sub !== claims.client_id) return undefined;
    const behind = await this.callers.ofCredential(read.data.credential_id);
    return behind?.application.id === claims.client_id ? behind : undefined;
  }

  private audienceOf({ application }: Caller, asked = this.config.publicUrl): string {
    const allowed = [this.config.publicUrl, ...application.tokenAudiences];
    if (allowed.includes(asked)) return asked;
    throw new WatchwordError('audience_not_allowed', { allowed });
  }
}

function scopesOf({ scopes }: Caller, asked: readonly string[]): readonly Scope[] {
  const granted: readonly string[] = scopes;
  if (asked.every((scope) => granted.includes(scope)))
    return scopes.filter((scope) => asked.includes(scope));
  throw new WatchwordError('scope_not_allowed', { allowed: scopes });
}
