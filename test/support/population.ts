/** Many users with an active authenticator, written straight into the database: enrolling each takes too long. */
import { sql } from 'kysely';
import { Envelope } from '../../src/crypto/envelope.js';
import { Keyring } from '../../src/crypto/keyring.js';
import { randomSecret } from '../../src/otp/secret.js';
import { stepAt, totp } from '../../src/otp/totp.js';
import { postgresDriver } from '../../src/storage/postgres.js';
import { newId } from '../../src/storage/ids.js';

const parameters = { algorithm: 'SHA1', digits: 6, periodSeconds: 30 } as const;

export interface Citizen {
  readonly userId: string;
  readonly factorId: string;
  code(stepsAway?: number): string;
}

/** Adds users to the first application of a PostgreSQL database. */
export async function populate(url: string, keys: string, count: number): Promise<Citizen[]> {
  const driver = postgresDriver({ url, connections: 1 });
  const { kysely } = driver;
  const envelope = new Envelope(Keyring.parse(keys));
  const application = await kysely
    .selectFrom('applications')
    .select(['id', 'realm_id'])
    .executeTakeFirstOrThrow();
  const citizens = Array.from({ length: count }, () => {
    const secret = randomSecret();
    const factorId = newId('fac');
    const userId = `user-${factorId}`;
    const place = { table: 'factors', column: 'secret', realmId: application.realm_id };
    return {
      userId,
      factorId,
      sealed: envelope.seal(secret, { ...place, userId, rowId: factorId }),
      code: (stepsAway = 0) =>
        totp(secret, stepAt(new Date(), parameters.periodSeconds) + stepsAway, parameters),
    };
  });
  const now = new Date();
  await kysely
    .insertInto('users')
    .values(
      citizens.map(({ userId }) => ({
        realm_id: application.realm_id,
        user_id: userId,
        created_at: now,
      })),
    )
    .execute();
  await kysely
    .insertInto('factors')
    .values(
      citizens.map(({ factorId, userId, sealed }) => ({
        id: factorId,
        realm_id: application.realm_id,
        user_id: userId,
        application_id: application.id,
        type: 'totp',
        status: 'active',
        name: 'app',
        secret: sealed,
        parameters: JSON.stringify({
          algorithm: 'SHA1',
          digits: 6,
          period: 30,
          issuer: 'x',
          account_name: 'x',
        }),
        last_step: 0,
        created_at: now,
      })),
    )
    .execute();
  await driver.close();
  return citizens;
}

/** How often each thing was written to the audit. */
export async function auditCounts(url: string, userId: string): Promise<Record<string, number>> {
  const driver = postgresDriver({ url, connections: 1 });
  const { rows } = await sql<{ name: string; count: number }>`
    SELECT type || coalesce(' ' || (detail->>'reason'), '') AS name, count(*) AS count
    FROM audit_events WHERE user_id = ${userId} GROUP BY 1`.execute(driver.kysely);
  await driver.close();
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}
