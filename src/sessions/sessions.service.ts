import { Injectable } from '@nestjs/common';
import { auditContext, type Caller } from '../applications/application.js';
import { Audit, type AuditContext } from '../audit/audit.js';
import type { SessionEnd } from '../audit/event.js';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import { Database, type Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { AccessTokens, type TokenAnswer } from '../tokens/access-tokens.js';
import type { Grant } from '../tokens/claims.js';
import { RefreshTokens } from './refresh-token.js';
import { cookieHashOf, cookieLine, newCookieId } from './session-cookie.js';
import { idleEnd, type Session, type SessionKind } from './session.js';
import { SessionsRepository, type SessionOwner } from './sessions.repository.js';

/** What an application asks for beside the access token. */
export interface SessionRequest {
  readonly kind: SessionKind;
  /** A session of this user's that the new one takes the place of. */
  readonly replaces: string | undefined;
}

/** What a proof earns: the answer, and the Set-Cookie line where the session is a cookie. */
export interface Issued {
  readonly token: TokenAnswer;
  readonly cookie?: string;
}

/** The life of a session: begun by a proof, ended by its time, by its application or by its factor. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly repository: SessionsRepository,
    private readonly refreshTokens: RefreshTokens,
    private readonly tokens: AccessTokens,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins a session with a proof that has been committed. It has an id of its own each time (S98), and the
   * one that it replaces has ended when it begins.
   *
   * @throws WatchwordError `not_found` where the factor was revoked in the meantime
   */
  async begin(caller: Caller, request: SessionRequest, grant: Grant): Promise<Issued> {
    const { application } = caller;
    const now = grant.issuedAt;
    const id = newId('ses');
    const endsAt = new Date(now.getTime() + application.sessionSeconds * 1000);
    const cookieId = request.kind === 'cookie' ? newCookieId() : undefined;
    const refreshToken = request.kind === 'cookie' ? undefined : this.refreshTokens.first(id);
    const session: Session = {
      id,
      realmId: application.realmId,
      userId: grant.userId,
      applicationId: application.id,
      kind: request.kind,
      factor: grant.factor,
      amr: grant.amr,
      acr: grant.acr,
      authTime: grant.authTime,
      certificate: grant.certificate,
      refreshHash: refreshToken === undefined ? null : this.refreshTokens.hashOf(refreshToken),
      previousHash: null,
      previousUntil: null,
      createdAt: now,
      lastUsedAt: now,
      idleEndsAt: idleEnd(now, application.sessionIdleSeconds, endsAt),
      endsAt,
      revokedAt: null,
    };
    const cookieHash = cookieId === undefined ? null : cookieHashOf(cookieId);
    await this.database.transaction(async (executor) => {
      if (!(await this.repository.add(executor, session, cookieHash)))
        throw new WatchwordError('not_found');
      await this.audit.record(executor, auditContext(caller), {
        type: 'session.created',
        userId: session.userId,
        factorId: session.factor.id,
        sessionId: id,
        kind: session.kind,
      });
      if (request.replaces !== undefined)
        await this.endReplaced(executor, caller, request.replaces, session);
    });
    const token = this.tokens.issue(application, { ...grant, session });
    const cookie = cookieId && cookieLine(cookieId, application.sessionSeconds);
    return { token: withSession(token, session, refreshToken), ...(cookie && { cookie }) };
  }

  /** @throws WatchwordError `not_found` where the application has no such session that lives */
  async requireOwn({ application }: Caller, id: string): Promise<void> {
    const owner = { realmId: application.realmId, applicationId: application.id };
    if ((await this.repository.findLive(owner, id, this.clock.now())) === undefined)
      throw new WatchwordError('not_found');
  }

  /** The user's sessions that live: an administrator's key sees the realm's, any other its application's. */
  list(caller: Caller, userId: string): Promise<Session[]> {
    return this.repository.listLive({ ...ownerOf(caller), userId }, this.clock.now());
  }

  /** @throws WatchwordError `not_found`, for another's session as for a missing one (S105) */
  async revoke(caller: Caller, id: string): Promise<void> {
    await this.database.transaction(async (executor) => {
      const now = this.clock.now();
      const session = await this.repository.revoke(executor, ownerOf(caller), id, now);
      if (session === undefined) throw new WatchwordError('not_found');
      await this.noteEnds(executor, auditContext(caller), [session], 'revoked');
    });
  }

  /** Ends every session of a user that the caller may see; none is no error. */
  async revokeAll(caller: Caller, userId: string): Promise<void> {
    await this.database.transaction(async (executor) => {
      const now = this.clock.now();
      const owner = { ...ownerOf(caller), userId };
      const ended = await this.repository.revokeAll(executor, owner, now);
      await this.noteEnds(executor, auditContext(caller), ended, 'revoked');
    });
  }

  /** Ends what a factor has earned, in the transaction that revokes the factor. */
  async endWithFactor(executor: Executor, context: AuditContext, factorId: string): Promise<void> {
    const now = this.clock.now();
    const ended = await this.repository.revokeOfFactor(executor, factorId, now);
    await this.noteEnds(executor, context, ended, 'factor_revoked');
  }

  /** Writes down why sessions have ended. */
  async noteEnds(
    executor: Executor,
    context: AuditContext,
    ended: readonly Session[],
    reason: SessionEnd,
  ): Promise<void> {
    const rows = ended.map(({ id, userId, factor }) =>
      this.audit.row(context, {
        type: 'session.ended',
        userId,
        factorId: factor.id,
        sessionId: id,
        reason,
      }),
    );
    await this.audit.recordAll(executor, rows);
  }

  private async endReplaced(executor: Executor, caller: Caller, id: string, by: Session) {
    const owner = { realmId: by.realmId, applicationId: by.applicationId };
    const replaced = await this.repository.findLive(owner, id, by.createdAt, executor);
    // A number's proof may turn out to be another user's than the browser was logged in as.
    if (replaced?.userId !== by.userId) return;
    const ended = await this.repository.revoke(executor, owner, id, by.createdAt);
    await this.noteEnds(executor, auditContext(caller), ended ? [ended] : [], 'replaced');
  }
}

/** The answer of a token that has a session. */
export function withSession(
  token: TokenAnswer,
  { id, endsAt }: Session,
  refreshToken: string | undefined,
): TokenAnswer {
  return {
    ...token,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    session_id: id,
    session_expires_at: endsAt.toISOString(),
  };
}

function ownerOf({ application, scopes }: Caller): SessionOwner {
  const { realmId, id: applicationId } = application;
  return scopes.includes('admin') ? { realmId } : { realmId, applicationId };
}
