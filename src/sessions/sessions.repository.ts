import { Injectable } from '@nestjs/common';
import type { ExpressionBuilder, Selectable } from 'kysely';
import type { Rotation } from '../crypto/rotating-token.js';
import { Database, type Executor } from '../storage/database.js';
import type { Schema, SessionRow } from '../storage/schema.js';
import { BYPASS_TYPE } from '../tokens/claims.js';
import type { Session, SessionKind } from './session.js';

/** Whose sessions are meant; without an application those of the whole realm, without a user those of all. */
export interface SessionOwner {
  readonly realmId: string;
  readonly applicationId?: string | undefined;
  readonly userId?: string | undefined;
}

/** A session as its user knows it: by the application that it is in. */
export interface NamedSession extends Session {
  readonly applicationName: string;
}

@Injectable()
export class SessionsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Adds a session to a factor that is active, and keeps it active to the end of the transaction.
   *
   * @returns false where the factor has been revoked since it was proved (S18)
   */
  async add(executor: Executor, session: Session, cookieHash: Uint8Array | null): Promise<boolean> {
    if ((await this.holdProof(executor, session)) === undefined) return false;
    await executor
      .insertInto('sessions')
      .values({
        id: session.id,
        realm_id: session.realmId,
        user_id: session.userId,
        application_id: session.applicationId,
        kind: session.kind,
        factor_id: session.factor.id,
        factor_type: session.factor.type,
        amr: [...session.amr],
        acr: session.acr,
        auth_time: session.authTime,
        certificate: session.certificate,
        cookie_hash: cookieHash,
        refresh_hash: session.refreshHash,
        previous_hash: null,
        previous_until: null,
        created_at: session.createdAt,
        last_used_at: session.lastUsedAt,
        idle_ends_at: session.idleEndsAt,
        ends_at: session.endsAt,
        revoked_at: null,
      })
      .execute();
    return true;
  }

  /**
   * What a session began with, where it still stands: a factor, or an operator's code, which it used up. Held to the
   * end of the transaction.
   */
  private holdProof(executor: Executor, { factor: { id, type } }: Session) {
    if (type === BYPASS_TYPE) {
      const codes = executor.selectFrom('bypass_codes').select('id');
      return codes.where('id', '=', id).forShare().executeTakeFirst();
    }
    const factors = executor.selectFrom('factors').select('id').where('status', '=', 'active');
    return factors.where('id', '=', id).forShare().executeTakeFirst();
  }

  async find(id: string): Promise<Session | undefined> {
    const row = await this.database.kysely
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && toSession(row);
  }

  /** The session of an application, its row held to the end of the transaction. */
  async hold(executor: Executor, applicationId: string, id: string): Promise<Session | undefined> {
    const row = await executor
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', id)
      .where('application_id', '=', applicationId)
      .forUpdate()
      .executeTakeFirst();
    return row && toSession(row);
  }

  async findByCookie(cookieHash: Uint8Array): Promise<Session | undefined> {
    const row = await this.database.kysely
      .selectFrom('sessions')
      .selectAll()
      .where('cookie_hash', '=', cookieHash)
      .executeTakeFirst();
    return row && toSession(row);
  }

  /** Sessions that live, the newest first. */
  async listLive(owner: SessionOwner, now: Date): Promise<Session[]> {
    const rows = await this.live(owner, now).orderBy('id', 'desc').execute();
    return rows.map(toSession);
  }

  /** Sessions that live, with the names of their applications, the one that was used last first. */
  async listNamed(owner: SessionOwner, now: Date): Promise<NamedSession[]> {
    const rows = await this.live(owner, now)
      .select((select) =>
        select
          .selectFrom('applications')
          .select('name')
          .whereRef('applications.id', '=', 'sessions.application_id')
          .as('application_name'),
      )
      .orderBy('last_used_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    return rows.map((row) => ({ ...toSession(row), applicationName: row.application_name ?? '' }));
  }

  async findLive(
    owner: SessionOwner,
    id: string,
    now: Date,
    executor?: Executor,
  ): Promise<Session | undefined> {
    const row = await this.live(owner, now, executor).where('id', '=', id).executeTakeFirst();
    return row && toSession(row);
  }

  /** Puts a successor in the place of the newest refresh token. */
  async rotate(
    executor: Executor,
    id: string,
    tokens: Rotation,
    use: { readonly now: Date; readonly idleEndsAt: Date },
  ): Promise<void> {
    await executor
      .updateTable('sessions')
      .set({
        refresh_hash: tokens.newest,
        previous_hash: tokens.previous,
        previous_until: tokens.previousUntil,
        last_used_at: use.now,
        idle_ends_at: use.idleEndsAt,
      })
      .where('id', '=', id)
      .execute();
  }

  /** Notes that a session was used. */
  async touch(id: string, use: { readonly now: Date; readonly idleEndsAt: Date }): Promise<void> {
    await this.database.kysely
      .updateTable('sessions')
      .set({ last_used_at: use.now, idle_ends_at: use.idleEndsAt })
      .where('id', '=', id)
      .where('last_used_at', '<', use.now)
      .execute();
  }

  /** Ends one session. @returns it, or undefined where none of the owner's has that id or it has ended */
  async revoke(
    executor: Executor,
    owner: SessionOwner,
    id: string,
    now: Date,
  ): Promise<Session | undefined> {
    const row = await this.revocation(executor, owner, now)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    return row && toSession(row);
  }

  /** Ends every session of an owner's but this one. @returns those that it has ended */
  async revokeAll(
    executor: Executor,
    owner: SessionOwner,
    now: Date,
    kept: string | null = null,
  ): Promise<Session[]> {
    const rows = await this.revocation(executor, owner, now)
      .where('id', 'is distinct from', kept)
      .returningAll()
      .execute();
    return rows.map(toSession);
  }

  /** Ends the sessions that a factor has earned, of applications that want that. @returns them */
  async revokeOfFactor(executor: Executor, factorId: string, now: Date): Promise<Session[]> {
    const rows = await executor
      .updateTable('sessions')
      .set({ revoked_at: now })
      .where('factor_id', '=', factorId)
      .where('revoked_at', 'is', null)
      .where('application_id', 'in', (where) =>
        where.selectFrom('applications').select('id').where('sessions_end_with_factor', '=', true),
      )
      .returningAll()
      .execute();
    return rows.map(toSession);
  }

  /** @returns the realm of an application, or undefined where there is none of that id */
  async realmOf(applicationId: string): Promise<string | undefined> {
    const row = await this.database.kysely
      .selectFrom('applications')
      .select('realm_id')
      .where('id', '=', applicationId)
      .executeTakeFirst();
    return row?.realm_id;
  }

  /** @returns the audience of an application, or undefined where there is none of that id */
  async audienceOf(applicationId: string): Promise<string | undefined> {
    const row = await this.database.kysely
      .selectFrom('applications')
      .select('audience')
      .where('id', '=', applicationId)
      .executeTakeFirst();
    return row?.audience;
  }

  /** Whether there is one realm, so that a session's user needs no realm beside its name. */
  async isOnlyRealm(): Promise<boolean> {
    const rows = await this.database.kysely.selectFrom('realms').select('id').limit(2).execute();
    return rows.length === 1;
  }

  private live(owner: SessionOwner, now: Date, executor: Executor = this.database.kysely) {
    return executor.selectFrom('sessions').selectAll().where(liveOf(owner, now));
  }

  private revocation(executor: Executor, owner: SessionOwner, now: Date) {
    return executor.updateTable('sessions').set({ revoked_at: now }).where(liveOf(owner, now));
  }
}

/** The owner's sessions that live: session.ts's `isLive`, as the database asks it. */
function liveOf({ realmId, applicationId, userId }: SessionOwner, now: Date) {
  return (where: ExpressionBuilder<Schema, 'sessions'>) =>
    where.and([
      where('realm_id', '=', realmId),
      ...(applicationId === undefined ? [] : [where('application_id', '=', applicationId)]),
      ...(userId === undefined ? [] : [where('user_id', '=', userId)]),
      where('revoked_at', 'is', null),
      where('idle_ends_at', '>', now),
      where('ends_at', '>', now),
    ]);
}

function toSession(row: Selectable<SessionRow>): Session {
  return {
    id: row.id,
    realmId: row.realm_id,
    userId: row.user_id,
    applicationId: row.application_id,
    kind: row.kind as SessionKind,
    factor: { id: row.factor_id, type: row.factor_type },
    amr: row.amr,
    acr: row.acr as Session['acr'],
    authTime: row.auth_time,
    certificate: row.certificate,
    refreshHash: row.refresh_hash,
    previousHash: row.previous_hash,
    previousUntil: row.previous_until,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    idleEndsAt: row.idle_ends_at,
    endsAt: row.ends_at,
    revokedAt: row.revoked_at,
  };
}
