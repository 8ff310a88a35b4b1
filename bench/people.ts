/** Users with an authenticator app, written straight into the database; enrolling a million takes too long. */
import { sql, type Kysely } from 'kysely';
import { encodeSecret } from '../src/otp/secret.js';
import { Envelope } from '../src/crypto/envelope.js';
import { Keyring } from '../src/crypto/keyring.js';
import { defaultTotpParameters } from '../src/otp/algorithm.js';
import { stepAt, totp } from '../src/otp/totp.js';
import { postgresDriver } from '../src/storage/postgres.js';
import type { Schema } from '../src/storage/schema.js';

/** The same for everybody: the service opens and computes all the same, and the generator does not. */
export const secret = Buffer.from('a secret of twenty b');
export const secretText = encodeSecret(secret);
const CHUNK = 10_000;
const parameters = '{"algorithm":"SHA1","digits":6,"period":30,"issuer":"x","account_name":"x"}';

export interface People {
  /** Those who can log in. */
  readonly userIds: readonly string[];
  readonly realmId: string;
}

/** The code that all their apps show, some steps away from now. */
export const codeNow = (stepsAway = 0) =>
  totp(secret, stepAt(new Date(), 30) + stepsAway, defaultTotpParameters);

interface Home {
  readonly realm_id: string;
  readonly id: string;
}

/**
 * Adds users `user-1` to `user-<count>` to the first application of a database. All of them have a factor and
 * have logged in before.
 *
 * @param every each so many-th can log in; the secrets of the others do not open, which nobody tries
 */
export async function addPeople(
  url: string,
  keys: string,
  count: number,
  every = 1,
): Promise<People> {
  const driver = postgresDriver({ url, connections: 1, statementTimeoutMs: 0 });
  const { kysely } = driver;
  const home = await kysely
    .selectFrom('applications')
    .select(['id', 'realm_id'])
    .executeTakeFirstOrThrow();
  await sql`SET synchronous_commit TO off`.execute(kysely);
  const envelope = new Envelope(Keyring.parse(keys));
  const userIds: string[] = [];
  for (let first = 1; first <= count; first += CHUNK) {
    const last = Math.min(count, first + CHUNK - 1);
    const real: { n: number; sealed: string }[] = [];
    for (let n = first; n <= last; n++) {
      if (n % every !== 0) continue;
      const userId = `user-${n}`;
      const place = { table: 'factors', column: 'secret', realmId: home.realm_id, userId };
      const sealed = envelope.seal(secret, { ...place, rowId: factorId(n) }).toString('hex');
      real.push({ n, sealed });
      userIds.push(userId);
    }
    await addChunk(kysely, home, first, last, JSON.stringify(real));
  }
  await sql`VACUUM ANALYZE`.execute(kysely);
  await sql`CHECKPOINT`.execute(kysely);
  await driver.close();
  return { userIds, realmId: home.realm_id };
}

async function addChunk(
  kysely: Kysely<Schema>,
  { id, realm_id }: Home,
  first: number,
  last: number,
  real: string,
): Promise<void> {
  const numbers = sql`generate_series(${first}::int, ${last}::int) n`;
  await sql`INSERT INTO users (realm_id, user_id, created_at)
    SELECT ${realm_id}, 'user-' || n, now() FROM ${numbers}`.execute(kysely);
  await sql`INSERT INTO factors
      (id, realm_id, user_id, application_id, type, status, name, secret, parameters, last_step, created_at)
    SELECT 'fac_00' || lpad(n::text, 24, '0'), ${realm_id}, 'user-' || n, ${id}, 'totp', 'active', 'app',
      decode(coalesce(r.sealed, repeat('00', 52)), 'hex'), ${parameters}, 0, now()
    FROM ${numbers} LEFT JOIN jsonb_to_recordset(${real}::jsonb) r (n int, sealed text) USING (n)`.execute(
    kysely,
  );
  await sql`INSERT INTO attempt_budgets
      (realm_id, user_id, kind, consecutive, slow_count, slow_since, granted)
    SELECT ${realm_id}, 'user-' || n, 'totp', 0, 0, now(), true FROM ${numbers}`.execute(kysely);
}

const factorId = (n: number) => `fac_00${String(n).padStart(24, '0')}`;

/** The same people in the one table of the service that is written by hand. */
export async function addHandwrittenPeople(url: string, count: number): Promise<void> {
  const driver = postgresDriver({ url, connections: 1, statementTimeoutMs: 0 });
  await sql`CREATE TABLE handwritten_users
    (user_id text PRIMARY KEY, secret text NOT NULL, last_login timestamptz)`.execute(
    driver.kysely,
  );
  await sql`INSERT INTO handwritten_users SELECT 'user-' || n, ${secretText}
    FROM generate_series(1, ${count}::int) n`.execute(driver.kysely);
  await sql`VACUUM ANALYZE handwritten_users`.execute(driver.kysely);
  await driver.close();
}
