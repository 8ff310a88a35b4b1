import { Injectable } from '@nestjs/common';
import { Database, type Executor } from '../storage/database.js';
import type { FactorType } from './factor.js';
import type { Checkable } from './method.js';
import type { NewKey } from './webauthn.method.js';

/** The keys of security-key factors. */
@Injectable()
export class CredentialsRepository {
  constructor(private readonly database: Database) {}

  /** Stores what was made, in the place of the challenge; @throws the database's error for a duplicate */
  async keep(executor: Executor, factorId: string, key: NewKey): Promise<void> {
    await executor
      .updateTable('factors')
      .set({
        secret: key.secret,
        credential_id: key.credentialId,
        parameters: JSON.stringify(key.parameters),
      })
      .where('id', '=', factorId)
      .execute();
  }

  /** The active key of that credential, whoever's it is in the realm. */
  async find(realmId: string, credentialId: Uint8Array): Promise<Checkable | undefined> {
    const row = await this.database.kysely
      .selectFrom('factors')
      .select(['id', 'user_id', 'type', 'secret', 'parameters', 'last_step', 'drift_steps'])
      .where('realm_id', '=', realmId)
      .where('credential_id', '=', credentialId)
      .where('status', '=', 'active')
      .executeTakeFirst();
    return (
      row && {
        id: row.id,
        realmId,
        userId: row.user_id,
        type: row.type as FactorType,
        secret: row.secret,
        parameters: row.parameters,
        lastStep: row.last_step,
        driftSteps: row.drift_steps,
      }
    );
  }
}
