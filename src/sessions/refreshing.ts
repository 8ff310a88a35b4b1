import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit } from '../audit/audit.js';
import { Clock } from '../clock.js';
import type { PresentedToken } from '../crypto/rotating-token.js';
import { WatchwordError } from '../errors.js';
import { Database, type Executor } from '../storage/database.js';
import { AccessTokens, type TokenAnswer } from '../tokens/access-tokens.js';
import { RefreshTokens } from './refresh-token.js';
import { idleEnd, standingOf, type Session } from './session.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService, withSession } from './sessions.service.js';

interface Refreshed {
  readonly session: Session;
  readonly refreshToken: string;
}

/**
 * A refresh token becomes an access token and a refresh token. The session's row is held meanwhile, so that
 * of two requests with one token one rotates and the other finds it rotated, on whichever replica.
 */
@Injectable()
export class Refreshing {
  constructor(
    private readonly repository: SessionsRepository,
    private readonly sessions: SessionsService,
    private readonly refreshTokens: RefreshTokens,
    private readonly tokens: AccessTokens,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws WatchwordError `refresh_token_invalid` for whatever is not good now: unknown, another
   *   application's, ended, or used up before; the last ends the session (RFC 9700 section 4.14.2)
   */
  async refresh(caller: Caller, token: string): Promise<TokenAnswer> {
    const presented = this.refreshTokens.read(token);
    if (presented === undefined) throw new WatchwordError('refresh_token_invalid');
    const now = this.clock.now();
    const refreshed = await this.database.transaction((executor) =>
      this.rotate(executor, caller, presented, now),
    );
    // Thrown out here: the end of a session must not be rolled back with the refusal.
    if (refreshed === undefined) throw new WatchwordError('refresh_token_invalid');
    const { session, refreshToken } = refreshed;
    const { userId, factor, amr, acr, authTime, certificate } = session;
    const grant = { userId, factor, amr, acr, authTime, certificate, session };
    const answer = this.tokens.issue(caller.application, {
      ...grant,
      issuedAt: now,
      // What was confirmed then is not confirmed again.
      transactionHash: null,
    });
    return withSession(answer, session, refreshToken);
  }

  private async rotate(
    executor: Executor,
    caller: Caller,
    presented: PresentedToken,
    now: Date,
  ): Promise<Refreshed | undefined> {
    const { application } = caller;
    const sessionId = presented.id;
    const session = await this.repository.hold(executor, application.id, sessionId);
    if (session === undefined) return undefined;
    switch (standingOf(session, presented, now)) {
      case 'newest': {
        const { token: refreshToken, rotation } = this.refreshTokens.rotated(presented, now);
        await this.repository.rotate(executor, sessionId, rotation, {
          now,
          idleEndsAt: idleEnd(now, application.sessionIdleSeconds, session.endsAt),
        });
        await this.audit.record(executor, auditContext(caller), {
          type: 'session.refreshed',
          userId: session.userId,
          factorId: session.factor.id,
          sessionId,
        });
        return { session, refreshToken };
      }
      case 'predecessor': {
        const newest = session.refreshHash ?? Buffer.alloc(0);
        const refreshToken = this.refreshTokens.madeSuccessor(presented, newest);
        return refreshToken === undefined ? undefined : { session, refreshToken };
      }
      case 'reused': {
        const owner = { realmId: session.realmId, applicationId: session.applicationId };
        const ended = await this.repository.revoke(executor, owner, sessionId, now);
        const sessions = ended ? [ended] : [];
        await this.sessions.noteEnds(executor, auditContext(caller), sessions, 'token_reused');
        return undefined;
      }
      case 'refused':
        return undefined;
    }
  }
}
