import { Injectable } from '@nestjs/common';
import { Audit, operatorOf } from '../audit/audit.js';
import { randomToken } from '../crypto/random.js';
import { Database } from '../storage/database.js';
import type { User } from './user.js';
import { UsersRepository } from './users.repository.js';

/** Users, as an operator manages them. */
@Injectable()
export class UsersService {
  constructor(
    private readonly repository: UsersRepository,
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  list(realmId: string, after?: string): Promise<User[]> {
    return this.repository.list(realmId, after);
  }

  /**
   * Lifts every lock of the user and starts its budgets of attempts anew.
   *
   * @returns false where nothing was counted against it
   */
  async unlock(realmId: string, userId: string): Promise<boolean> {
    return this.database.transaction(async (executor) => {
      const lifted = await this.repository.clearBudgets(executor, realmId, userId);
      await this.audit.record(executor, operatorOf(realmId), { type: 'user.unlocked', userId });
      return lifted;
    });
  }

  /**
   * Deletes the user, its factors, challenges and budgets. The audit keeps its events under a random
   * name that leads back to nobody.
   *
   * @returns false where there is no such user
   */
  async erase(realmId: string, userId: string): Promise<boolean> {
    return this.database.transaction(async (executor) => {
      const pseudonym = `erased_${randomToken(16)}`;
      await this.repository.clearBudgets(executor, realmId, userId);
      const erased = await this.repository.erase(executor, realmId, userId, pseudonym);
      if (erased)
        await this.audit.record(executor, operatorOf(realmId), {
          type: 'user.erased',
          userId: pseudonym,
        });
      return erased;
    });
  }
}
