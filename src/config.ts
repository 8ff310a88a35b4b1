/**
 * Every variable the service reads: name, schema, default, meaning. docs/configuration.md and
 * .env.example are generated from this table, and nothing else in `src/` reads the environment.
 */
import { z } from 'zod';

interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly variable: string;
  readonly schema: Schema;
  /** The value when the variable is unset, written as it would be in the environment. */
  readonly fallback: string | undefined;
  readonly meaning: string;
  readonly secret: boolean;
}

function setting<Schema extends z.ZodType>(
  variable: string,
  schema: Schema,
  fallback: string | undefined,
  meaning: string,
  secret = false,
): Setting<Schema> {
  return { variable, schema, fallback, meaning, secret };
}

const text = z.string().min(1);
const optionalText = text.optional();
const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const list = z
  .string()
  .optional()
  .transform((value) => (value ?? '').split(',').flatMap((part) => part.trim() || []));
const networks = list.pipe(
  z.array(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be IP addresses or CIDR ranges'),
  ),
);

export const settings = {
  environment: setting(
    'NODE_ENV',
    z.string().optional(),
    undefined,
    '`production` refuses every unsafe default by name.',
  ),
  host: setting('WATCHWORD_HOST', text, '127.0.0.1', 'Address it listens on.'),
  port: setting(
    'WATCHWORD_PORT',
    count(0, 65535),
    '3000',
    'Port it listens on; 0 takes a free one.',
  ),
  publicUrl: setting(
    'WATCHWORD_PUBLIC_URL',
    z
      .url({ protocol: /^https?$/ })
      .refine((url) => !/[?#@]/.test(url), 'must have no user, query or fragment: it is the issuer')
      .optional(),
    undefined,
    'Issuer (`iss`) of the tokens and start of every link. Unset: `http://localhost:PORT`.',
  ),
  databaseUrl: setting(
    'WATCHWORD_DATABASE_URL',
    z.url({ protocol: /^postgres(ql)?$/ }).optional(),
    undefined,
    'PostgreSQL 13 or newer, `postgresql://…`. Unset: embedded PGlite in the data folder.',
    true,
  ),
  databaseConnections: setting(
    'WATCHWORD_DATABASE_CONNECTIONS',
    count(2, 500),
    '10',
    'Connections to PostgreSQL that one process holds at most.',
  ),
  dataFolder: setting(
    'WATCHWORD_DATA_DIR',
    text,
    './data',
    'Folder of the embedded database, the generated keys, the lock and the operator’s socket.',
  ),
  encryptionKeys: setting(
    'WATCHWORD_ENCRYPTION_KEYS',
    optionalText,
    undefined,
    '`id:base64(32 bytes)`, comma-separated; the first writes, all read. Unset: generated into the data folder, in embedded mode only.',
    true,
  ),
  bootstrapApiKey: setting(
    'WATCHWORD_BOOTSTRAP_API_KEY',
    z
      .string()
      .regex(/^ww_[A-Za-z0-9_-]{32,128}$/, 'must be "ww_" and 32 to 128 of A-Z a-z 0-9 _ -')
      .optional(),
    undefined,
    'API key of the first application, made at the first start. Unset: random, printed once.',
    true,
  ),
  embeddedInProduction: setting(
    'WATCHWORD_EMBEDDED_IN_PRODUCTION',
    flag,
    'false',
    'Allows the embedded database in production, whose last seconds a power loss may take.',
  ),
  redisUrl: setting(
    'WATCHWORD_REDIS_URL',
    z.url({ protocol: /^(redis|rediss|valkey|valkeys)$/ }).optional(),
    undefined,
    'Valkey or Redis that makes the rate limits exact across replicas. Unset: each replica counts its own.',
    true,
  ),
  applicationRate: setting(
    'WATCHWORD_RATE_PER_APPLICATION',
    count(1, 10_000_000),
    '100000',
    'Requests an application may make in ten seconds.',
  ),
  addressRate: setting(
    'WATCHWORD_RATE_PER_ADDRESS',
    count(1, 10_000_000),
    '600',
    'Requests without an accepted API key that one address (IPv6: one /64) may make in a minute.',
  ),
  applicationConcurrency: setting(
    'WATCHWORD_CONCURRENCY_PER_APPLICATION',
    count(1, 100_000),
    '1000',
    'Requests of one application that are under way at once in one process.',
  ),
  trustedProxies: setting(
    'WATCHWORD_TRUSTED_PROXIES',
    networks,
    undefined,
    'Addresses or CIDR ranges, comma-separated, whose X-Forwarded-For is believed.',
  ),
  factorsPerUser: setting(
    'WATCHWORD_FACTORS_PER_USER',
    count(1, 50),
    '10',
    'Factors one user may have, pending ones included.',
  ),
  logLevel: setting(
    'WATCHWORD_LOG_LEVEL',
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'info',
    'Least severity that is logged; `debug` has a line for every request.',
  ),
  drainSeconds: setting(
    'WATCHWORD_DRAIN_SECONDS',
    count(0, 120),
    '1',
    'How long it goes on taking requests after SIGTERM, while /health/ready says 503.',
  ),
  shutdownSeconds: setting(
    'WATCHWORD_SHUTDOWN_SECONDS',
    count(1, 300),
    '20',
    'How long requests under way may take to finish after SIGTERM.',
  ),
} as const;

type Settings = typeof settings;
type Values = { [Key in keyof Settings]: z.output<Settings[Key]['schema']> };

export interface Config extends Omit<Values, 'environment' | 'publicUrl'> {
  readonly production: boolean;
  /** No trailing slash: it is compared as it is. */
  readonly publicUrl: string;
}

/** Names the configuration where Nest injects it. */
export const CONFIG = Symbol('config');

/** Everything that is wrong with the configuration, in one error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(
      `The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
}

/**
 * Reads the configuration.
 *
 * @param environment the variables, as `process.env` has them; an empty value counts as unset
 * @returns checked values with defaults filled in
 * @throws ConfigError naming every variable that is wrong, all at once (S123)
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, { variable, schema, fallback }] of Object.entries(settings)) {
    const result = schema.safeParse(environment[variable] || fallback);
    if (result.success) values[key] = result.data;
    // The value is never repeated: it may be a secret (S114).
    else
      problems.push(`${variable}: ${result.error.issues.map(({ message }) => message).join('; ')}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const read = values as Values;
  const config: Config = {
    ...read,
    production: read.environment === 'production',
    publicUrl: (read.publicUrl ?? `http://localhost:${read.port}`).replace(/\/+$/, ''),
  };
  problems.push(...wrongTogether(config));
  if (config.production) problems.push(...unsafeInProduction(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Variables of ours that this version does not know: most often a slip of the pen. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const known = new Set<string>(Object.values(settings).map(({ variable }) => variable));
  return Object.keys(environment).filter(
    (name) => name.startsWith('WATCHWORD_') && !known.has(name),
  );
}

function wrongTogether(config: Config): string[] {
  if (config.databaseUrl === undefined || config.encryptionKeys !== undefined) return [];
  return [
    'WATCHWORD_ENCRYPTION_KEYS: must be set with WATCHWORD_DATABASE_URL, the same for every replica; make one with: echo "k1:$(openssl rand -base64 32)"',
  ];
}

function unsafeInProduction(config: Config): string[] {
  const problems: string[] = [];
  if (!config.publicUrl.startsWith('https://'))
    problems.push('WATCHWORD_PUBLIC_URL: must be the https: address that clients use');
  if (config.encryptionKeys === undefined && config.databaseUrl === undefined)
    problems.push(
      'WATCHWORD_ENCRYPTION_KEYS: must be set, so that the keys do not lie beside the data; make one with: echo "k1:$(openssl rand -base64 32)"',
    );
  if (config.databaseUrl === undefined && !config.embeddedInProduction)
    problems.push(
      'WATCHWORD_DATABASE_URL: must be set, or WATCHWORD_EMBEDDED_IN_PRODUCTION=true accepts that a power loss may take the last seconds',
    );
  const key = config.bootstrapApiKey;
  if (key !== undefined && new Set(key.slice(3)).size < 12)
    problems.push(
      'WATCHWORD_BOOTSTRAP_API_KEY: is too regular to be random; make one with: echo "ww_$(openssl rand -hex 32)"',
    );
  return problems;
}
