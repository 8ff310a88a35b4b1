/** The whole application on a fresh database of the project's kind, spoken to over HTTP. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Scope } from '../../src/applications/api-key.js';
import type { Application } from '../../src/applications/application.js';
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { readConfig } from '../../src/config.js';
import { Keyring } from '../../src/crypto/keyring.js';
import { createLog } from '../../src/http/log.js';
import { createApplication } from '../../src/service.js';
import { Database, type Driver } from '../../src/storage/database.js';
import { openInMemory } from '../../src/storage/embedded.js';
import { migratePostgres } from '../../src/storage/open.js';
import { postgresDriver } from '../../src/storage/postgres.js';
import { TestClock } from './clock.js';
import { createDatabase } from './postgres.js';

const seedArchive = join(__dirname, '../../dist/seed.tar');

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | number | undefined>;
  readonly text: string;
  /** The body as JSON; read it as what the test expects. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface CallOptions {
  readonly key?: string | undefined;
  readonly headers?: Record<string, string>;
}

export interface Registered {
  readonly application: Application;
  readonly key: string;
}

export interface TestApplication {
  readonly app: NestFastifyApplication;
  readonly clock: TestClock;
  readonly database: Database;
  readonly keyring: Keyring;
  /** An application with a key of every scope, in a realm of its own. */
  readonly first: Registered;
  /** The lines logged so far. */
  readonly logged: string[];
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  /** Registers another application. */
  register(realm: string, name?: string, extra?: Partial<Registration>): Promise<Registered>;
  close(): Promise<void>;
}

interface Registration {
  readonly scopes: readonly Scope[];
  readonly audience: string;
  readonly accessTokenSeconds: number;
  readonly enrolProofSeconds: number;
  readonly sessionIdleSeconds: number;
  readonly sessionSeconds: number;
  readonly sessionsEndWithFactor: boolean;
  readonly rememberDeviceSeconds: number;
  readonly tokenAudiences: readonly string[];
  readonly redirectUris: readonly string[];
  readonly frameOrigins: readonly string[];
}

export interface ApplicationOptions {
  readonly environment?: Record<string, string>;
  /** An existing database to stand on, as a further replica. */
  readonly driver?: Driver;
  readonly clock?: TestClock;
  readonly keyring?: Keyring;
}

export async function startApplication(options: ApplicationOptions = {}): Promise<TestApplication> {
  const clock = options.clock ?? new TestClock();
  const keyring = options.keyring ?? Keyring.parse(Keyring.generate());
  const database = new Database(options.driver ?? (await freshDatabase()));
  const logged: string[] = [];
  const log = createLog('debug', { write: (line) => void logged.push(line) });
  const config = readConfig({
    WATCHWORD_PUBLIC_URL: 'https://mfa.example',
    ...options.environment,
  });
  const app = await createApplication({ config, clock, database, keyring }, log);

  const register: TestApplication['register'] = async (realm, name = 'app', extra = {}) => {
    const { scopes = ['verify', 'enrol', 'admin'], ...request } = extra;
    const { application, apiKey } = await app
      .get(ApplicationsService)
      .create({ realm, name, ...request }, scopes);
    return { application, key: apiKey.key };
  };
  const first = await register(`realm-${randomUUID()}`);

  return {
    app,
    clock,
    database,
    keyring,
    first,
    logged,
    register,
    async call(method, path, body, { key = first.key, headers = {} } = {}) {
      const answer = await app.inject({
        method: method as 'GET',
        url: path,
        headers: {
          ...(key !== '' && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && {
          payload: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      });
      const isJson = String(answer.headers['content-type']).includes('json');
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: answer.body,
        body: isJson && answer.body ? (JSON.parse(answer.body) as unknown) : undefined,
      };
    },
    async close() {
      await app.close();
      await database.close();
    },
  };
}

/** A database of the kind that this run of the suite is for. */
export async function freshDatabase(): Promise<Driver> {
  if (process.env['WATCHWORD_TEST_DATABASE'] !== 'postgres') return openInMemory(seedArchive);
  return postgresDriver({ url: await freshPostgresUrl(), connections: 10 });
}

/** An empty database with the schema, on the suite's PostgreSQL. */
export async function freshPostgresUrl(): Promise<string> {
  const admin = process.env['WATCHWORD_TEST_POSTGRES_URL'];
  if (admin === undefined) throw new Error('the suite has started no PostgreSQL');
  const url = await createDatabase(admin);
  await migratePostgres(url);
  return url;
}
