import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Driver, Statement } from './database.js';
import type { Schema } from './schema.js';

const BIGINT = 20;
const STATEMENT_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Each kind of batch has one under way at most, and few kinds are busy at once. */
const STATEMENTS_AT_ONCE = 4;

interface PostgresOptions {
  readonly url: string;
  readonly connections: number;
  /** Longest a statement may take; 0 for migrations, which may take as long as they need. */
  readonly statementTimeoutMs?: number;
  /** Told of connections that broke while nobody used them. */
  readonly onIdleError?: (error: Error) => void;
}

/** PostgreSQL 13 or newer, by a pool. Connects when first used, so a database that is away is no crash. */
export function postgresDriver({
  url,
  connections,
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
  onIdleError,
}: PostgresOptions): Driver {
  const shared = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    types: { getTypeParser },
  };
  const forStatements = Math.min(STATEMENTS_AT_ONCE, Math.ceil(connections / 2));
  const queries = new pg.Pool({ ...shared, max: Math.max(1, connections - forStatements) });
  // A statement of the hot path is planned once, and not for each small batch, where planning costs more
  // than running. It has connections of its own: other queries need to be planned with their values, or they
  // miss the indexes that hold a part of a table.
  const statements = new pg.Pool({
    ...shared,
    max: forStatements,
    options: '-c plan_cache_mode=force_generic_plan',
  });
  for (const pool of [queries, statements]) {
    pool.on('error', (error) => onIdleError?.(error));
    // The pool does not listen to a connection that is in use. One that breaks between two statements of a
    // transaction would end the process; heard, it fails the next statement.
    pool.on('connect', (client) => client.on('error', () => undefined));
  }
  return {
    kind: 'postgresql',
    kysely: new Kysely<Schema>({ dialect: new PostgresDialect({ pool: queries }) }),
    async run<Row>({ name, text }: Statement, values: readonly unknown[]): Promise<Row[]> {
      const { rows } = await statements.query<Row & pg.QueryResultRow>({
        name,
        text,
        values: [...values],
      });
      return rows;
    },
    async close() {
      await Promise.all([queries.end(), statements.end()]);
    },
  };
}

/** Time steps and counters come as numbers: they stay far below 2^53. */
const getTypeParser = ((oid: number, format: 'text' | 'binary') =>
  oid === BIGINT && format !== 'binary'
    ? Number
    : (pg.types.getTypeParser(oid, format) as unknown)) as typeof pg.types.getTypeParser;
