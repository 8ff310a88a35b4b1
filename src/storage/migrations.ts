import { sql, type Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { isMissingTable } from './failure.js';
import type { Schema } from './schema.js';
import { foundation } from './migrations/0001-foundation.js';
import { phones } from './migrations/0002-phones.js';
import { masterKeys } from './migrations/0003-master-keys.js';
import { sessions } from './migrations/0004-sessions.js';
import { certificates } from './migrations/0005-certificates.js';
import { links } from './migrations/0006-links.js';
import { hardwareTokens } from './migrations/0007-hardware-tokens.js';
import { webauthn } from './migrations/0008-webauthn.js';
import { recovery } from './migrations/0009-recovery-codes.js';
import { devices } from './migrations/0010-devices.js';
import { namelessLinks } from './migrations/0011-nameless-links.js';
import { assuranceRules } from './migrations/0012-assurance-rules.js';
import { bypassCodes } from './migrations/0013-bypass-codes.js';

/**
 * Every migration, in order. Once released a migration is never edited, and each must leave a schema
 * on which the version before still runs (S130).
 */
const migrations = {
  '0001-foundation': foundation,
  '0002-phones': phones,
  '0003-master-keys': masterKeys,
  '0004-sessions': sessions,
  '0005-certificates': certificates,
  '0006-links': links,
  '0007-hardware-tokens': hardwareTokens,
  '0008-webauthn': webauthn,
  '0009-recovery-codes': recovery,
  '0010-devices': devices,
  '0011-nameless-links': namelessLinks,
  '0012-assurance-rules': assuranceRules,
  '0013-bypass-codes': bypassCodes,
};

/**
 * Brings the schema up to this version. On PostgreSQL it holds an advisory lock for the length of
 * one transaction, so replicas that start together wait for one another and then find nothing to do.
 *
 * @returns the names of the migrations that were run
 * @throws the database's error; nothing of a failed run remains
 */
export async function migrate(kysely: Kysely<Schema>): Promise<string[]> {
  // The usual start: nothing to do, told by one statement.
  if ((await pendingMigrations(kysely)).length === 0) return [];
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: () => Promise.resolve(migrations) },
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error instanceof Error) throw error;
  if (error !== undefined) throw new Error('a migration failed', { cause: error });
  return (results ?? []).map(({ migrationName }) => migrationName);
}

/** The migrations that this version has and the database has not; all of them where it is empty. */
export async function pendingMigrations(kysely: Kysely<Schema>): Promise<string[]> {
  const run = await namesOfRun(kysely);
  return Object.keys(migrations).filter((name) => !run.has(name));
}

async function namesOfRun(kysely: Kysely<Schema>): Promise<Set<string>> {
  try {
    const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration`.execute(kysely);
    return new Set(rows.map(({ name }) => name));
  } catch (error) {
    if (isMissingTable(error)) return new Set();
    throw error;
  }
}
