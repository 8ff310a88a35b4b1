import { Injectable } from '@nestjs/common';
import { Database } from '../storage/database.js';
import type { OwnClaims } from './check-jwt.js';
import { SKEW_SECONDS } from './key-life.js';

/** Tokens that were revoked before their end, by `jti`. Kept as long as anybody might accept them. */
@Injectable()
export class Revocations {
  constructor(private readonly database: Database) {}

  /** Revokes a token of ours; once more changes nothing. */
  async revoke({ jti, exp }: Pick<OwnClaims, 'jti' | 'exp'>): Promise<void> {
    await this.database.kysely
      .insertInto('revoked_tokens')
      .values({ jti, expires_at: new Date((exp + SKEW_SECONDS) * 1000) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** Asks the database each time, so that a revocation holds at once on every replica (S90). */
  async isRevoked({ jti }: Pick<OwnClaims, 'jti'>): Promise<boolean> {
    const row = await this.database.kysely
      .selectFrom('revoked_tokens')
      .select('jti')
      .where('jti', '=', jti)
      .executeTakeFirst();
    return row !== undefined;
  }
}
