/** What the service itself needs: where it listens, where it stores, how much it takes in. */
import { z } from 'zod';
import { count, flag, list, optionalText, setting, text } from './setting.js';

const networks = list.pipe(
  z.array(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be IP addresses or CIDR ranges'),
  ),
);

export const serviceSettings = {
  environment: setting(
    'NODE_ENV',
    z
      .string()
      .refine(
        (name) => name === 'production' || !/^prod/i.test(name),
        'must be "production" in full',
      )
      .optional(),
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
    'Issuer (`iss`) of the tokens and start of every link; the hosted pages need it without a path. Unset: `http://localhost:PORT`, or `https:` with WATCHWORD_TLS_CERT.',
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
  signingKeyDays: setting(
    'WATCHWORD_SIGNING_KEY_DAYS',
    count(1, 365),
    '30',
    'Days that a key signs tokens before the next one takes over.',
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
  metricsToken: setting(
    'WATCHWORD_METRICS_TOKEN',
    z.string().min(16).optional(),
    undefined,
    'Bearer token that /metrics asks for. Unset: it is open, and must not be reachable from outside.',
    true,
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
  workers: setting(
    'WATCHWORD_WORKERS',
    z.union([z.literal('auto'), count(1, 64)]),
    '1',
    'Processes on the one port, `auto` for one a core; more than one needs PostgreSQL. Limits and database connections are those of each.',
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
