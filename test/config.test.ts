import { ConfigError, readConfig, settings, unknownVariables } from '../src/config.js';

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

it('needs nothing to start, and derives the issuer from the port', () => {
  expect(readConfig({})).toMatchObject({ production: false, publicUrl: 'http://localhost:3000' });
  expect(readConfig({ WATCHWORD_PORT: '8080' }).publicUrl).toBe('http://localhost:8080');
  expect(readConfig({ WATCHWORD_PUBLIC_URL: 'https://mfa.example/' }).publicUrl).toBe(
    'https://mfa.example',
  );
  expect(readConfig({ WATCHWORD_PORT: '' }).port).toBe(3000);
});

it.each([
  ['WATCHWORD_PORT', '70000'],
  ['WATCHWORD_PORT', 'http'],
  ['WATCHWORD_PUBLIC_URL', 'mfa.example'],
  ['WATCHWORD_PUBLIC_URL', 'ftp://mfa.example'],
  ['WATCHWORD_DATABASE_URL', 'mysql://db/x'],
  ['WATCHWORD_DATABASE_CONNECTIONS', '1'],
  ['WATCHWORD_BOOTSTRAP_API_KEY', 'short'],
  ['WATCHWORD_REDIS_URL', 'http://redis'],
  ['WATCHWORD_RATE_PER_APPLICATION', '0'],
  ['WATCHWORD_RATE_PER_ADDRESS', '1.5'],
  ['WATCHWORD_FACTORS_PER_USER', '51'],
  ['WATCHWORD_LOG_LEVEL', 'loud'],
  ['WATCHWORD_SHUTDOWN_SECONDS', '0'],
  ['WATCHWORD_EMBEDDED_IN_PRODUCTION', 'yes'],
])('%s=%s is refused by name, and the value is not repeated', (name, value) => {
  const [problem, ...others] = problemsOf({ [name]: value });
  expect(others).toEqual([]);
  expect(problem).toMatch(new RegExp(`^${name}: `));
  if (/KEY|URL/.test(name)) expect(problem).not.toContain(value);
});

it('S123: production refuses every unsafe default, all of them at once', () => {
  const problems = problemsOf({
    NODE_ENV: 'production',
    WATCHWORD_BOOTSTRAP_API_KEY: `ww_${'ab'.repeat(20)}`,
  });
  expect(problems.map((problem) => problem.split(':')[0])).toEqual([
    'WATCHWORD_PUBLIC_URL',
    'WATCHWORD_ENCRYPTION_KEYS',
    'WATCHWORD_DATABASE_URL',
    'WATCHWORD_BOOTSTRAP_API_KEY',
  ]);
});

it('S123: production takes what is safe', () => {
  const safe = {
    NODE_ENV: 'production',
    WATCHWORD_PUBLIC_URL: 'https://mfa.example',
    WATCHWORD_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 'some random bytes').toString('base64')}`,
    WATCHWORD_DATABASE_URL: 'postgresql://db/watchword',
  };
  expect(problemsOf(safe)).toEqual([]);
  expect(problemsOf({ ...safe, WATCHWORD_PUBLIC_URL: 'http://mfa.example' })).toHaveLength(1);
  const { WATCHWORD_DATABASE_URL: _none, ...embedded } = safe;
  expect(problemsOf({ ...embedded, WATCHWORD_EMBEDDED_IN_PRODUCTION: 'true' })).toEqual([]);
});

it('PostgreSQL needs keys that all replicas share', () => {
  const [problem] = problemsOf({ WATCHWORD_DATABASE_URL: 'postgresql://db/watchword' });
  expect(problem).toContain('WATCHWORD_ENCRYPTION_KEYS');
});

it('knows a slip of the pen', () => {
  expect(unknownVariables({ WATCHWORD_DATABSE_URL: 'x', WATCHWORD_PORT: '1', PATH: '' })).toEqual([
    'WATCHWORD_DATABSE_URL',
  ]);
});

it('S8: nothing configures the window of acceptable codes, or the budget of wrong ones', () => {
  const names = Object.values(settings).map(({ variable }) => variable);
  expect(names.filter((name) => /WINDOW|STEP|DRIFT|LOCK|ATTEMPT/.test(name))).toEqual([]);
});
