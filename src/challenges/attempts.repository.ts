import { Injectable } from '@nestjs/common';
import { CompiledQuery, type Selectable } from 'kysely';
import type { FactorType } from '../factors/factor.js';
import type { Checkable, Spent } from '../factors/method.js';
import { Batch, latestOf } from '../storage/batch.js';
import { Database, type Executor } from '../storage/database.js';
import type { AuditEventRow } from '../storage/schema.js';
import * as sql from './attempts.sql.js';
import type { ChallengeType } from './challenge.js';
import { DEVICE_ATTEMPTS, DEVICE_FAILURES, type DeviceAttempts } from '../devices/device.js';
import * as lockout from './lockout.js';

/** What is about to be proved. */
export interface Attempt {
  readonly realmId: string;
  readonly userId: string;
  /** What it is counted under. */
  readonly budget: string;
  /** The types of factor that the code may be of. */
  readonly types: readonly ChallengeType[];
  readonly factorId: string | null;
  readonly challengeId: string | null;
  /** The device that its token says it comes from. */
  readonly device?: PresentedDevice | undefined;
  readonly now: Date;
}

/** A device token as it was presented; whose it may be is the application's and the user's word. */
export interface PresentedDevice {
  readonly id: string;
  readonly hash: Uint8Array;
  readonly applicationId: string;
}

export interface Charge extends lockout.Budget {
  /** False: the account is locked, and nothing was charged. */
  readonly granted: boolean;
  /** Attempts of the challenge, this one included; null without a challenge. */
  readonly challengeAttempts: number | null;
  /** The factors that the code may belong to. */
  readonly factors: readonly Checkable[];
  /** The device that was charged as well; undefined where none was presented that is known. */
  readonly device?: ChargedDevice | undefined;
}

export interface ChargedDevice extends DeviceAttempts {
  readonly id: string;
}

type EventRow = Selectable<AuditEventRow>;

interface Consumption {
  readonly factorId: string;
  readonly spent: Spent;
  readonly challengeId: string | null;
  readonly event: EventRow;
  readonly now: Date;
}

/** A code that was sent and is right. */
export interface CodeConsumption {
  readonly challengeId: string;
  readonly codeHash: Uint8Array;
  readonly factorId: string;
  /** Whose attempts were charged. */
  readonly subject: string;
  readonly prefixKey: string;
  readonly countryKey: string;
  readonly numberKey: string;
  readonly event: EventRow;
  readonly now: Date;
}

interface Refusal {
  readonly challengeId: string | null;
  readonly endsChallenge: boolean;
  readonly event: EventRow;
  readonly now: Date;
}

interface ChargeRow {
  n: number;
  granted: boolean;
  consecutive: number;
  slow_count: number;
  locked_until: Date | null;
  attempts_used: number | null;
  factor_id: string | null;
  type: FactorType | null;
  secret: Uint8Array | null;
  parameters: Record<string, unknown> | null;
  last_step: number | null;
  drift_steps: number | null;
  device_id?: string | null;
  device_consecutive?: number | null;
  device_failures?: number | null;
}

/** The hot path: one statement for what arrived together. */
@Injectable()
export class AttemptsRepository {
  private readonly charges = new Batch<Attempt, Charge | undefined>(
    (attempts) => this.chargeAll(attempts),
    ({ realmId, userId, budget }) => JSON.stringify([realmId, userId, budget]),
  );
  /** Of attempts with a device: within one batch a user stands once, and so does each of the user's devices. */
  private readonly knownCharges = new Batch<Attempt, Charge | undefined>(
    (attempts) => this.chargeAll(attempts, true),
    ({ realmId, userId }) => JSON.stringify([realmId, userId]),
  );
  private readonly consumptions = new Batch<Consumption, boolean>(
    (items) => this.consumeAll(items),
    ({ factorId }) => factorId,
  );
  private readonly codes = new Batch<CodeConsumption, boolean>(
    (items) => this.consumeCodes(items),
    ({ factorId }) => factorId,
  );
  private readonly refusals = new Batch<Refusal, undefined>(
    (refusals) => this.refuseAll(refusals),
    ({ event }) => event.id,
  );

  constructor(private readonly database: Database) {}

  /**
   * Charges an attempt; committed when it answers.
   *
   * @returns undefined where there is nothing to attempt: the challenge has ended, or the factor that
   *   was named is not an active one of this user
   */
  charge(attempt: Attempt): Promise<Charge | undefined> {
    const charges = attempt.device === undefined ? this.charges : this.knownCharges;
    return charges.submit(attempt);
  }

  /** @returns whether this login is the one that used the step up; committed when it answers */
  consume(consumption: Consumption): Promise<boolean> {
    return this.consumptions.submit(consumption);
  }

  /** @returns whether this login is the one that used the code up; committed when it answers */
  consumeCode(consumption: CodeConsumption): Promise<boolean> {
    return this.codes.submit(consumption);
  }

  /** The same in the caller's transaction. */
  async consumeCodeIn(executor: Executor, consumption: CodeConsumption): Promise<boolean> {
    const values = codeValues([consumption]);
    const { rows } = await executor.executeQuery(CompiledQuery.raw(sql.consumeCode.text, values));
    return rows.length === 1;
  }

  /**
   * Keeps everybody else from a challenge and from a budget, in the order in which every statement takes
   * them, to the end of the transaction. The budget exists, for it was charged.
   */
  async hold(
    executor: Executor,
    challengeId: string,
    { realmId, userId, budget }: Pick<Attempt, 'realmId' | 'userId' | 'budget'>,
  ): Promise<void> {
    const challenges = executor.selectFrom('challenges').select('id');
    await challenges.where('id', '=', challengeId).forUpdate().execute();
    await executor
      .selectFrom('attempt_budgets')
      .select('kind')
      .where('realm_id', '=', realmId)
      .where('user_id', '=', userId)
      .where('kind', '=', budget)
      .forUpdate()
      .execute();
  }

  /** Writes down that an attempt was refused. */
  async refuse(refusal: Refusal): Promise<void> {
    await this.refusals.submit(refusal);
  }

  private async chargeAll(
    attempts: Attempt[],
    withDevices = false,
  ): Promise<(Charge | undefined)[]> {
    const statement = withDevices ? sql.chargeKnown : sql.charge;
    const rows = await this.database.run<ChargeRow>(statement, [
      attempts.map(({ realmId }) => realmId),
      attempts.map(({ userId }) => userId),
      attempts.map(({ budget }) => budget),
      attempts.map(({ factorId }) => factorId),
      attempts.map(({ challengeId }) => challengeId),
      latestOf(attempts),
      lockout.delayLadder,
      lockout.UNTIL_UNLOCKED,
      lockout.SLOW_LIMIT,
      lockout.SLOW_WINDOW_SECONDS,
      lockout.CHALLENGE_ATTEMPTS,
      attempts.map(({ types }) => types.join()),
      ...(withDevices ? deviceValues(attempts) : []),
    ]);
    const charges = new Array<Charge | undefined>(attempts.length).fill(undefined);
    for (const row of rows) {
      const index = row.n - 1;
      const factor = toFactor(row, attempts[index]);
      charges[index] = {
        granted: row.granted,
        consecutive: row.consecutive,
        slowCount: row.slow_count,
        lockedUntil: row.locked_until,
        challengeAttempts: row.attempts_used,
        factors: [...(charges[index]?.factors ?? []), ...(factor ? [factor] : [])],
        ...(row.device_id != null && { device: toDevice(row, row.device_id) }),
      };
    }
    return charges;
  }

  private async consumeAll(items: Consumption[]): Promise<boolean[]> {
    const rows = await this.database.run<{ n: number }>(sql.consume, [
      items.map(({ factorId }) => factorId),
      items.map(({ spent }) => spent.step),
      items.map(({ spent }) => spent.driftSteps),
      items.map(({ challengeId }) => challengeId),
      JSON.stringify(items.map(({ event }) => event)),
      latestOf(items),
    ]);
    const consumed = new Set(rows.map(({ n }) => n));
    return items.map((_, index) => consumed.has(index + 1));
  }

  private async consumeCodes(items: CodeConsumption[]): Promise<boolean[]> {
    const rows = await this.database.run<{ n: number }>(sql.consumeCode, codeValues(items));
    const consumed = new Set(rows.map(({ n }) => n));
    return items.map((_, index) => consumed.has(index + 1));
  }

  private async refuseAll(refusals: Refusal[]): Promise<undefined[]> {
    await this.database.run(sql.refuse, [
      refusals.map(({ challengeId }) => challengeId),
      refusals.map(({ endsChallenge }) => endsChallenge),
      JSON.stringify(refusals.map(({ event }) => event)),
      latestOf(refusals),
    ]);
    return refusals.map(() => undefined);
  }
}

function deviceValues(attempts: readonly Attempt[]): unknown[] {
  return [
    attempts.map(({ device }) => device?.id ?? null),
    attempts.map(({ device }) => device?.hash ?? null),
    attempts.map(({ device }) => device?.applicationId ?? null),
    DEVICE_ATTEMPTS,
    DEVICE_FAILURES,
    lockout.ABSOLUTE_LIMIT,
  ];
}

function toDevice(row: ChargeRow, id: string): ChargedDevice {
  return { id, consecutive: row.device_consecutive ?? 0, failures: row.device_failures ?? 0 };
}

function codeValues(items: readonly CodeConsumption[]): unknown[] {
  return [
    items.map(({ challengeId }) => challengeId),
    items.map(({ codeHash }) => codeHash),
    items.map(({ factorId }) => factorId),
    items.map(({ subject }) => subject),
    JSON.stringify(items.map(({ event }) => event)),
    latestOf(items),
    items.map(({ prefixKey }) => prefixKey),
    items.map(({ countryKey }) => countryKey),
    items.map(({ numberKey }) => numberKey),
  ];
}

function toFactor(row: ChargeRow, attempt: Attempt | undefined): Checkable | undefined {
  if (row.factor_id === null || row.type === null || attempt === undefined) return undefined;
  return {
    id: row.factor_id,
    type: row.type,
    realmId: attempt.realmId,
    userId: attempt.userId,
    secret: row.secret,
    parameters: row.parameters ?? {},
    lastStep: row.last_step,
    driftSteps: row.drift_steps ?? 0,
  };
}
