import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Database, type Executor } from '../storage/database.js';
import type { Scope } from './api-key.js';
import type { Holder } from './application.js';
import { ApplicationsRepository } from './applications.repository.js';
import type { BindingKind, NamedCertificate } from './certificate-binding.js';

export interface NewBinding {
  readonly id: string;
  readonly applicationId: string;
  readonly kind: BindingKind;
  readonly value: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
}

export interface BindingSummary {
  readonly id: string;
  readonly kind: string;
  readonly value: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

export interface FoundBinding {
  readonly id: string;
  readonly kind: string;
  readonly applicationId: string;
  readonly scopes: readonly Scope[];
}

@Injectable()
export class CertificatesRepository {
  constructor(
    private readonly database: Database,
    private readonly applications: ApplicationsRepository,
  ) {}

  /** The live bindings of a certificate, by its thumbprint and by what it is called. */
  async findBindings({ thumbprint, dnsNames, uris }: NamedCertificate): Promise<FoundBinding[]> {
    const rows = await this.database.kysely
      .selectFrom('application_certificates')
      .select(['id', 'kind', 'application_id as applicationId', 'scopes'])
      .where('revoked_at', 'is', null)
      .where((where) =>
        where.or([
          where.and([where('kind', '=', 'thumbprint'), where('value', '=', thumbprint)]),
          where.and([where('kind', '=', 'dns'), where('value', '=', anyOf(dnsNames))]),
          where.and([where('kind', '=', 'uri'), where('value', '=', anyOf(uris))]),
        ]),
      )
      .orderBy('id')
      .execute();
    return rows as FoundBinding[];
  }

  /** Whose the live binding of this id is. */
  async findHolderById(id: string): Promise<Omit<Holder, 'certificate'> | undefined> {
    const row = await this.database.kysely
      .selectFrom('application_certificates')
      .select(['id', 'application_id as applicationId', 'scopes'])
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    const application = row && (await this.applications.find(row.applicationId));
    if (application === undefined) return undefined;
    const scopes = row?.scopes as Scope[];
    return { application, kind: 'certificate', credentialId: id, scopes, endsAt: null };
  }

  /** @returns false where the certificate, or the name, is bound already */
  async add(executor: Executor, binding: NewBinding): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await executor
      .insertInto('application_certificates')
      .values({
        id: binding.id,
        application_id: binding.applicationId,
        kind: binding.kind,
        value: binding.value,
        scopes: [...binding.scopes],
        created_at: binding.createdAt,
      })
      .onConflict((conflict) =>
        conflict.columns(['kind', 'value']).where('revoked_at', 'is', null).doNothing(),
      )
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  async countLive(executor: Executor, applicationId: string): Promise<number> {
    const { count } = await executor
      .selectFrom('application_certificates')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('application_id', '=', applicationId)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    return count;
  }

  async list(applicationId: string): Promise<BindingSummary[]> {
    return this.database.kysely
      .selectFrom('application_certificates')
      .select([
        'id',
        'kind',
        'value',
        'scopes',
        'created_at as createdAt',
        'last_used_at as lastUsedAt',
        'revoked_at as revokedAt',
      ])
      .where('application_id', '=', applicationId)
      .orderBy('id')
      .execute();
  }

  /** @returns the application of the binding, or undefined where no live one has that id */
  async revoke(executor: Executor, id: string, at: Date): Promise<string | undefined> {
    const row = await executor
      .updateTable('application_certificates')
      .set({ revoked_at: at })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returning('application_id')
      .executeTakeFirst();
    return row?.application_id;
  }

  /** Notes when bindings were last used, one statement for all. */
  async markUsed(used: ReadonlyMap<string, Date>): Promise<void> {
    const ids = [...used.keys()];
    const times = [...used.values()];
    await sql`UPDATE application_certificates c SET last_used_at = u.at
      FROM unnest(${ids}::text[], ${times}::timestamptz[]) AS u(id, at)
      WHERE c.id = u.id AND (c.last_used_at IS NULL OR c.last_used_at < u.at)`.execute(
      this.database.kysely,
    );
  }
}

function anyOf(values: readonly string[]) {
  return sql<string>`ANY(${[...values]}::text[])`;
}
