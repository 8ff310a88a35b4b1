import { Injectable } from '@nestjs/common';
import type { Selectable } from 'kysely';
import { Envelope } from '../crypto/envelope.js';
import { channelOf } from '../delivery/message.js';
import { readPhoneNumber } from '../delivery/phone-number.js';
import { Batch } from '../storage/batch.js';
import { Database, type Executor, type Statement } from '../storage/database.js';
import type { ChallengeRow } from '../storage/schema.js';
import type { FirstFactor } from '../tokens/claims.js';
import {
  sealedAt,
  type Challenge,
  type ChallengeStatus,
  type ChallengeType,
  type PhonePart,
  type Purpose,
} from './challenge.js';

const find: Statement = {
  name: 'challenge-find',
  text: 'SELECT * FROM challenges WHERE id = ANY($1::text[])',
};

@Injectable()
export class ChallengesRepository {
  private readonly finds = new Batch<string, Challenge | undefined>(
    (ids) => this.findAll(ids),
    (id) => id,
  );

  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
  ) {}

  /** The challenge, if it is this application's (S27, S105). */
  async find(applicationId: string, id: string): Promise<Challenge | undefined> {
    const challenge = await this.finds.submit(id);
    return challenge?.applicationId === applicationId ? challenge : undefined;
  }

  async add(executor: Executor, challenges: readonly Challenge[]): Promise<void> {
    if (challenges.length === 0) return;
    await executor.insertInto('challenges').values(challenges.map(toRow)).execute();
  }

  /** Takes the challenges out of everybody else's hands, to the end of the transaction. */
  async lock(executor: Executor, ids: readonly string[]): Promise<Map<string, Challenge>> {
    if (ids.length === 0) return new Map();
    const rows = await executor
      .selectFrom('challenges')
      .selectAll()
      .where('id', 'in', ids)
      .orderBy('id')
      .forUpdate()
      .execute();
    return new Map(rows.map((row) => [row.id, this.toChallenge(row)]));
  }

  /** Puts a new code in the place of the one before, which is dead from then on (S51). */
  async renew(executor: Executor, challenge: Challenge): Promise<void> {
    await executor
      .updateTable('challenges')
      .set({ expires_at: challenge.expiresAt, ...phoneColumns(challenge) })
      .where('id', '=', challenge.id)
      .execute();
  }

  /** The challenge of an enrolment that has not ended; the newest where there are several. */
  async findEnrolment(applicationId: string, factorId: string): Promise<Challenge | undefined> {
    const row = await this.database.kysely
      .selectFrom('challenges')
      .selectAll()
      .where('purpose', '=', 'enrol')
      .where('factor_id', '=', factorId)
      .where('application_id', '=', applicationId)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && this.toChallenge(row);
  }

  /** @returns false if the challenge had ended already */
  async cancel(executor: Executor, id: string, now: Date): Promise<boolean> {
    const { numUpdatedRows } = await executor
      .updateTable('challenges')
      .set({ status: 'canceled', ended_at: now })
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .where('expires_at', '>', now)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  private async findAll(ids: string[]): Promise<(Challenge | undefined)[]> {
    const rows = await this.database.run<Selectable<ChallengeRow>>(find, [ids]);
    const byId = new Map(rows.map((row) => [row.id, this.toChallenge(row)]));
    return ids.map((id) => byId.get(id));
  }

  private toChallenge(row: Selectable<ChallengeRow>): Challenge {
    return {
      id: row.id,
      realmId: row.realm_id,
      applicationId: row.application_id,
      userId: row.user_id,
      type: row.type as ChallengeType,
      factorId: row.factor_id,
      purpose: row.purpose as Purpose,
      status: row.status as ChallengeStatus,
      attemptsUsed: row.attempts_used,
      firstFactor: row.first_factor as FirstFactor[],
      transaction: row.transaction,
      transactionHash: row.transaction_hash,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      phone: this.toPhonePart(row),
      nonce: row.nonce,
    };
  }

  private toPhonePart(row: Selectable<ChallengeRow>): PhonePart | null {
    const { phone: sealed, phone_hash: hash, message_id: messageId, resend_at: resendAt } = row;
    if (sealed === null || hash === null || messageId === null || resendAt === null) return null;
    const place = sealedAt({ id: row.id, realmId: row.realm_id });
    const number = readPhoneNumber(this.envelope.open(sealed, place).toString());
    if (number === undefined) throw new Error('a challenge holds no number');
    return {
      channel: channelOf(row.channel ?? ''),
      locale: row.locale ?? '',
      number,
      sealed,
      hash,
      address: row.address,
      codeHash: row.code_hash,
      messageId,
      sends: row.sends,
      resendAt,
    };
  }
}

function toRow(challenge: Challenge) {
  return {
    id: challenge.id,
    realm_id: challenge.realmId,
    application_id: challenge.applicationId,
    user_id: challenge.userId,
    type: challenge.type,
    factor_id: challenge.factorId,
    purpose: challenge.purpose,
    status: challenge.status,
    first_factor: [...challenge.firstFactor],
    transaction: challenge.transaction && JSON.stringify(challenge.transaction),
    transaction_hash: challenge.transactionHash,
    created_at: challenge.createdAt,
    expires_at: challenge.expiresAt,
    nonce: challenge.nonce,
    ...phoneColumns(challenge),
  };
}

function phoneColumns({ phone }: Challenge) {
  if (phone === null) return {};
  return {
    channel: phone.channel,
    locale: phone.locale,
    phone: phone.sealed,
    phone_hash: phone.hash,
    country: phone.number.country,
    address: phone.address,
    code_hash: phone.codeHash,
    message_id: phone.messageId,
    sends: phone.sends,
    resend_at: phone.resendAt,
  };
}
