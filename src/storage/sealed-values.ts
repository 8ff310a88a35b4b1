import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Envelope, type Place } from '../crypto/envelope.js';
import { Database, type Executor } from './database.js';
import { sealedColumns, type SealedColumn, type SealedColumnName } from './sealed-columns.js';

/** The primary key of a row, in its order. */
export type RowKey = readonly string[];

/** A value that is not sealed under the key that writes. */
export interface StaleValue {
  readonly key: RowKey;
  readonly place: Place;
  readonly sealed: Uint8Array;
  /** The keyed hash beside it, where the column has one. */
  readonly hash: Uint8Array | null;
}

export interface FreshValue {
  readonly stale: StaleValue;
  readonly sealed: Uint8Array;
  readonly hash: Uint8Array | null;
}

interface Row {
  readonly key: string[];
  readonly realm_id: string;
  readonly user_id: string | null;
  readonly sealed: Uint8Array | null;
  readonly hash: Uint8Array | null;
}

/** Rows that one statement looks at, where it only counts. */
const COUNTED_AT_ONCE = 20_000;

/** What is sealed in the database, column by column, a part of a table at a time and by its primary key. */
@Injectable()
export class SealedValues {
  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
  ) {}

  /** How many values of a column stand under each key; under '' what is no sealed value at all. */
  async count(name: SealedColumnName): Promise<Map<string, number>> {
    const { table, column, key } = columnOf(name);
    const counts = new Map<string, number>();
    let after: RowKey | null = null;
    do {
      const { rows } = await sql<{ key_id: string | null; values: number; last: string[] }>`
        WITH part AS (
          SELECT ${keyOf(key)} AS key, ${sql.ref(column)} AS sealed FROM ${sql.table(table)}
          ${afterKey(key, after)} ORDER BY ${columnsOf(key)} LIMIT ${COUNTED_AT_ONCE}
        )
        SELECT ${keyIdOf('sealed')} AS key_id, count(*)::int AS values, max(max(key)) OVER () AS last
        FROM part GROUP BY 1`.execute(this.database.kysely);
      for (const { key_id: keyId, values } of rows)
        if (keyId !== null) counts.set(keyId, (counts.get(keyId) ?? 0) + values);
      after = rows[0]?.last ?? null;
    } while (after !== null);
    return counts;
  }

  /**
   * The values of the next rows that the current key has not sealed.
   *
   * @param after the last row of the part before; null begins
   * @returns how many values were looked at, and the row to go on after; null at the end
   */
  async listStale(
    name: SealedColumnName,
    after: RowKey | null,
    limit: number,
  ): Promise<{ stale: StaleValue[]; seen: number; next: RowKey | null }> {
    const { table, column, key, realm, user, hash } = columnOf(name);
    const { rows } = await sql<Row>`
      SELECT ${keyOf(key)} AS key, ${sql.raw(realm)} AS realm_id,
        ${user === undefined ? sql`NULL` : sql.ref(user)} AS user_id, ${sql.ref(column)} AS sealed,
        ${hash === undefined ? sql`NULL::bytea` : sql.ref(hash)} AS hash
      FROM ${sql.table(table)} ${afterKey(key, after)} ORDER BY ${columnsOf(key)} LIMIT ${limit}`.execute(
      this.database.kysely,
    );
    const stale = rows.flatMap((row) => {
      if (row.sealed === null || this.isCurrent(row.sealed)) return [];
      const place: Place = {
        table,
        column,
        realmId: row.realm_id,
        rowId: row.key.join(' '),
        ...(row.user_id !== null && { userId: row.user_id }),
      };
      return [{ key: row.key, place, sealed: row.sealed, hash: row.hash }];
    });
    const seen = rows.filter(({ sealed }) => sealed !== null).length;
    const next = rows.length < limit ? null : (rows.at(-1)?.key ?? null);
    return { stale, seen, next };
  }

  /**
   * Puts values in the place of those that were read. One that somebody else has written, or deleted, in the
   * meantime is left as it is.
   *
   * @returns those that were put
   */
  async replace(
    executor: Executor,
    name: SealedColumnName,
    values: readonly FreshValue[],
  ): Promise<FreshValue[]> {
    if (values.length === 0) return [];
    const { table, column, key, hash } = columnOf(name);
    const keys = key.map((_, part) => values.map(({ stale }) => stale.key[part] ?? ''));
    const names = key.map((_, part) => `key_${part}`);
    const { rows } = await sql<{ n: number }>`
      UPDATE ${sql.table(table)} AS t SET ${sql.ref(column)} = decode(v.fresh, 'hex')
        ${hash === undefined ? sql`` : sql`, ${sql.ref(hash)} = decode(v.hash, 'hex')`}
      FROM unnest(${values.map(({ stale }) => hexOf(stale.sealed))}::text[],
        ${values.map(({ sealed }) => hexOf(sealed))}::text[],
        ${values.map((value) => value.hash && hexOf(value.hash))}::text[],
        ${sql.join(keys.map((part) => sql`${part}::text[]`))})
        WITH ORDINALITY AS v (stale, fresh, hash, ${columnsOf(names)}, n)
      WHERE ${sql.join(
        key.map((one, part) => sql`t.${sql.ref(one)} = v.${sql.ref(`key_${part}`)}`),
        sql` AND `,
      )} AND t.${sql.ref(column)} = decode(v.stale, 'hex')
      RETURNING v.n::int AS n`.execute(executor);
    return rows.flatMap(({ n }) => values[n - 1] ?? []);
  }

  private isCurrent(sealed: Uint8Array): boolean {
    const beginning = this.envelope.beginning();
    return beginning.equals(sealed.subarray(0, beginning.length));
  }
}

function columnOf(name: SealedColumnName): SealedColumn {
  return sealedColumns[name];
}

function columnsOf(names: readonly string[]) {
  return sql.join(names.map((name) => sql.ref(name)));
}

function keyOf(key: readonly string[]) {
  return sql`ARRAY[${columnsOf(key)}]`;
}

function afterKey(key: readonly string[], after: RowKey | null) {
  return after === null ? sql`` : sql`WHERE (${columnsOf(key)}) > (${sql.join(after)})`;
}

/** The key's id in a sealed value, by its layout (crypto/envelope.ts); '' for what is none. */
function keyIdOf(column: string) {
  const sealed = sql.ref(column);
  return sql`CASE WHEN ${sealed} IS NULL THEN NULL
    WHEN length(${sealed}) < 2 OR get_byte(${sealed}, 0) <> 1 THEN ''
    ELSE encode(substring(${sealed} FROM 3 FOR get_byte(${sealed}, 1)), 'escape') END`;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
