import { Injectable } from '@nestjs/common';
import { sql, type Selectable } from 'kysely';
import type { Application } from '../applications/application.js';
import type { FactorType } from '../factors/factor.js';
import { Database, type Executor } from '../storage/database.js';
import type { LinkRow } from '../storage/schema/link-row.js';
import type { FirstFactor } from '../tokens/claims.js';
import type { Deed, Link, LinkPurpose, LinkStatus, Notice, WaitingProof } from './link.js';

/** What is written into an open link while its pages are used; what is left out stays. */
export interface Change {
  readonly way?: string | null;
  /** Of that way. */
  readonly challengeId?: string;
  readonly notice?: Notice | null;
}

@Injectable()
export class LinksRepository {
  constructor(private readonly database: Database) {}

  async add(executor: Executor, link: Link, tokenHash: Uint8Array): Promise<void> {
    await executor
      .insertInto('links')
      .values({
        id: link.id,
        realm_id: link.realmId,
        application_id: link.applicationId,
        user_id: link.userId,
        purpose: link.purpose,
        status: link.status,
        token_hash: tokenHash,
        redirect_uri: link.redirectUri,
        state: link.state,
        types: link.types && [...link.types],
        locale: link.locale,
        first_factor: [...link.firstFactor],
        transaction: link.transaction && JSON.stringify(link.transaction),
        created_at: link.createdAt,
        expires_at: link.expiresAt,
      })
      .execute();
  }

  async findByToken(tokenHash: Uint8Array): Promise<Link | undefined> {
    const row = await this.database.kysely
      .selectFrom('links')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst();
    return row && toLink(row);
  }

  /** The link whose pages this browser has open. */
  async findByPage(id: string, pageHash: Uint8Array): Promise<Link | undefined> {
    const row = await this.database.kysely
      .selectFrom('links')
      .selectAll()
      .where('id', '=', id)
      .where('page_hash', '=', pageHash)
      .executeTakeFirst();
    return row && toLink(row);
  }

  /** Binds a link to a browser. @returns undefined where another was faster, or it is too old (S21) */
  async open(
    executor: Executor,
    tokenHash: Uint8Array,
    page: { readonly hash: Uint8Array; readonly endsAt: Date },
    now: Date,
  ): Promise<Link | undefined> {
    const row = await executor
      .updateTable('links')
      .set({ status: 'open', page_hash: page.hash, page_ends_at: page.endsAt })
      .where('token_hash', '=', tokenHash)
      .where('status', '=', 'waiting')
      .where('expires_at', '>', now)
      .returningAll()
      .executeTakeFirst();
    return row && toLink(row);
  }

  async change(id: string, { way, challengeId, notice }: Change): Promise<void> {
    const challenge = way != null && challengeId !== undefined && { [way]: challengeId };
    await this.database.kysely
      .updateTable('links')
      .set({
        ...(way !== undefined && { way }),
        ...(challenge && {
          challenges: sql<string>`challenges || ${JSON.stringify(challenge)}::jsonb`,
        }),
        ...(notice !== undefined && { notice: notice && JSON.stringify(notice) }),
      })
      .where('id', '=', id)
      .where('status', '=', 'open')
      .execute();
  }

  async addDeed(id: string, deed: Deed): Promise<void> {
    await this.database.kysely
      .updateTable('links')
      .set({ deeds: sql<string>`deeds || ${JSON.stringify([deed])}::jsonb` })
      .where('id', '=', id)
      .where('status', '=', 'open')
      .execute();
  }

  /** An open link in which this form has proved something, at this time or later. */
  async findByRepeat(id: string, repeatHash: string, since: Date): Promise<Link | undefined> {
    const row = await this.database.kysely
      .selectFrom('links')
      .selectAll()
      .where('id', '=', id)
      .where('status', '=', 'open')
      .where(sql<boolean>`proof ->> 'repeatHash' = ${repeatHash}`)
      .where(sql<boolean>`(proof ->> 'authTime')::timestamptz >= ${since}`)
      .executeTakeFirst();
    return row && toLink(row);
  }

  /**
   * Keeps what was proved while the pages go on; the way to it is over.
   *
   * @param pageHash of the browser's new id, in the place of the one before; undefined where that stays
   */
  async prove(id: string, proof: WaitingProof, pageHash?: Uint8Array): Promise<void> {
    await this.database.kysely
      .updateTable('links')
      .set({
        proof: JSON.stringify(proof),
        ...(pageHash && { page_hash: pageHash }),
        factor_id: proof.factor.id,
        way: null,
        notice: null,
      })
      .where('id', '=', id)
      .where('status', '=', 'open')
      .execute();
  }

  /** @returns false where the link is not open any more */
  async finish(
    executor: Executor,
    id: string,
    proof: WaitingProof | null,
    code: { readonly hash: Uint8Array; readonly endsAt: Date },
  ): Promise<boolean> {
    const { numUpdatedRows } = await executor
      .updateTable('links')
      .set({
        status: 'done',
        notice: null,
        proof: proof && JSON.stringify(proof),
        factor_id: proof && proof.factor.id,
        ...(proof && { user_id: proof.userId }),
        code_hash: code.hash,
        code_ends_at: code.endsAt,
      })
      .where('id', '=', id)
      .where('status', '=', 'open')
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Puts another code in the place of the one before. @returns false where that was good for something */
  async renewCode(
    id: string,
    code: { readonly hash: Uint8Array; readonly endsAt: Date },
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.database.kysely
      .updateTable('links')
      .set({ code_hash: code.hash, code_ends_at: code.endsAt })
      .where('id', '=', id)
      .where('status', '=', 'done')
      .where('exchanged_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** @returns false where the link is not open any more */
  async breakOff(executor: Executor, id: string): Promise<boolean> {
    const { numUpdatedRows } = await executor
      .updateTable('links')
      .set({ status: 'over', notice: null })
      .where('id', '=', id)
      .where('status', '=', 'open')
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /**
   * Uses a code up: of several requests with it one gets an answer. A factor that was revoked since has
   * proved nothing (S18), nor has one of a type that the application accepts no more; an operator's code has let
   * its user in for good.
   *
   * @param purposes those that the caller may ask about
   */
  async exchange(
    executor: Executor,
    { id: applicationId, factorTypes }: Pick<Application, 'id' | 'factorTypes'>,
    codeHash: Uint8Array,
    purposes: readonly LinkPurpose[],
    now: Date,
  ): Promise<Link | undefined> {
    const row = await executor
      .updateTable('links')
      .set({ exchanged_at: now })
      .where('code_hash', '=', codeHash)
      .where('application_id', '=', applicationId)
      .where('status', '=', 'done')
      .where('purpose', 'in', purposes)
      .where('code_ends_at', '>', now)
      .where('exchanged_at', 'is', null)
      .where((where) =>
        where.or([
          where('links.factor_id', 'is', null),
          where.exists(
            where
              .selectFrom('factors')
              .select('factors.id')
              .whereRef('factors.id', '=', 'links.factor_id')
              .where('factors.status', '=', 'active')
              .where('factors.type', 'in', factorTypes),
          ),
          where.exists(
            where
              .selectFrom('bypass_codes')
              .select('bypass_codes.id')
              .whereRef('bypass_codes.id', '=', 'links.factor_id'),
          ),
        ]),
      )
      .returningAll()
      .executeTakeFirst();
    return row && toLink(row);
  }
}

function toLink(row: Selectable<LinkRow>): Link {
  return {
    id: row.id,
    realmId: row.realm_id,
    applicationId: row.application_id,
    userId: row.user_id,
    purpose: row.purpose as LinkPurpose,
    status: row.status as LinkStatus,
    redirectUri: row.redirect_uri,
    state: row.state,
    types: row.types as FactorType[] | null,
    locale: row.locale,
    firstFactor: row.first_factor as FirstFactor[],
    transaction: row.transaction,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    pageEndsAt: row.page_ends_at,
    way: row.way,
    challenges: row.challenges,
    notice: row.notice as Notice | null,
    deeds: row.deeds as unknown as Deed[],
    proof: row.proof && toProof(row.proof),
    exchangedAt: row.exchanged_at,
  };
}

/** As it was written: in JSON a time is a text. */
function toProof(stored: Record<string, unknown>): WaitingProof {
  const { authTime, ...proof } = stored as unknown as Omit<WaitingProof, 'authTime'> & {
    readonly authTime: string;
  };
  return { ...proof, authTime: new Date(authTime) };
}
