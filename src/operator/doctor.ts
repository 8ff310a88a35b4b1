/** Looks at what most often goes wrong, and says how to mend it. */
import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationsService } from '../applications/applications.service.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { Database, type Statement } from '../storage/database.js';
import { pendingMigrations } from '../storage/migrations.js';
import { SigningKeys } from '../tokens/signing-keys.js';
import { certificates } from './certificate-findings.js';
import { masterKeys } from './master-key-findings.js';

export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failing';
  readonly detail: string;
  /** What to do about it; absent where all is well. */
  readonly remedy?: string;
}

const OLDEST_POSTGRES = 13;
/** One time step is 30 s: beyond a third of it codes begin to fail at the edges. */
const SKEW_WARNING_MS = 2_000;
const SKEW_FAILING_MS = 10_000;

const askServer: Statement = {
  name: 'doctor-server',
  text: `SELECT current_setting('server_version_num')::int / 10000 AS version, clock_timestamp() AS now`,
};

/** Every check, in an order in which the first failure explains those after it. */
export async function examine(context: INestApplicationContext): Promise<Finding[]> {
  const checks = [
    configuration,
    certificates,
    delivery,
    database,
    migrations,
    signingKeys,
    masterKeys,
    applications,
  ];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(...(await attempt(check, context)));
  return findings;
}

type Check = (context: INestApplicationContext) => Promise<Finding[]>;

async function attempt(check: Check, context: INestApplicationContext): Promise<Finding[]> {
  try {
    return await check(context);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const remedy = 'Mend what the message says, then run watchword doctor again.';
    return [{ check: check.name, state: 'failing', detail, remedy }];
  }
}

const configuration: Check = (context) => {
  const config = context.get<Config>(CONFIG);
  const findings: Finding[] = [
    { check: 'configuration', state: 'ok', detail: `issuer ${config.publicUrl}` },
  ];
  if (!config.publicUrl.startsWith('https://'))
    findings.push({
      check: 'issuer',
      state: 'warning',
      detail: 'the issuer is no https: address',
      remedy: 'Set WATCHWORD_PUBLIC_URL to the https: address before others rely on the tokens.',
    });
  if (config.databaseUrl === undefined)
    findings.push({
      check: 'durability',
      state: 'warning',
      detail: 'the embedded database survives a killed process, but not a power loss',
      remedy: 'Set WATCHWORD_DATABASE_URL to a PostgreSQL for anything that matters.',
    });
  return Promise.resolve(findings);
};

const delivery: Check = (context) => {
  const { smsProviders, smsCountries } = context.get<Config>(CONFIG);
  const detail = `providers: ${smsProviders.join(', ') || 'none'}`;
  const isClosed = smsCountries.length === 0 && smsProviders.some((name) => name !== 'console');
  if (!isClosed) return Promise.resolve([{ check: 'delivery', state: 'ok', detail }]);
  const remedy = 'Set WATCHWORD_SMS_COUNTRIES to the countries your users’ phones are of.';
  return Promise.resolve([
    { check: 'delivery', state: 'warning', detail: `${detail}; no country may get codes`, remedy },
  ]);
};

const database: Check = async (context) => {
  const clock = context.get(Clock);
  const before = clock.now().getTime();
  const [row] = await context.get(Database).run<{ version: number; now: Date }>(askServer, []);
  const after = clock.now().getTime();
  if (row === undefined) throw new Error('the database gave no answer');
  const isOld = row.version < OLDEST_POSTGRES;
  const there = row.now.getTime();
  const skew = there < before ? before - there : Math.max(0, there - after);
  return [
    {
      check: 'database',
      state: isOld ? 'failing' : 'ok',
      detail: `PostgreSQL ${row.version}`,
      ...(isOld && { remedy: `Move to PostgreSQL ${OLDEST_POSTGRES} or newer.` }),
    },
    {
      check: 'clock',
      state: skew >= SKEW_FAILING_MS ? 'failing' : skew >= SKEW_WARNING_MS ? 'warning' : 'ok',
      detail: `${(skew / 1000).toFixed(1)} s apart from the database`,
      ...(skew >= SKEW_WARNING_MS && {
        remedy: 'Run an NTP client on this machine and on that one.',
      }),
    },
  ];
};

const migrations: Check = async (context) => {
  const pending = await pendingMigrations(context.get(Database).kysely);
  if (pending.length === 0) return [{ check: 'schema', state: 'ok', detail: 'up to date' }];
  const detail = `${pending.join(', ')} not run yet`;
  return [{ check: 'schema', state: 'failing', detail, remedy: 'Run: watchword migrate' }];
};

const signingKeys: Check = async (context) => {
  const keys = context.get(SigningKeys);
  await keys.reload();
  const { kid, signsAt } = keys.current();
  const count = (await keys.published()).length;
  const detail = `${count} published, ${kid} signs since ${signsAt.toISOString()}`;
  return [{ check: 'keys', state: 'ok', detail }];
};

const applications: Check = async (context) => {
  const all = await context.get(ApplicationsService).list();
  if (all.length > 0)
    return [{ check: 'applications', state: 'ok', detail: `${all.length} registered` }];
  const remedy = 'Run: watchword applications create --realm NAME --name NAME';
  return [{ check: 'applications', state: 'warning', detail: 'none yet', remedy }];
};
