import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Driver, Statement } from './database.js';
import type { Schema } from './schema.js';

const BIGINT = 20;
const STATEMENT_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;

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
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    // A prepared statement is planned once and not for each small batch, where planning costs more than
    // running. What the URL says goes before.
    options: '-c plan_cache_mode=force_generic_plan',
    types: { getTypeParser },
  });
  pool.on('error', (error) => onIdleError?.(error));
  // The pool does not listen to a connection that is in use. One that breaks between two statements of a
  // transaction would end the process; heard, it fails the next statement.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    kind: 'postgresql',
    kysely: new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) }),
    async run<Row>({ name, text }: Statement, values: readonly unknown[]): Promise<Row[]> {
      const { rows } = await pool.query<Row & pg.QueryResultRow>({
        name,
        text,
        values: [...values],
      });
      return rows;
    },
    close: () => pool.end(),
  };
}

/** Time steps and counters come as numbers: they stay far below 2^53. */
const getTypeParser = ((oid: number, format: 'text' | 'binary') =>
  oid === BIGINT && format !== 'binary'
    ? Number
    : (pg.types.getTypeParser(oid, format) as unknown)) as typeof pg.types.getTypeParser;
