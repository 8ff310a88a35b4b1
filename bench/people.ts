/** Users with an authenticator app, written straight into the database; enrolling a million takes too long. */
import { sql } from 'kysely';
import { encodeSecret } from '../src/otp/secret.js';
import { Envelope } from '../src/crypto/envelope.js';
import { Keyring } from '../src/crypto/keyring.js';
import { defaultTotpParameters } from '../src/otp/algorithm.js';
import { stepAt, totp } from '../src/otp/totp.js';
import { postgresDriver } from '../src/storage/postgres.js';
import { newId } from '../src/storage/ids.js';

/** The same for everybody: the service opens and computes all the same, and the generator does not. */
const secret = Buffer.from('a secret of twenty b');
const CHUNK = 5_000;

export interface People {
  readonly userIds: readonly string[];
  readonly realmId: string;
  /** The code that all their apps show, some steps away from now. */
  code(stepsAway?: number): string;
}

/** Adds users `user-1` and so on to the first application of a database, after `from` that are there. */
export async function addPeople(
  url: string,
  keys: string,
  count: number,
  from = 0,
): Promise<People> {
  const driver = postgresDriver({ url, connections: 1, statementTimeoutMs: 0 });
  const { kysely } = driver;
  const envelope = new Envelope(Keyring.parse(keys));
  const { id: application_id, realm_id } = await kysely
    .selectFrom('applications')
    .select(['id', 'realm_id'])
    .executeTakeFirstOrThrow();
  const userIds: string[] = [];
  while (userIds.length < count) {
    const first = from + userIds.length + 1;
    const rows = Array.from({ length: Math.min(CHUNK, count - userIds.length) }, (_, n) => {
      const id = newId('fac');
      const userId = `user-${first + n}`;
      const place = { table: 'factors', column: 'secret', realmId: realm_id, userId, rowId: id };
      return { id, user_id: userId, secret: envelope.seal(secret, place).toString('hex') };
    });
    userIds.push(...rows.map(({ user_id }) => user_id));
    const added = JSON.stringify(rows);
    await sql`INSERT INTO users (realm_id, user_id, created_at)
      SELECT ${realm_id}, r->>'user_id', now() FROM jsonb_array_elements(${added}::jsonb) r`.execute(
      kysely,
    );
    await sql`INSERT INTO factors
        (id, realm_id, user_id, application_id, type, status, name, secret, parameters, last_step, created_at)
      SELECT r->>'id', ${realm_id}, r->>'user_id', ${application_id}, 'totp', 'active', 'app',
        decode(r->>'secret', 'hex'),
        '{"algorithm":"SHA1","digits":6,"period":30,"issuer":"x","account_name":"x"}', 0, now()
      FROM jsonb_array_elements(${added}::jsonb) r`.execute(kysely);
    // They have logged in before.
    await sql`INSERT INTO attempt_budgets
        (realm_id, user_id, kind, consecutive, slow_count, slow_since, granted)
      SELECT ${realm_id}, r->>'user_id', 'totp', 0, 0, now(), true
      FROM jsonb_array_elements(${added}::jsonb) r`.execute(kysely);
  }
  await sql`VACUUM ANALYZE`.execute(kysely);
  await driver.close();
  return {
    userIds,
    realmId: realm_id,
    code: (stepsAway = 0) =>
      totp(secret, stepAt(new Date(), 30) + stepsAway, defaultTotpParameters),
  };
}

/** The same people in the one table of the service that is written by hand. */
export async function addHandwrittenPeople(url: string, count: number): Promise<void> {
  const driver = postgresDriver({ url, connections: 1, statementTimeoutMs: 0 });
  await sql`CREATE TABLE handwritten_users
    (user_id text PRIMARY KEY, secret text NOT NULL, last_login timestamptz)`.execute(
    driver.kysely,
  );
  await sql`INSERT INTO handwritten_users SELECT 'user-' || n, ${encodeSecret(secret)}
    FROM generate_series(1, ${count}::int) n`.execute(driver.kysely);
  await sql`VACUUM ANALYZE handwritten_users`.execute(driver.kysely);
  await driver.close();
}
