import { Injectable } from '@nestjs/common';
import type { AuditContext } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { Database, type Executor } from '../storage/database.js';
import type { Session } from './session.js';
import { SessionsRepository, type NamedSession } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';

/** The user whose sessions they are. */
export interface Owner {
  readonly realmId: string;
  readonly userId: string;
}

/**
 * Sessions as their user sees them: those of all applications of the realm, for a user is one and the same in
 * each of them.
 */
@Injectable()
export class OwnSessions {
  constructor(
    private readonly repository: SessionsRepository,
    private readonly sessions: SessionsService,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Those that live, the one that was used last first. */
  list({ realmId, userId }: Owner): Promise<NamedSession[]> {
    return this.repository.listNamed({ realmId, userId }, this.clock.now());
  }

  /** Ends one. @returns false where no session of this user's that lives has that id (S105) */
  async end(context: AuditContext, { realmId, userId }: Owner, id: string): Promise<boolean> {
    const ended = await this.endIn(context, async (executor) => {
      const owner = { realmId, userId };
      const session = await this.repository.revoke(executor, owner, id, this.clock.now());
      return session === undefined ? [] : [session];
    });
    return ended.length > 0;
  }

  /** Ends all but one. @param kept null where none is. @returns those that it has ended */
  async endOthers(
    context: AuditContext,
    { realmId, userId }: Owner,
    kept: string | null,
  ): Promise<readonly Session[]> {
    return this.endIn(context, (executor) =>
      this.repository.revokeAll(executor, { realmId, userId }, this.clock.now(), kept),
    );
  }

  private endIn(
    context: AuditContext,
    work: (executor: Executor) => Promise<readonly Session[]>,
  ): Promise<readonly Session[]> {
    return this.database.transaction(async (executor) => {
      const ended = await work(executor);
      await this.sessions.noteEnds(executor, context, ended, 'revoked');
      return ended;
    });
  }
}
