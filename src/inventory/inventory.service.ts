import { Injectable } from '@nestjs/common';
import { Audit, type AuditContext } from '../audit/audit.js';
import { Clock } from '../clock.js';
import { WatchwordError } from '../errors.js';
import { FactorsService } from '../factors/factors.service.js';
import type { HardwareToken } from '../hardware-tokens/hardware-token.js';
import {
  HardwareTokensRepository,
  type TokenFilter,
} from '../hardware-tokens/hardware-tokens.repository.js';
import { Database, type Executor } from '../storage/database.js';

/** A realm's hardware tokens, as those who hand them out manage them. */
@Injectable()
export class Inventory {
  constructor(
    private readonly tokens: HardwareTokensRepository,
    private readonly factors: FactorsService,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** A page of a realm's tokens by serial; `next` is the serial to go on after, null at the end. */
  page(
    realmId: string,
    filter: TokenFilter,
  ): Promise<{ tokens: HardwareToken[]; next: string | null }> {
    return this.tokens.page(realmId, filter, this.clock.now());
  }

  /** @throws WatchwordError `not_found`, for another realm's token as for a missing one (S105) */
  async get(realmId: string, id: string): Promise<HardwareToken> {
    return found(await this.tokens.find(realmId, id, this.clock.now()));
  }

  /** @throws WatchwordError `not_found` */
  async getBySerial(realmId: string, serial: string): Promise<HardwareToken> {
    const { kysely } = this.database;
    return found(await this.tokens.findBySerial(kysely, realmId, serial, this.clock.now()));
  }

  /**
   * Puts a token back into stock that is physically there again, for whoever comes next. The factor that it
   * was ends. Its counter stays where it is, so codes that its last owner wrote down die with the first code
   * of the next.
   *
   * @throws WatchwordError `not_found`
   */
  putBack(context: AuditContext, id: string): Promise<HardwareToken> {
    return this.change(context, id, async (executor, { serial }) => {
      await this.tokens.setStatus(executor, id, 'stock', this.clock.now());
      await this.audit.record(executor, context, { type: 'hardware_token.returned', serial });
    });
  }

  /**
   * Marks a token as lost: whoever finds it proves nothing with it. The factor that it was ends.
   *
   * @throws WatchwordError `not_found`
   */
  markLost(context: AuditContext, id: string): Promise<HardwareToken> {
    return this.change(context, id, async (executor, { serial }) => {
      await this.tokens.setStatus(executor, id, 'lost', this.clock.now());
      await this.audit.record(executor, context, { type: 'hardware_token.lost', serial });
    });
  }

  /**
   * Takes a token out of the inventory for good and destroys its secret.
   *
   * @throws WatchwordError `not_found`, `hardware_token_in_use`
   */
  async delete(context: AuditContext, id: string): Promise<void> {
    await this.database.transaction(async (executor) => {
      const token = await this.locked(executor, context.realmId, id);
      if (token.holder !== null) throw new WatchwordError('hardware_token_in_use');
      await this.tokens.delete(executor, id);
      const { serial } = token;
      await this.audit.record(executor, context, { type: 'hardware_token.deleted', serial });
    });
  }

  private async change(
    context: AuditContext,
    id: string,
    change: (executor: Executor, token: HardwareToken) => Promise<void>,
  ): Promise<HardwareToken> {
    const { realmId } = context;
    const now = this.clock.now();
    return this.database.transaction(async (executor) => {
      // The factor before the token, in the order of everybody who ends one.
      await this.endFactor(executor, context, await this.tokens.find(realmId, id, now, executor));
      const token = await this.locked(executor, realmId, id);
      // Assigned again in between.
      await this.endFactor(executor, context, token);
      await change(executor, token);
      return found(await this.tokens.find(realmId, id, this.clock.now(), executor));
    });
  }

  private async endFactor(
    executor: Executor,
    context: AuditContext,
    token: HardwareToken | undefined,
  ): Promise<void> {
    if (token?.holder == null) return;
    await this.factors.revokeIn(executor, context, token.holder.factorId);
  }

  /** The token as it is once nobody else can change it. */
  private async locked(executor: Executor, realmId: string, id: string): Promise<HardwareToken> {
    const now = this.clock.now();
    const { serial } = found(await this.tokens.find(realmId, id, now, executor));
    await this.tokens.lock(executor, realmId, serial);
    return found(await this.tokens.find(realmId, id, now, executor));
  }
}

function found(token: HardwareToken | undefined): HardwareToken {
  if (token === undefined) throw new WatchwordError('not_found');
  return token;
}
