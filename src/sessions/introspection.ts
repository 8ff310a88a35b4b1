import { Injectable } from '@nestjs/common';
import { auditContext, type Application, type Caller } from '../applications/application.js';
import { Callers } from '../applications/callers.js';
import { Audit } from '../audit/audit.js';
import { sameBytes } from '../crypto/digest.js';
import { Clock } from '../clock.js';
import { Database } from '../storage/database.js';
import { JwtCheck, type OwnClaims } from '../tokens/check-jwt.js';
import { ClientTokens } from '../tokens/client-tokens.js';
import { Revocations } from '../tokens/revocations.js';
import { tokenTypes } from '../tokens/signing-key.js';
import { RefreshTokens } from './refresh-token.js';
import { cookieHashOf, isCookieId } from './session-cookie.js';
import { isLive, type Session } from './session.js';
import { introspectionOf, type IntrospectionAnswer } from './sessions.schemas.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';

const inactive = { active: false } as const;

/**
 * What a token is worth now (RFC 7662), and its end before its time (RFC 7009). Both ask the database each
 * time: what one replica has revoked is dead on every other with the next question (S90).
 */
@Injectable()
export class Introspection {
  constructor(
    private readonly jwt: JwtCheck,
    private readonly revocations: Revocations,
    private readonly clientTokens: ClientTokens,
    private readonly callers: Callers,
    private readonly repository: SessionsRepository,
    private readonly sessions: SessionsService,
    private readonly refreshTokens: RefreshTokens,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the token's members where it is good now and concerns the caller: it was issued to it, or is
   *   for its audience. Of any other it learns nothing but `active: false` (RFC 7662 section 2.2)
   */
  async introspect({ application }: Caller, token: string): Promise<IntrospectionAnswer> {
    const found = await this.sessionOf(application, token);
    if (found !== undefined)
      return found.isNewest ? introspectionOf(found.session, this.clock.now()) : inactive;
    const claims = await this.claimsOf(token);
    if (claims === undefined || !(await this.concerns(application, claims))) return inactive;
    if (!(await this.isGood(claims))) return inactive;
    return { active: true, token_type: 'Bearer', ...claims };
  }

  /** Ends what was issued to the caller; anything else is left as it is, and nobody is told which it was. */
  async revoke(caller: Caller, token: string): Promise<void> {
    const { application } = caller;
    const found = await this.sessionOf(application, token);
    // One that was used up before will do: a client that lost the last answer has no newer one.
    if (found !== undefined) return this.endSession(caller, found.session);
    const claims = await this.claimsOf(token);
    if (claims?.client_id !== application.id) return;
    await this.revocations.revoke(claims);
    this.callers.forget();
    await this.audit.record(this.database.kysely, auditContext(caller), {
      type: 'token.revoked',
      userId: claims.sub === claims.client_id ? null : claims.sub,
      jti: claims.jti,
    });
  }

  /** Whether a token whose signature is good has been revoked, by itself, with its session or with its key. */
  async isGood(claims: OwnClaims): Promise<boolean> {
    if (await this.revocations.isRevoked(claims)) return false;
    if (!(await this.clientTokens.isLive(claims))) return false;
    const { sid } = claims;
    if (sid === undefined) return true;
    const session = typeof sid === 'string' ? await this.repository.find(sid) : undefined;
    return session !== undefined && isLive(session, this.clock.now());
  }

  private async claimsOf(token: string): Promise<OwnClaims | undefined> {
    for (const type of tokenTypes) {
      const claims = await this.jwt.check(type, token);
      if (claims !== undefined) return claims;
    }
    return undefined;
  }

  /** The application's session that this is the cookie of, or a refresh token, be it used up or not. */
  private async sessionOf(
    { id }: Application,
    token: string,
  ): Promise<{ session: Session; isNewest: boolean } | undefined> {
    if (isCookieId(token)) {
      const session = await this.repository.findByCookie(cookieHashOf(token));
      return session?.applicationId === id ? { session, isNewest: true } : undefined;
    }
    const presented = this.refreshTokens.read(token);
    const session = presented && (await this.repository.find(presented.id));
    if (presented === undefined || session?.applicationId !== id) return undefined;
    const { refreshHash } = session;
    const isNewest = refreshHash !== null && sameBytes(refreshHash, presented.hash);
    return isNewest || presented.isGenuine ? { session, isNewest } : undefined;
  }

  /** Two realms may have chosen one audience, so that alone does not make a token ours to know. */
  private async concerns(
    { id, audience, realmId }: Application,
    { client_id, aud }: OwnClaims,
  ): Promise<boolean> {
    if (client_id === id) return true;
    return aud === audience && (await this.repository.realmOf(client_id)) === realmId;
  }

  private async endSession(caller: Caller, { id, realmId, applicationId }: Session) {
    await this.database.transaction(async (executor) => {
      const owner = { realmId, applicationId };
      const ended = await this.repository.revoke(executor, owner, id, this.clock.now());
      const sessions = ended ? [ended] : [];
      await this.sessions.noteEnds(executor, auditContext(caller), sessions, 'revoked');
    });
  }
}
