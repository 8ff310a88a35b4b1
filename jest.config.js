/**
 * The suite runs as CommonJS: with Node's own ES modules inside Jest, Fastify's `inject` fails. SWC
 * compiles our TypeScript and those packages that are published as ES modules only.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Tests that touch no database: they run once. Everything else runs on PGlite and on PostgreSQL. */
const pure = [
  'test/tokens/key-life.test.ts',
  'test/otp/',
  'test/crypto/',
  'test/certificates/',
  'test/token-files/',
  'test/storage/batch.test.ts',
  'test/challenges/lockout.test.ts',
  'test/architecture.test.ts',
  'test/client/package.test.ts',
  'test/client/requests.test.ts',
  'test/config.test.ts',
  'test/delivery/phone-number.test.ts',
  'test/delivery/shield.test.ts',
  'test/delivery/texts.test.ts',
  'test/portal/color.test.ts',
  'test/portal/texts.test.ts',
  'test/verify/',
];

/** What stands before any database, what only PostgreSQL has, and floods: they run once, on PostgreSQL. */
const edge = [
  'test/attacks/api-key-guessing.test.ts',
  'test/attacks/body-abuse.test.ts',
  'test/attacks/bypass-code-abuse.test.ts',
  'test/attacks/certificate-header-spoofing.test.ts',
  'test/attacks/clickjacking.test.ts',
  'test/attacks/content-type-confusion.test.ts',
  'test/attacks/cross-site-forms.test.ts',
  'test/attacks/error-leak.test.ts',
  'test/attacks/forged-signatures.test.ts',
  'test/attacks/forged-tokens.test.ts',
  'test/attacks/fuzzing.test.ts',
  'test/attacks/last-factor-race.test.ts',
  'test/attacks/log-leak.test.ts',
  'test/attacks/malformed-token-files.test.ts',
  'test/attacks/mutated-key-responses.test.ts',
  'test/attacks/noisy-application.test.ts',
  'test/attacks/open-redirects.test.ts',
  'test/attacks/page-injection.test.ts',
  'test/attacks/path-spelling.test.ts',
  'test/attacks/planted-page-session.test.ts',
  'test/attacks/recovery-code-guessing.test.ts',
  'test/attacks/recovery-code-race.test.ts',
  'test/attacks/shared-limits.test.ts',
  'test/attacks/slowloris.test.ts',
  'test/attacks/token-confusion.test.ts',
  'test/attacks/sms-pumping.test.ts',
  'test/attacks/stolen-idempotency-key.test.ts',
  'test/attacks/try-it-from-elsewhere.test.ts',
  'test/attacks/weaker-factor-step-up.test.ts',
  'test/cli/bypass.test.ts',
  'test/cli/delivery.test.ts',
  'test/cli/secrets.test.ts',
  'test/cli/signing-keys.test.ts',
  'test/cli/tokens',
  'test/cli/watchword.test.ts',
  'test/client/',
  'test/delivery/callbacks.test.ts',
  'test/delivery/failover.test.ts',
  'test/delivery/twilio.test.ts',
  'test/examples/',
  'test/http/',
  'test/portal/',
  'test/processes/kill-delivery.test.ts',
  'test/processes/kill-import.test.ts',
  'test/processes/nginx.test.ts',
  'test/processes/nginx-certificates.test.ts',
  'test/processes/tls.test.ts',
  'test/processes/refusals.test.ts',
  'test/processes/stop.test.ts',
  'test/processes/workers.test.ts',
  'test/replicas/',
];

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

/** The installed packages whose `.js` files are ES modules, by their place under the repository. */
function moduleOnlyPackages() {
  const places = Object.keys(read('package-lock.json').packages).filter((place) => place !== '');
  return places.filter((place) => {
    try {
      return read(`${place}/package.json`).type === 'module';
    } catch (failure) {
      // Packages for other platforms are locked and not installed.
      if (failure.code === 'ENOENT') return false;
      throw failure;
    }
  });
}

const escaped = (text) => text.replace(/[.+*?^${}()|[\]\\/]/g, '\\$&');

function compile(parser) {
  const jsc = {
    parser,
    target: 'es2023',
    keepClassNames: true,
    transform: {
      legacyDecorator: true,
      decoratorMetadata: true,
      useDefineForClassFields: parser.syntax === 'ecmascript',
      react: { runtime: 'automatic', importSource: 'preact' },
    },
  };
  return ['@swc/jest', { jsc, module: { type: 'commonjs' }, sourceMaps: 'inline', swcrc: false }];
}

const shared = {
  testEnvironment: 'node',
  // PGlite needs seconds to open on a busy machine.
  resolver: '<rootDir>/scripts/jest-resolver.cjs',
  moduleFileExtensions: ['js', 'ts', 'tsx', 'mjs', 'cjs', 'json', 'node'],
  transform: {
    '\\.ts$': compile({ syntax: 'typescript', decorators: true }),
    '\\.tsx$': compile({ syntax: 'typescript', decorators: true, tsx: true }),
    '\\.m?js$': compile({ syntax: 'ecmascript' }),
    // Its CommonJS build keeps `import()`, which Jest has only with Node's own ES modules.
    '/@electric-sql/pglite/dist/.*\\.cjs$': compile({ syntax: 'ecmascript' }),
  },
  transformIgnorePatterns: [
    `<rootDir>/(?!(?:${moduleOnlyPackages().map(escaped).join('|')})/(?!node_modules/))(?:.*/)?node_modules/.*\\.js$`,
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

const inRoot = (place) => `<rootDir>/${place}`;
const pureTests = pure.map(inRoot);

function onDatabase(database, elsewhere) {
  return {
    ...shared,
    displayName: database,
    testMatch: ['<rootDir>/test/**/*.test.ts'],
    testPathIgnorePatterns: [...pureTests, ...elsewhere.map(inRoot)],
    setupFiles: [`<rootDir>/test/support/${database}.setup.ts`],
    globalSetup: '<rootDir>/test/support/postgres.ts',
    globalTeardown: '<rootDir>/test/support/teardown-setup.ts',
  };
}

export default {
  testTimeout: 90_000,
  reporters: ['default', '<rootDir>/scripts/jest-stall-reporter.cjs'],
  testSequencer: '<rootDir>/scripts/jest-sequencer.cjs',
  // More than processors: the process tests mostly wait for somebody else.
  maxWorkers: Math.max(3, availableParallelism()),
  projects: [
    {
      ...shared,
      displayName: 'pure',
      testMatch: pureTests.map((place) => (place.endsWith('/') ? `${place}**/*.test.ts` : place)),
    },
    onDatabase('pglite', edge),
    onDatabase('postgres', [
      'test/cli/assurance-rules.test.ts',
      'test/cli/hosted-pages.test.ts',
      'test/cli/operator.test.ts',
      'test/processes/data-folder.test.ts',
    ]),
  ],
};
