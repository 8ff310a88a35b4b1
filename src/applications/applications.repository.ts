import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Database, type Executor } from '../storage/database.js';
import type { KeyHash, Scope } from './api-key.js';
import type { Application, Holder } from './application.js';
import type { AssurancePolicy } from './assurance-policy.js';

export interface NewApiKey {
  readonly id: string;
  readonly applicationId: string;
  readonly hash: KeyHash;
  readonly hint: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
}

export interface ApiKeySummary {
  readonly id: string;
  readonly hint: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

const columns = [
  'applications.id',
  'applications.realm_id as realmId',
  'realms.name as realmName',
  'applications.name',
  'applications.audience',
  'applications.access_token_seconds as accessTokenSeconds',
  'applications.factor_types as factorTypes',
  'applications.aal2_types as aal2Types',
  'applications.enrol_proof_seconds as enrolProofSeconds',
  'applications.session_idle_seconds as sessionIdleSeconds',
  'applications.session_seconds as sessionSeconds',
  'applications.sessions_end_with_factor as sessionsEndWithFactor',
  'applications.remember_device_seconds as rememberDeviceSeconds',
  'applications.token_audiences as tokenAudiences',
  'applications.redirect_uris as redirectUris',
  'applications.frame_origins as frameOrigins',
] as const;

@Injectable()
export class ApplicationsRepository {
  constructor(private readonly database: Database) {}

  /** Whose the live key with this hash is. */
  async findHolder(hash: KeyHash): Promise<Holder | undefined> {
    const row = await this.keyHolders()
      .where('api_keys.hash', '=', Buffer.from(hash, 'base64'))
      .executeTakeFirst();
    return row && toHolder(row);
  }

  /** Whose the live key of this id is. */
  async findHolderById(keyId: string): Promise<Holder | undefined> {
    const row = await this.keyHolders().where('api_keys.id', '=', keyId).executeTakeFirst();
    return row && toHolder(row);
  }

  async find(id: string, executor?: Executor): Promise<Application | undefined> {
    return this.applications(executor).where('applications.id', '=', id).executeTakeFirst();
  }

  async list(): Promise<Application[]> {
    return this.applications().orderBy('realms.name').orderBy('applications.name').execute();
  }

  async findOrAddRealm(
    executor: Executor,
    realm: { id: string; name: string; createdAt: Date },
  ): Promise<string> {
    await executor
      .insertInto('realms')
      .values({ id: realm.id, name: realm.name, created_at: realm.createdAt })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    const { id } = await executor
      .selectFrom('realms')
      .select('id')
      .where('name', '=', realm.name)
      .executeTakeFirstOrThrow();
    return id;
  }

  /** @returns false where the realm already has an application of that name */
  async add(
    executor: Executor,
    application: Omit<Application, 'realmName'>,
    createdAt: Date,
  ): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await executor
      .insertInto('applications')
      .values({
        id: application.id,
        realm_id: application.realmId,
        name: application.name,
        audience: application.audience,
        access_token_seconds: application.accessTokenSeconds,
        factor_types: [...application.factorTypes],
        aal2_types: application.aal2Types && [...application.aal2Types],
        enrol_proof_seconds: application.enrolProofSeconds,
        session_idle_seconds: application.sessionIdleSeconds,
        session_seconds: application.sessionSeconds,
        sessions_end_with_factor: application.sessionsEndWithFactor,
        remember_device_seconds: application.rememberDeviceSeconds,
        token_audiences: [...application.tokenAudiences],
        redirect_uris: [...application.redirectUris],
        frame_origins: [...application.frameOrigins],
        created_at: createdAt,
      })
      .onConflict((conflict) => conflict.columns(['realm_id', 'name']).doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  async setTokenAudiences(
    executor: Executor,
    id: string,
    audiences: readonly string[],
  ): Promise<void> {
    await executor
      .updateTable('applications')
      .set({ token_audiences: [...audiences] })
      .where('id', '=', id)
      .execute();
  }

  async setAddresses(
    executor: Executor,
    id: string,
    { redirectUris, frameOrigins }: Pick<Application, 'redirectUris' | 'frameOrigins'>,
  ): Promise<void> {
    await executor
      .updateTable('applications')
      .set({ redirect_uris: [...redirectUris], frame_origins: [...frameOrigins] })
      .where('id', '=', id)
      .execute();
  }

  async setRememberDeviceSeconds(
    executor: Executor,
    id: string,
    seconds: number | null,
  ): Promise<void> {
    await executor
      .updateTable('applications')
      .set({ remember_device_seconds: seconds })
      .where('id', '=', id)
      .execute();
  }

  async setAssurance(
    executor: Executor,
    id: string,
    { factorTypes, aal2Types, enrolProofSeconds }: AssurancePolicy,
  ): Promise<void> {
    await executor
      .updateTable('applications')
      .set({
        factor_types: [...factorTypes],
        aal2_types: aal2Types && [...aal2Types],
        enrol_proof_seconds: enrolProofSeconds,
      })
      .where('id', '=', id)
      .execute();
  }

  /** Holds the application's row to the end of the transaction, so that its keys are counted right. */
  async lock(executor: Executor, applicationId: string): Promise<void> {
    await executor
      .selectFrom('applications')
      .select('id')
      .where('id', '=', applicationId)
      .forUpdate()
      .execute();
  }

  async countLiveKeys(executor: Executor, applicationId: string): Promise<number> {
    const { count } = await executor
      .selectFrom('api_keys')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('application_id', '=', applicationId)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    return count;
  }

  async addKey(executor: Executor, key: NewApiKey): Promise<void> {
    await executor
      .insertInto('api_keys')
      .values({
        id: key.id,
        application_id: key.applicationId,
        hash: Buffer.from(key.hash, 'base64'),
        hint: key.hint,
        scopes: [...key.scopes],
        created_at: key.createdAt,
      })
      .execute();
  }

  async listKeys(applicationId: string): Promise<ApiKeySummary[]> {
    return this.database.kysely
      .selectFrom('api_keys')
      .select([
        'id',
        'hint',
        'scopes',
        'created_at as createdAt',
        'last_used_at as lastUsedAt',
        'revoked_at as revokedAt',
      ])
      .where('application_id', '=', applicationId)
      .orderBy('id')
      .execute();
  }

  /** @returns the application of the key, or undefined where no live key has that id */
  async revokeKey(executor: Executor, id: string, at: Date): Promise<string | undefined> {
    const row = await executor
      .updateTable('api_keys')
      .set({ revoked_at: at })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returning('application_id')
      .executeTakeFirst();
    return row?.application_id;
  }

  /** Notes when keys were last used, one statement for all. */
  async markUsed(used: ReadonlyMap<string, Date>): Promise<void> {
    const ids = [...used.keys()];
    const times = [...used.values()];
    await sql`UPDATE api_keys k SET last_used_at = u.at
      FROM unnest(${ids}::text[], ${times}::timestamptz[]) AS u(id, at)
      WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)`.execute(
      this.database.kysely,
    );
  }

  private keyHolders() {
    return this.applications()
      .innerJoin('api_keys', 'api_keys.application_id', 'applications.id')
      .select(['api_keys.id as credentialId', 'api_keys.scopes'])
      .where('api_keys.revoked_at', 'is', null);
  }

  private applications(executor: Executor = this.database.kysely) {
    return executor
      .selectFrom('applications')
      .innerJoin('realms', 'realms.id', 'applications.realm_id')
      .select(columns);
  }
}

function toHolder(row: Application & { credentialId: string; scopes: string[] }): Holder {
  const { credentialId, scopes, ...application } = row;
  return {
    application,
    kind: 'api_key',
    credentialId,
    scopes: scopes as Scope[],
    certificate: null,
    endsAt: null,
  };
}
