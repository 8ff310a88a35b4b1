import { Injectable } from '@nestjs/common';
import { auditContext } from '../../applications/application.js';
import { OwnDevices } from '../../devices/own-devices.js';
import { WatchwordError } from '../../errors.js';
import type { Factor } from '../../factors/factor.js';
import { renameBody } from '../../factors/factors.schemas.js';
import { FactorsService } from '../../factors/factors.service.js';
import { ownerOf, userOf } from '../../links/link.js';
import { Visits, type Visit } from '../../links/visits.js';
import { OwnSessions } from '../../sessions/own-sessions.js';
import { RecentProof } from '../verify/recent-proof.js';

/** What a form has done, or why it has not; the page that it leads to says so. */
export type Said = 'renamed' | 'name_unusable' | 'removed' | 'signed_out' | 'not_understood';

/** What became of the wish to remove a factor. */
export type Removal = 'removed' | 'unproven' | 'not_understood';

/** What a user changes on the pages, in the name of the link's application; it learns what was done. */
@Injectable()
export class Managing {
  constructor(
    private readonly visits: Visits,
    private readonly factors: FactorsService,
    private readonly sessions: OwnSessions,
    private readonly devices: OwnDevices,
    private readonly recentProof: RecentProof,
  ) {}

  /** The user's active factors, the oldest first. */
  async active({ link }: Visit): Promise<Factor[]> {
    const factors = await this.factors.list(link.realmId, userOf(link));
    return factors.filter(({ status }) => status === 'active');
  }

  /**
   * @returns undefined for one of the user's that is active no more
   * @throws WatchwordError `not_found`, for another user's factor as for a missing one (S105)
   */
  async factor({ link, caller }: Visit, id: string): Promise<Factor | undefined> {
    const factor = await this.factors.get(caller, id);
    if (factor.userId !== userOf(link)) throw new WatchwordError('not_found');
    return factor.status === 'active' ? factor : undefined;
  }

  /** @param typed the name as it was typed @returns undefined where there is no such factor any more */
  async rename(visit: Visit, id: string, typed: string): Promise<Said | undefined> {
    const factor = await this.factor(visit, id);
    if (factor === undefined) return undefined;
    const { success, data } = renameBody.safeParse({ name: typed.trim() });
    if (!success) return 'name_unusable';
    if (data.name !== factor.name) {
      await this.factors.rename(visit.caller, id, data.name);
      await this.visits.note(visit, {
        action: 'factor_renamed',
        factor: { id, type: factor.type },
      });
    }
    return 'renamed';
  }

  /**
   * Ends a factor, after a fresh proof. One that has been removed before is none to complain about: it was a
   * double click, or another tab.
   *
   * @param isUnderstood that it is the last one; needed where it is
   */
  async remove(visit: Visit, id: string, isUnderstood: boolean): Promise<Removal> {
    const factor = await this.factor(visit, id);
    if (factor === undefined) return 'removed';
    if (await this.recentProof.isMissing(visit)) return 'unproven';
    const context = auditContext(visit.caller);
    try {
      if (isUnderstood) await this.factors.revoke(context, id);
      else if ((await this.factors.revokeUnlessLast(context, factor)) === 'last')
        return 'not_understood';
    } catch (error) {
      if (error instanceof WatchwordError && error.code === 'not_found') return 'removed';
      throw error;
    }
    await this.visits.note(visit, { action: 'factor_removed', factor: { id, type: factor.type } });
    return 'removed';
  }

  /** Ends a session of the user's, in whichever application; one that is over, or another's, is none (S105). */
  async signOut(visit: Visit, id: string): Promise<void> {
    if (await this.sessions.end(auditContext(visit.caller), ownerOf(visit.link), id))
      await this.visits.note(visit, { action: 'session_ended', session_id: id });
  }

  /** Forgets a browser of the user's; one that is forgotten, or another's, is none (S105). */
  async forget(visit: Visit, id: string): Promise<void> {
    if (await this.devices.forget(auditContext(visit.caller), ownerOf(visit.link), id))
      await this.visits.note(visit, { action: 'device_forgotten' });
  }

  /** Ends all of them but one. @param kept null where none stays */
  async signOutAll(visit: Visit, kept: string | null): Promise<void> {
    const ended = await this.sessions.endOthers(
      auditContext(visit.caller),
      ownerOf(visit.link),
      kept,
    );
    for (const { id } of ended)
      await this.visits.note(visit, { action: 'session_ended', session_id: id });
  }
}
