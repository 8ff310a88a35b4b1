import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock.js';
import { OwnDevices, type OwnDevice } from '../../devices/own-devices.js';
import { isLastOf, type Factor } from '../../factors/factor.js';
import { remainingOf } from '../../factors/recovery-code.method.js';
import { ownerOf } from '../../links/link.js';
import type { Visit } from '../../links/visits.js';
import { OwnSessions } from '../../sessions/own-sessions.js';
import type { NamedSession } from '../../sessions/sessions.repository.js';
import { SettingUp } from '../enrol/setting-up.js';
import { RecentProof } from '../verify/recent-proof.js';
import { kindOf, ownNameOf, type FactorKind } from '../verify/way.js';
import { Managing } from './managing.js';

/** A page has room for these; signing out of all ends the others as well. */
const MOST_SESSIONS = 12;
const MOST_DEVICES = 8;

export interface ManageView {
  readonly factors: readonly FactorView[];
  readonly sessions: readonly NamedSession[];
  /** Sessions that are not shown. */
  readonly moreSessions: number;
  /** Browsers that are known. */
  readonly devices: readonly OwnDevice[];
  /** Whether there is a kind of factor that can be added here. */
  readonly mayAdd: boolean;
  readonly now: Date;
}

/** A factor as its user knows it. */
export interface FactorView {
  readonly id: string;
  readonly kind: FactorKind;
  /** Null where it has no name of its own. */
  readonly name: string | null;
  /** A phone's, masked. */
  readonly number: string | null;
  /** Codes that are left of a set; undefined for everything else. */
  readonly remaining: number | undefined;
  readonly addedAt: Date;
  readonly lastUsedAt: Date | null;
}

export interface RemovalView {
  readonly factor: FactorView;
  readonly isProven: boolean;
  readonly isLast: boolean;
}

/** Reads what the pages show; it changes nothing (S102). */
@Injectable()
export class ManageState {
  constructor(
    private readonly managing: Managing,
    private readonly settingUp: SettingUp,
    private readonly recentProof: RecentProof,
    private readonly sessions: OwnSessions,
    private readonly devices: OwnDevices,
    private readonly clock: Clock,
  ) {}

  async all(visit: Visit): Promise<ManageView> {
    const factors = await this.managing.active(visit);
    const sessions = await this.sessions.list(ownerOf(visit.link));
    return {
      factors: factors.map(factorView),
      sessions: sessions.slice(0, MOST_SESSIONS),
      devices: (await this.devices.list(ownerOf(visit.link))).slice(0, MOST_DEVICES),
      mayAdd: (await this.settingUp.types(visit)).length > 0,
      moreSessions: Math.max(0, sessions.length - MOST_SESSIONS),
      now: this.clock.now(),
    };
  }

  /** @returns undefined for a factor that is gone @throws WatchwordError `not_found` (S105) */
  async one(visit: Visit, id: string): Promise<(FactorView & { readonly now: Date }) | undefined> {
    const factor = await this.managing.factor(visit, id);
    return factor && { ...factorView(factor), now: this.clock.now() };
  }

  /** @returns undefined for a factor that is gone @throws WatchwordError `not_found` (S105) */
  async removal(visit: Visit, id: string): Promise<RemovalView | undefined> {
    const factor = await this.managing.factor(visit, id);
    const active = await this.managing.active(visit);
    return (
      factor && {
        factor: factorView(factor),
        isProven: !(await this.recentProof.isMissing(visit)),
        isLast: isLastOf(factor, active),
      }
    );
  }
}

function factorView(factor: Factor): FactorView {
  return {
    id: factor.id,
    kind: kindOf([factor]),
    name: ownNameOf(factor),
    number: factor.masked,
    remaining: remainingOf(factor),
    addedAt: factor.activatedAt ?? factor.createdAt,
    lastUsedAt: factor.lastUsedAt,
  };
}
