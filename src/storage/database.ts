import { type Kysely, type Transaction } from 'kysely';
import type { Schema } from './schema.js';
import { isRetryable } from './failure.js';

/** A statement of the hot path, prepared once for each connection under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Where a repository method runs: the database itself, or the transaction of its caller. */
export type Executor = Kysely<Schema>;

/** What a database of one kind must be able to do; postgres.ts and embedded.ts are the kinds. */
export interface Driver {
  readonly kind: 'postgresql' | 'embedded';
  readonly kysely: Kysely<Schema>;
  run<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

const RETRIES = 5;

/** The one database, whichever kind it is. */
export class Database {
  constructor(private readonly driver: Driver) {}

  get kind(): Driver['kind'] {
    return this.driver.kind;
  }

  get kysely(): Kysely<Schema> {
    return this.driver.kysely;
  }

  /**
   * Runs one statement by itself, committed when it answers.
   *
   * @throws the database's error, after a deadlock has been tried a few times again
   */
  async run<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    return retried(() => this.driver.run<Row>(statement, values));
  }

  /** Runs `work` in one transaction; a deadlock runs all of it again. */
  async transaction<Result>(
    work: (executor: Transaction<Schema>) => Promise<Result>,
  ): Promise<Result> {
    return retried(() => this.kysely.transaction().execute(work));
  }

  close(): Promise<void> {
    return this.driver.close();
  }
}

async function retried<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt > RETRIES || !isRetryable(error)) throw error;
    }
  }
}
