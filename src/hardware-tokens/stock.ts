import { Injectable } from '@nestjs/common';
import { Audit, type AuditContext } from '../audit/audit.js';
import { Envelope } from '../crypto/envelope.js';
import type { Executor } from '../storage/database.js';
import { secretPlace, type HardwareToken } from './hardware-token.js';
import { HardwareTokensRepository } from './hardware-tokens.repository.js';

/** A factor that a token of the inventory is. */
export interface TokenFactor {
  readonly id: string;
  readonly userId: string;
  readonly type: string;
  readonly lastStep: number | null;
  readonly driftSteps: number;
}

export interface TakenToken extends Omit<HardwareToken, 'secret'> {
  /** Opened. */
  readonly secret: Uint8Array;
}

/** What happens to a token while factors come and go; all of it in the caller's transaction. */
@Injectable()
export class Stock {
  constructor(
    private readonly repository: HardwareTokensRepository,
    private readonly envelope: Envelope,
    private readonly audit: Audit,
  ) {}

  /**
   * Takes a token out of the stock and keeps it from everybody else to the end of the transaction.
   *
   * @returns undefined where none of that serial is there, whatever the reason (S105)
   */
  async take(
    executor: Executor,
    realmId: string,
    serial: string,
    now: Date,
  ): Promise<TakenToken | undefined> {
    await this.repository.lock(executor, realmId, serial);
    // Read after the lock was got: whoever had it before may have assigned the token.
    const token = await this.repository.findBySerial(executor, realmId, serial, now);
    if (token?.status !== 'stock') return undefined;
    return { ...token, secret: this.envelope.open(token.secret, secretPlace(token)) };
  }

  /** Makes a token that was taken a pending factor. */
  async assign(
    executor: Executor,
    context: AuditContext,
    { id, serial }: Pick<HardwareToken, 'id' | 'serial'>,
    factor: TokenFactor,
    now: Date,
  ): Promise<void> {
    await this.repository.assign(executor, id, factor.id, now);
    await this.audit.record(executor, context, {
      type: 'hardware_token.assigned',
      serial,
      ...named(factor),
    });
  }

  /** @returns false where the token was given to somebody else since: this factor must not come to life */
  activate(executor: Executor, { id }: Pick<TokenFactor, 'id'>, now: Date): Promise<boolean> {
    return this.repository.setActive(executor, id, now);
  }

  /**
   * Takes the token back from a factor that has ended, with its counter or the drift of its clock: codes that
   * were spent stay spent, whoever has the token next (S24).
   */
  async release(
    executor: Executor,
    context: AuditContext,
    factor: TokenFactor,
    now: Date,
  ): Promise<void> {
    const released = await this.repository.release(executor, factor.id, factor, now);
    if (released === undefined) return;
    await this.audit.record(executor, context, {
      type: 'hardware_token.released',
      ...released,
      ...named(factor),
    });
  }
}

function named({ id, userId, type }: TokenFactor) {
  return { userId, factorId: id, factorType: type };
}
