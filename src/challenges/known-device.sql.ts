/**
 * What the charging statement has beside where device tokens came with the attempts: a statement of its own, so
 * that a login without one costs what it did.
 *
 * $13 device ids or null, $14 hashes of their tokens, $15 applications, $16 wrong codes that a device bears in a
 * row, $17 and in its life, $18 failures in a row that an account bears with known devices
 */

/** What the charging statement has in these places. */
export interface ChargeParts {
  /** Its input's further columns: their values in one, their names in the other. */
  readonly arrays: string;
  readonly names: string;
  /** CTEs: which of the devices are known, and their charge. */
  readonly known: string;
  readonly charged: string;
  /** Whether an account that is locked lets this one in. */
  readonly opens: string;
  /** The answer's further columns. */
  readonly columns: string;
  readonly join: string;
}

export const withoutDevice: ChargeParts = {
  arrays: '',
  names: '',
  known: '',
  charged: '',
  opens: 'false',
  columns: '',
  join: '',
};

/**
 * The device is held, so that two guesses with one token are counted one after another; it is charged where the
 * account was, and both before anything is compared (S30). What makes a device live stands in
 * devices.repository.ts, what makes its token good in rotating-token.ts.
 */
export const withDevice: ChargeParts = {
  arrays: ', $13::text[], $14::bytea[], $15::text[]',
  names: ', device_id, device_hash, application_id',
  known: `, known AS (
      SELECT d.id, i.n, i.realm_id, i.user_id, i.kind FROM devices d
      JOIN input i ON d.id = i.device_id AND d.realm_id = i.realm_id AND d.user_id = i.user_id
        AND d.application_id = i.application_id
      JOIN applications a ON a.id = d.application_id
      WHERE d.revoked_at IS NULL AND d.ends_at > $6
        AND d.proved_at + a.remember_device_seconds * interval '1 second' > $6
        AND d.factor_type = ANY(a.factor_types)
        AND d.consecutive < $16::int AND d.failures < $17::int
        AND (d.token_hash = i.device_hash OR d.previous_hash = i.device_hash AND d.previous_until > $6)
      ORDER BY d.id FOR UPDATE OF d
    )`,
  charged: `, device_charged AS (
      UPDATE devices d SET consecutive = d.consecutive + 1, failures = d.failures + 1
      FROM known k JOIN charged c USING (realm_id, user_id, kind)
      WHERE d.id = k.id AND c.granted
      RETURNING k.n, d.id, d.consecutive, d.failures
    )`,
  opens: `b.consecutive < $18::int AND EXISTS (SELECT FROM known k
            WHERE k.realm_id = b.realm_id AND k.user_id = b.user_id AND k.kind = b.kind)`,
  columns: `, d.id AS device_id, d.consecutive AS device_consecutive, d.failures AS device_failures`,
  join: 'LEFT JOIN device_charged d ON d.n = i.n',
};
