import { Injectable } from '@nestjs/common';
import { Envelope } from '../crypto/envelope.js';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { Keyring } from '../crypto/keyring.js';
import { Database } from '../storage/database.js';
import type { ErrorCode, ErrorMembers } from '../errors.js';

/** Whose request it is, and under which key. */
export interface IdempotencySlot {
  readonly realmId: string;
  readonly applicationId: string;
  readonly key: string;
}

/** What was answered the first time: a body as it was sent, or an error of the table. */
export type StoredAnswer =
  | { readonly status: number; readonly text: string; readonly cookie?: string }
  | { readonly code: ErrorCode; readonly members: ErrorMembers; readonly requestId: string };

export type Reservation =
  | { readonly state: 'ours' }
  | { readonly state: 'answered'; readonly answer: StoredAnswer }
  | { readonly state: 'under_way' }
  | { readonly state: 'of_another_request' };

const KEPT_MS = 86_400_000;
/** A request that has not answered by then died with its process: a retry may take its place. */
const ABANDONED_MS = 60_000;

@Injectable()
export class IdempotencyRepository {
  /** Keyed, because a body may hold a code, and a million codes are soon tried against a bare hash. */
  private readonly fingerprints: KeyedHash;

  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
    keyring: Keyring,
  ) {
    this.fingerprints = new KeyedHash(keyring, 'idempotent-request');
  }

  /**
   * Takes the key for this request, or says what became of the request that took it first.
   *
   * @param request what makes two requests the same one
   */
  async reserve(
    slot: IdempotencySlot,
    request: readonly string[],
    now: Date,
  ): Promise<Reservation> {
    const fingerprint = this.fingerprints.hash(...request);
    const abandoned = new Date(now.getTime() - ABANDONED_MS);
    const row = {
      fingerprint,
      answer: null,
      started_at: now,
      expires_at: new Date(now.getTime() + KEPT_MS),
    };
    const { numInsertedOrUpdatedRows } = await this.database.kysely
      .insertInto('idempotency_answers')
      .values({ application_id: slot.applicationId, key: slot.key, ...row })
      .onConflict((conflict) =>
        conflict
          .columns(['application_id', 'key'])
          .doUpdateSet(row)
          .where((where) =>
            where.or([
              where('idempotency_answers.expires_at', '<=', now),
              where.and([
                where('idempotency_answers.answer', 'is', null),
                where('idempotency_answers.started_at', '<=', abandoned),
                where('idempotency_answers.fingerprint', '=', fingerprint),
              ]),
            ]),
          ),
      )
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n ? { state: 'ours' } : this.read(slot, request);
  }

  /** Keeps the answer, sealed: it may hold a secret or a token. */
  async answer(slot: IdempotencySlot, answer: StoredAnswer): Promise<void> {
    const sealed = this.envelope.seal(Buffer.from(JSON.stringify(answer)), placeOf(slot));
    await this.database.kysely
      .updateTable('idempotency_answers')
      .set({ answer: sealed })
      .where('application_id', '=', slot.applicationId)
      .where('key', '=', slot.key)
      .execute();
  }

  /** Gives the key back: nothing came of the request, so a retry shall run it. */
  async release(slot: IdempotencySlot): Promise<void> {
    await this.database.kysely
      .deleteFrom('idempotency_answers')
      .where('application_id', '=', slot.applicationId)
      .where('key', '=', slot.key)
      .where('answer', 'is', null)
      .execute();
  }

  private async read(slot: IdempotencySlot, request: readonly string[]): Promise<Reservation> {
    const row = await this.database.kysely
      .selectFrom('idempotency_answers')
      .select(['fingerprint', 'answer'])
      .where('application_id', '=', slot.applicationId)
      .where('key', '=', slot.key)
      .executeTakeFirst();
    if (row === undefined) return { state: 'under_way' };
    if (!this.fingerprints.matches(row.fingerprint, ...request))
      return { state: 'of_another_request' };
    if (row.answer === null) return { state: 'under_way' };
    const text = this.envelope.open(row.answer, placeOf(slot)).toString();
    return { state: 'answered', answer: JSON.parse(text) as StoredAnswer };
  }
}

function placeOf({ realmId, applicationId, key }: IdempotencySlot) {
  return {
    table: 'idempotency_answers',
    column: 'answer',
    realmId,
    rowId: `${applicationId} ${key}`,
  };
}
