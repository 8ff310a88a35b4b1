/**
 * The outbox. A message is written by the transaction that makes its challenge and carried after the
 * commit, under a claim that ends by itself: when its process dies, another one goes on.
 *
 * Rules:
 * - A provider is given a message once. That it is about to be is committed before, and fails where the
 *   claim was lost, the message withdrawn or its time over.
 * - A hand-over whose outcome was never written down is not repeated, with any provider: the answer may
 *   have been yes. The message then counts as sent, `unanswered`, and its reader may ask for another code.
 * - A provider that did not answer in time, to a process that lives, surely has not said yes: the same
 *   code goes to the next one.
 * - What a message holds is sealed, and destroyed as soon as nobody has to carry it.
 */
import { Injectable } from '@nestjs/common';
import { CompiledQuery, sql } from 'kysely';
import { Envelope } from '../crypto/envelope.js';
import { randomToken } from '../crypto/random.js';
import { Batch, latestOf } from '../storage/batch.js';
import { Database, type Executor } from '../storage/database.js';
import {
  rankOf,
  type Claimed,
  type MessageState,
  type MessageStatus,
  type NewMessage,
} from './message.js';
import * as sqlOf from './messages.sql.js';
import type { Letter } from './provider.js';

/** Longer than a provider may take to answer; each hand-over begins it anew. */
const LEASE_SECONDS = 10;

interface HandOver {
  readonly id: string;
  readonly provider: string;
  readonly providerMessageId: string | null;
  readonly now: Date;
}

interface ClaimedRow {
  id: string;
  realm_id: string;
  content: Uint8Array | null;
  tried: string[];
  in_hand: boolean;
  expires_at: Date;
}

@Injectable()
export class MessagesRepository {
  /** Tells this process's claims from every other's, those of its own former life included. */
  private readonly claim = randomToken(12);
  private readonly begins = new Batch<HandOver, boolean>(
    (items) => this.beginAll(items),
    ({ id }) => id,
  );
  private readonly accepts = new Batch<HandOver, undefined>(
    (items) => this.acceptAll(items),
    ({ id }) => id,
  );

  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
  ) {}

  /** Writes messages in the caller's transaction, claimed by this process. */
  async add(executor: Executor, messages: readonly NewMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await executor
      .insertInto('messages')
      .values(messages.map((message) => this.row(message)))
      .execute();
  }

  /** @returns whether the provider may be given the message now; committed when it answers */
  begin(id: string, provider: string, now: Date): Promise<boolean> {
    return this.begins.submit({ id, provider, providerMessageId: null, now });
  }

  async accept(id: string, provider: string, providerMessageId: string | null, now: Date) {
    await this.accepts.submit({ id, provider, providerMessageId, now });
  }

  /** The provider surely has not said yes: the next may be asked. */
  async putBack(id: string): Promise<void> {
    await this.database.kysely
      .updateTable('messages')
      .set({ in_hand: false })
      .where('id', '=', id)
      .where('claim', '=', this.claim)
      .execute();
  }

  /** Nobody knows whether the provider took it, and nobody else is going to be asked. */
  async leaveUnanswered(id: string, provider: string, now: Date): Promise<void> {
    await this.database.kysely
      .updateTable('messages')
      .set({
        status: 'sent',
        failure: 'unanswered',
        provider,
        in_hand: false,
        content: null,
        claim: null,
        claimed_until: null,
        updated_at: now,
      })
      .where('id', '=', id)
      .where('status', '=', 'queued')
      .execute();
  }

  /** Nobody took it. */
  async fail(id: string, failure: string, now: Date): Promise<void> {
    await this.database.run(sqlOf.fail, [[id], failure, now, true]);
  }

  /** Keeps everybody else from messages; before any counter, as whoever ends a message does. */
  async hold(executor: Executor, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const messages = executor.selectFrom('messages').select('id').where('id', 'in', ids);
    await messages.orderBy('id').forUpdate().execute();
  }

  /** Takes back messages that nobody has been given yet. */
  async withdraw(executor: Executor, ids: readonly string[], now: Date): Promise<void> {
    if (ids.length === 0) return;
    await executor.executeQuery(
      CompiledQuery.raw(sqlOf.fail.text, [[...ids], 'withdrawn', now, false]),
    );
    // One that a provider has in hand cannot be taken back, but goes to no further one.
    await executor
      .updateTable('messages')
      .set({ expires_at: now })
      .where('id', 'in', ids)
      .where('status', '=', 'queued')
      .execute();
  }

  /** Messages whose process has left them, now claimed by this one. */
  async claimAbandoned(now: Date): Promise<Claimed[]> {
    const rows = await this.database.run<ClaimedRow>(sqlOf.claimAbandoned, [
      now,
      this.claim,
      leaseFrom(now),
    ]);
    const claimed: Claimed[] = [];
    for (const row of rows) {
      const letter = this.open(row);
      if (letter === undefined) await this.fail(row.id, 'unreadable', now);
      else claimed.push({ letter, tried: row.tried, inHand: row.in_hand });
    }
    return claimed;
  }

  async find(id: string): Promise<MessageState | undefined> {
    const row = await this.database.kysely
      .selectFrom('messages')
      .select(['status', 'provider', 'failure'])
      .where('id', '=', id)
      .executeTakeFirst();
    return row && { ...row, status: row.status as MessageStatus };
  }

  /**
   * Writes down what a provider reports. Reports come in any order and more than once: one that is behind
   * what is known changes nothing (S62).
   */
  async report(
    id: string,
    provider: string,
    status: MessageStatus,
    failure: string | null,
    now: Date,
  ): Promise<void> {
    const behind = Object.entries(rankOf).flatMap(([known, rank]) =>
      rank < rankOf[status] ? [known] : [],
    );
    await this.database.kysely
      .updateTable('messages')
      .set({ status, failure, provider, content: null, updated_at: now })
      .where('id', '=', id)
      .where('status', 'in', behind)
      // Once one has taken it, another's report says nothing, unless it is that it arrived after all.
      .where(
        sql<boolean>`CASE WHEN ${status} = 'delivered' THEN ${provider} = ANY(tried)
          ELSE ${provider} = coalesce(provider, tried[cardinality(tried)]) END`,
      )
      .execute();
  }

  private async beginAll(items: HandOver[]): Promise<boolean[]> {
    const now = latestOf(items);
    const rows = await this.database.run<{ id: string }>(sqlOf.begin, [
      items.map(({ id }) => id),
      items.map(({ provider }) => provider),
      this.claim,
      now,
      leaseFrom(now),
    ]);
    const begun = new Set(rows.map(({ id }) => id));
    return items.map(({ id }) => begun.has(id));
  }

  private async acceptAll(items: HandOver[]): Promise<undefined[]> {
    await this.database.run(sqlOf.accept, [
      items.map(({ id }) => id),
      items.map(({ provider }) => provider),
      items.map(({ providerMessageId }) => providerMessageId),
      latestOf(items),
    ]);
    return items.map(() => undefined);
  }

  private row({ letter, settled, ...message }: NewMessage) {
    const { id, expiresAt, ...content } = letter;
    const sealed = this.envelope.seal(
      Buffer.from(JSON.stringify(content)),
      placeOf(id, message.realmId),
    );
    return {
      id,
      realm_id: message.realmId,
      challenge_id: message.challengeId,
      channel: letter.channel,
      country: letter.country,
      // Sealed for nothing where it is settled: the time taken tells nothing (S42).
      content: settled === undefined ? sealed : null,
      status: settled?.status ?? 'queued',
      failure: settled?.failure ?? null,
      provider: settled?.provider ?? null,
      tried: [],
      in_hand: false,
      claim: settled === undefined ? this.claim : null,
      claimed_until: settled === undefined ? leaseFrom(message.createdAt) : null,
      budget_keys: [...message.budgetKeys],
      cost_micros: message.costMicros,
      created_at: message.createdAt,
      expires_at: expiresAt,
      updated_at: message.createdAt,
    };
  }

  /** @returns undefined where the key is gone: one that cannot be read must not keep the others */
  private open({ id, realm_id, content, expires_at: expiresAt }: ClaimedRow): Letter | undefined {
    try {
      const opened = this.envelope.open(content ?? new Uint8Array(), placeOf(id, realm_id));
      const letter = JSON.parse(opened.toString()) as Omit<Letter, 'id' | 'expiresAt'>;
      return { ...letter, id, expiresAt };
    } catch {
      return undefined;
    }
  }
}

function placeOf(rowId: string, realmId: string) {
  return { table: 'messages', column: 'content', realmId, rowId };
}

function leaseFrom(now: Date): Date {
  return new Date(now.getTime() + LEASE_SECONDS * 1000);
}
