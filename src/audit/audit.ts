import { Injectable } from '@nestjs/common';
import type { Selectable } from 'kysely';
import { Clock } from '../clock.js';
import { Database, type Executor } from '../storage/database.js';
import { newId } from '../storage/ids.js';
import type { AuditEventRow } from '../storage/schema.js';
import type { AuditEvent } from './event.js';

/** Who did it, and where: what every event carries beside its own members. */
export interface AuditContext {
  readonly realmId: string;
  readonly applicationId: string | null;
  /**
   * `key_…`, `crt_…` or `jti_…` of the credential, `lnk_…` of the link to a hosted page, `operator` for the
   * command line, `service` for what it does by itself.
   */
  readonly actor: string;
  readonly requestId: string | null;
}

/** What the command line does in a realm. */
export function operatorOf(realmId: string): AuditContext {
  return { realmId, applicationId: null, actor: 'operator', requestId: null };
}

const PAGE = 100;
/** A statement takes 65,535 values. */
const ROWS_AT_ONCE = 1_000;
const nobody = { userId: null, factorId: null, challengeId: null };

/**
 * The audit: every decision, with who, when, which factor (S116). An event is written by the
 * transaction or statement that makes it true, so that neither can be without the other.
 */
@Injectable()
export class Audit {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The event as a row, for statements that write it themselves. */
  row(context: AuditContext, event: AuditEvent): Selectable<AuditEventRow> {
    const { type, ...members } = event;
    const { userId, factorId, challengeId, ...detail } = { ...nobody, ...members };
    return {
      id: newId('aud'),
      at: this.clock.now(),
      realm_id: context.realmId,
      type,
      application_id: context.applicationId,
      actor: context.actor,
      user_id: userId,
      factor_id: factorId,
      challenge_id: challengeId,
      request_id: context.requestId,
      detail: inSnakeCase(detail),
    };
  }

  /** Writes the event in the caller's transaction. */
  async record(executor: Executor, context: AuditContext, event: AuditEvent): Promise<void> {
    await this.recordAll(executor, [this.row(context, event)]);
  }

  /** Writes rows that `row` made in the caller's transaction. */
  async recordAll(executor: Executor, rows: readonly Selectable<AuditEventRow>[]): Promise<void> {
    if (rows.length === 0) return;
    await executor
      .insertInto('audit_events')
      .values(rows.map((row) => ({ ...row, detail: JSON.stringify(row.detail) })))
      .execute();
  }

  /** Writes an event that concerns every realm into each one's audit, in the caller's transaction. */
  async recordEverywhere(
    executor: Executor,
    actor: 'operator' | 'service',
    event: AuditEvent,
  ): Promise<void> {
    const realms = await executor.selectFrom('realms').select('id').execute();
    const rows = realms.map(({ id: realmId }) =>
      this.row({ realmId, applicationId: null, actor, requestId: null }, event),
    );
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE)
      await this.recordAll(executor, rows.slice(from, from + ROWS_AT_ONCE));
  }

  /**
   * A page of a realm's events, oldest first.
   *
   * @param filter `after`: the id of the last event already read
   * @returns at most a hundred events, and the id to go on after, or null at the end
   */
  async page(
    realmId: string,
    filter: { readonly userId?: string | undefined; readonly after?: string | undefined },
  ): Promise<{ events: Selectable<AuditEventRow>[]; next: string | null }> {
    let query = this.database.kysely
      .selectFrom('audit_events')
      .selectAll()
      .where('realm_id', '=', realmId)
      .orderBy('id')
      .limit(PAGE + 1);
    if (filter.userId !== undefined) query = query.where('user_id', '=', filter.userId);
    if (filter.after !== undefined) query = query.where('id', '>', filter.after);
    const events = await query.execute();
    const more = events.length > PAGE;
    if (more) events.pop();
    return { events, next: more ? (events.at(-1)?.id ?? null) : null };
  }
}

function inSnakeCase(detail: Record<string, unknown>): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(detail)) written[snakeCaseOf(name)] = value;
  return written;
}

/** The members of event.ts are few, and each is written with every event. */
const snakeCases = new Map<string, string>();

function snakeCaseOf(name: string): string {
  const known = snakeCases.get(name);
  if (known !== undefined) return known;
  const snakeCase = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  snakeCases.set(name, snakeCase);
  return snakeCase;
}
