import { Injectable } from '@nestjs/common';
import { Audit, operatorOf } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { sameBytes, sha256 } from '../crypto/digest.js';
import { Envelope } from '../crypto/envelope.js';
import { OperatorError } from '../errors.js';
import { inGroups, randomWrittenCode } from '../otp/written-code.js';
import { Database, type Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import { BYPASS_TYPE } from '../tokens/claims.js';
import { UsersRepository } from '../users/users.repository.js';
import {
  bypassPlace,
  bypassStatusAt,
  isSameOperator,
  type BypassCode,
  type BypassStatus,
} from './bypass-code.js';
import { BypassCodesRepository } from './bypass-codes.repository.js';

export interface BypassRequest {
  readonly realmId: string;
  readonly userId: string;
  readonly minutes: number;
  readonly by: string;
  readonly reason: string;
}

export interface NewBypassCode {
  readonly bypass: BypassCode;
  /** As it is read out, this once. */
  readonly code: string;
}

export type ShownBypassCode = BypassCode & { readonly status: BypassStatus };

/** Makes, lets through, shows and ends operators' codes; challenges/bypass.proof.ts uses them up. */
@Injectable()
export class BypassCodes {
  constructor(
    private readonly repository: BypassCodesRepository,
    private readonly users: UsersRepository,
    private readonly envelope: Envelope,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a code and ends the one before. Where the realm wants a second operator, it is good once one has let it
   * through; the time runs from now.
   *
   * @throws OperatorError for a user who is not known: a slip of the pen is no new user
   */
  async create({ realmId, userId, minutes, by, reason }: BypassRequest): Promise<NewBypassCode> {
    const now = this.clock.now();
    const code = randomWrittenCode('bypass');
    const bypass = await this.database.transaction(async (executor) => {
      if (!(await this.users.lock(executor, realmId, userId)))
        throw new OperatorError(
          `There is no user "${userId}". See them with: watchword users list.`,
        );
      const needsSecond = await this.repository.needsSecond(realmId, executor);
      await this.endLive(executor, { realmId, userId }, by, now);
      // Guesses at the one before are no guesses at this one.
      await this.users.clearBudget(executor, realmId, userId, BYPASS_TYPE);
      const made: BypassCode = {
        ...{ id: newId('byp'), realmId, userId, reason, createdBy: by, createdAt: now },
        approvedBy: needsSecond ? null : by,
        expiresAt: new Date(now.getTime() + minutes * 60_000),
        ...{ usedAt: null, revokedAt: null },
      };
      const sealed = this.envelope.seal(hashOf(made, code), bypassPlace(made));
      await this.repository.add(executor, { ...made, sealed });
      const { id: bypassId, expiresAt } = made;
      await this.audit.record(executor, operatorOf(realmId), {
        type: 'bypass_code.created',
        ...{ userId, bypassId, by, reason, expiresAt, needsSecond },
      });
      return made;
    });
    return { bypass, code: inGroups(code) };
  }

  /** @throws OperatorError where there is nothing to let through, or where it is the same operator */
  async approve(realmId: string, id: string, by: string): Promise<ShownBypassCode> {
    const now = this.clock.now();
    const approved = await this.database.transaction(async (executor) => {
      const code = await this.repository.lock(executor, realmId, id);
      const status = code && bypassStatusAt(code, now);
      if (code === undefined || status !== 'waiting')
        throw new OperatorError(
          `No code "${id}" waits for a second operator${status ? `: it is ${status}` : ''}. See them with: watchword bypass list.`,
        );
      if (isSameOperator(code.createdBy, by))
        throw new OperatorError(
          `"${by}" made this code. Somebody else has to let it through: watchword bypass approve ${id} --operator NAME.`,
        );
      await this.repository.approve(executor, id, by);
      await this.audit.record(executor, operatorOf(realmId), {
        type: 'bypass_code.approved',
        ...{ userId: code.userId, bypassId: id, by },
      });
      return { ...code, approvedBy: by };
    });
    return shown(approved, now);
  }

  /** @throws OperatorError where it has ended, or never was */
  async revoke(realmId: string, id: string, by: string): Promise<void> {
    const now = this.clock.now();
    await this.database.transaction(async (executor) => {
      const code = await this.repository.lock(executor, realmId, id);
      if (code === undefined || code.usedAt !== null || code.revokedAt !== null)
        throw new OperatorError(
          `There is no live code "${id}". See them with: watchword bypass list.`,
        );
      await this.endLive(executor, code, by, now);
    });
  }

  async list(realmId: string, userId?: string): Promise<ShownBypassCode[]> {
    const now = this.clock.now();
    return (await this.repository.list(realmId, userId)).map((code) => shown(code, now));
  }

  /** Whether codes of a realm wait for a second operator. */
  needsSecond(realmId: string): Promise<boolean> {
    return this.repository.needsSecond(realmId);
  }

  async requireSecond(realmId: string, needsSecond: boolean): Promise<void> {
    await this.database.transaction(async (executor) => {
      await this.repository.setNeedsSecond(executor, realmId, needsSecond);
      await this.audit.record(executor, operatorOf(realmId), {
        type: 'realm.bypass_policy_set',
        needsSecond,
      });
    });
  }

  /** Whether a user has a code that is good now. */
  async isOpen(realmId: string, userId: string): Promise<boolean> {
    const live = await this.repository.findLive(realmId, userId);
    return live !== undefined && bypassStatusAt(live, this.clock.now()) === 'open';
  }

  /**
   * @param typed normalised, without separators
   * @returns the id of the user's code; undefined where there is none that is good, or it is another
   */
  async find(
    realmId: string,
    userId: string,
    typed: string,
    now: Date,
  ): Promise<string | undefined> {
    const live = await this.repository.findLive(realmId, userId);
    if (live?.sealed == null || bypassStatusAt(live, now) !== 'open') return undefined;
    const stored = this.envelope.open(live.sealed, bypassPlace(live));
    return sameBytes(stored, hashOf(live, typed)) ? live.id : undefined;
  }

  private async endLive(
    executor: Executor,
    of: { readonly realmId: string; readonly userId: string },
    by: string,
    now: Date,
  ): Promise<void> {
    const { realmId, userId } = of;
    for (const bypassId of await this.repository.revoke(executor, of, now))
      await this.audit.record(executor, operatorOf(realmId), {
        type: 'bypass_code.revoked',
        ...{ userId, bypassId, by },
      });
  }
}

/** With its id in it, so that two codes that happen to be alike look different at rest. */
function hashOf({ id }: Pick<BypassCode, 'id'>, code: string): Buffer {
  return sha256(`${id} ${code}`);
}

function shown(code: BypassCode, now: Date): ShownBypassCode {
  return { ...code, status: bypassStatusAt(code, now) };
}
