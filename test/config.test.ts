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
  ['WATCHWORD_PUBLIC_URL', 'https://user@mfa.example'],
  ['WATCHWORD_PUBLIC_URL', 'https://mfa.example/?realm=1'],
  ['WATCHWORD_PUBLIC_URL', 'https://mfa.example/#x'],
  ['WATCHWORD_TRUSTED_PROXIES', 'proxy.example'],
  ['WATCHWORD_TRUSTED_PROXIES', '10.0.0.1, *'],
  ['WATCHWORD_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['WATCHWORD_TRUSTED_PROXIES', '2001:db8::/129'],
  ['WATCHWORD_CONCURRENCY_PER_APPLICATION', '0'],
  ['WATCHWORD_DRAIN_SECONDS', '-1'],
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
  ['NODE_ENV', 'prod'],
  ['WATCHWORD_PORT', ' '],
  ['WATCHWORD_PORT', '0x10'],
  ['WATCHWORD_SMS_PROVIDERS', 'pigeon'],
  ['WATCHWORD_SMS_PROVIDERS', 'console,console'],
  ['WATCHWORD_SMS_COUNTRIES', 'UK'],
  ['WATCHWORD_SMS_COUNTRIES', 'us'],
  ['WATCHWORD_SMS_ROUTES', 'DE=pigeon'],
  ['WATCHWORD_SMS_ROUTES', 'DE=console,DE=console'],
  ['WATCHWORD_SMS_PRICES', 'US=cheap'],
  ['WATCHWORD_SMS_PRICES', 'US/fax=1'],
  ['WATCHWORD_SMS_DAILY_SPEND', '-1'],
  ['WATCHWORD_SMS_CODE_DIGITS', '5'],
  ['WATCHWORD_SMS_CODE_DIGITS', '11'],
  ['WATCHWORD_SMS_CODE_SECONDS', '601'],
  ['WATCHWORD_SMS_ORIGIN', 'https://login.example.com'],
  ['WATCHWORD_SMS_ORIGIN', `${'a'.repeat(31)}.com`],
  ['WATCHWORD_SMS_ANDROID_HASH', 'short'],
  ['WATCHWORD_SMS_WEBHOOK_SECRET', 'whsec_short'],
  ['WATCHWORD_TEST_NUMBERS', '15005550006=123456'],
  ['TWILIO_ACCOUNT_SID', 'AC123'],
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
    'WATCHWORD_SMS_PROVIDERS',
  ]);
});

it.each<[string, Record<string, string>]>([
  ['WATCHWORD_TLS_KEY', { WATCHWORD_TLS_CERT: 'a.pem' }],
  ['WATCHWORD_TLS_CERT', { WATCHWORD_TLS_KEY: 'a.pem' }],
  [
    'WATCHWORD_PUBLIC_URL',
    {
      WATCHWORD_TLS_CERT: 'a.pem',
      WATCHWORD_TLS_KEY: 'b.pem',
      WATCHWORD_PUBLIC_URL: 'http://mfa.example',
    },
  ],
  ['WATCHWORD_TLS_CLIENT_CA', { WATCHWORD_TLS_CLIENT_CA: 'a.pem' }],
  [
    'WATCHWORD_TLS_CLIENT_CRL',
    {
      WATCHWORD_TLS_CERT: 'a.pem',
      WATCHWORD_TLS_KEY: 'b.pem',
      WATCHWORD_TLS_CLIENT_CRL: 'c.pem',
    },
  ],
  ['WATCHWORD_TLS_CLIENT_CERT_HEADER', { WATCHWORD_TLS_CLIENT_CERT_HEADER: 'X-Client-Cert' }],
  [
    'WATCHWORD_TRUSTED_PROXIES',
    {
      WATCHWORD_TLS_CLIENT_CERT_HEADER: 'X-Client-Cert',
      WATCHWORD_TRUSTED_PROXIES: '10.0.0.1, ::/0',
    },
  ],
])('S109: what is unsafe together is refused by name: %s', (name, environment) => {
  const problems = problemsOf(environment);
  expect(problems.map((problem) => problem.split(':')[0])).toEqual([name]);
});

it.each([
  ...['Authorization', 'Cookie', 'X-Forwarded-For', 'forwarded', 'Host', 'Content-Type', 'TE'],
  ...['X-Request-Id', 'Idempotency-Key', 'Sec-Fetch-Site', 'Via', 'a b', 'X_Client', ':x', '1'],
])('S109: no certificate comes in the header %s', (name) => {
  const problems = problemsOf({
    WATCHWORD_TLS_CLIENT_CERT_HEADER: name,
    WATCHWORD_TRUSTED_PROXIES: '10.0.0.1',
  });
  expect(problems).toEqual([expect.stringMatching(/^WATCHWORD_TLS_CLIENT_CERT_HEADER: /)]);
});

it('S109: in production a proxy is not half a network', () => {
  const problems = (proxies: string) =>
    problemsOf({
      NODE_ENV: 'production',
      WATCHWORD_PUBLIC_URL: 'https://mfa.example',
      WATCHWORD_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 'some random bytes').toString('base64')}`,
      WATCHWORD_DATABASE_URL: 'postgresql://db/watchword',
      WATCHWORD_SMS_PROVIDERS: 'none',
      WATCHWORD_TLS_CLIENT_CERT_HEADER: 'X-Client-Cert',
      WATCHWORD_TRUSTED_PROXIES: proxies,
    });
  expect(problems('10.0.0.0/16, 192.0.2.1, 2001:db8::/48')).toEqual([]);
  const [problem, ...others] = problems('10.0.0.0/8, 192.0.2.1, 2001:db8::/32');
  expect(others).toEqual([]);
  expect(problem).toMatch(/^WATCHWORD_TRUSTED_PROXIES: 10\.0\.0\.0\/8, 2001:db8::\/32 must/);
});

it('with TLS of its own the issuer is an https: address', () => {
  const { publicUrl } = readConfig({ WATCHWORD_TLS_CERT: 'a.pem', WATCHWORD_TLS_KEY: 'b.pem' });
  expect(publicUrl).toBe('https://localhost:3000');
});

it('S123: production takes what is safe', () => {
  const safe = {
    NODE_ENV: 'production',
    WATCHWORD_PUBLIC_URL: 'https://mfa.example',
    WATCHWORD_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 'some random bytes').toString('base64')}`,
    WATCHWORD_DATABASE_URL: 'postgresql://db/watchword',
    WATCHWORD_SMS_PROVIDERS: 'none',
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

it('every variable that is wrong is named at once', () => {
  const numbers = Object.values(settings).flatMap(({ variable, fallback }) =>
    fallback !== undefined && /^\d+$/.test(fallback) ? variable : [],
  );
  expect(numbers.length).toBeGreaterThan(7);
  for (const bad of ['-1', '1e9', 'x', '1.5', '99999999999999999999', 'Infinity', '0x1z'])
    expect(
      problemsOf(Object.fromEntries(numbers.map((name) => [name, bad]))).map(
        (problem) => problem.split(':')[0],
      ),
    ).toEqual(numbers);
});

it('S114: no problem repeats a secret, nor any part of one', () => {
  const secrets = Object.values(settings).filter(({ secret }) => secret);
  expect(secrets.map(({ variable }) => variable)).toEqual([
    'WATCHWORD_DATABASE_URL',
    'WATCHWORD_ENCRYPTION_KEYS',
    'WATCHWORD_BOOTSTRAP_API_KEY',
    'WATCHWORD_REDIS_URL',
    'WATCHWORD_METRICS_TOKEN',
    'WATCHWORD_SMS_ALLOWED_NUMBERS',
    'WATCHWORD_SMS_WEBHOOK_SECRET',
    'WATCHWORD_TEST_NUMBERS',
    'WATCHWORD_TEST_NUMBERS_IN_PRODUCTION',
    'TWILIO_AUTH_TOKEN',
  ]);
  const environment = {
    NODE_ENV: 'production',
    WATCHWORD_DATABASE_URL: 'mysql://root:hunter2@db/x',
    WATCHWORD_ENCRYPTION_KEYS: 'hunter2',
    WATCHWORD_BOOTSTRAP_API_KEY: 'ww_hunter2',
    WATCHWORD_REDIS_URL: 'http://:hunter2@redis',
    WATCHWORD_PORT: 'hunter2',
    WATCHWORD_SMS_ALLOWED_NUMBERS: 'hunter2',
    WATCHWORD_SMS_WEBHOOK_SECRET: 'hunter2',
    WATCHWORD_TEST_NUMBERS: '+14155550123=hunter2',
    WATCHWORD_TEST_NUMBERS_IN_PRODUCTION: '+14155550123=hunter2',
  };
  const wrong = problemsOf(environment).join('\n');
  expect(wrong).toContain('WATCHWORD_DATABASE_URL');
  expect(wrong).not.toContain('hunter2');
  const weak = problemsOf({
    NODE_ENV: 'production',
    WATCHWORD_BOOTSTRAP_API_KEY: `ww_${'hunter2'.repeat(6)}`,
  }).join('\n');
  expect(weak).toContain('WATCHWORD_BOOTSTRAP_API_KEY');
  expect(weak).not.toContain('hunter2');
});

it('S123: each refusal in production says what to do', () => {
  for (const problem of problemsOf({
    NODE_ENV: 'production',
    WATCHWORD_BOOTSTRAP_API_KEY: `ww_${'0'.repeat(40)}`,
  }))
    expect(problem).toMatch(
      /: (must be .*https:|must be set, .*|must not .*; set|is too regular .*openssl rand)/,
    );
  const message = new ConfigError(['A: x', 'B: y']).message;
  expect(message).toContain('A: x');
  expect(message).toContain('B: y');
});

it.each(['http://localhost', 'http://127.0.0.1:3000', 'HTTP://mfa.example'])(
  'S123: production refuses the issuer %s',
  (url) => {
    const problems = problemsOf({ NODE_ENV: 'production', WATCHWORD_PUBLIC_URL: url });
    expect(problems.join()).toContain('WATCHWORD_PUBLIC_URL');
  },
);

it('takes proxies as addresses and ranges of both kinds, with blanks', () => {
  const given = ' 10.0.0.1 , 10.1.0.0/16,2001:db8::1, 2001:db8:1::/48,';
  expect(readConfig({ WATCHWORD_TRUSTED_PROXIES: given }).trustedProxies).toEqual([
    '10.0.0.1',
    '10.1.0.0/16',
    '2001:db8::1',
    '2001:db8:1::/48',
  ]);
  expect(readConfig({}).trustedProxies).toEqual([]);
});

it('an empty value counts as none, and only our own names are looked at', () => {
  expect(readConfig({ WATCHWORD_DATABASE_URL: '' }).databaseUrl).toBeUndefined();
  expect(unknownVariables({ watchword_port: '1', WATCHWORD: 'x', WATCHWORD_: 'x' })).toEqual([
    'WATCHWORD_',
  ]);
});

const twilio = {
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'token',
  TWILIO_FROM: '+14155550100',
};

it.each([
  [{ WATCHWORD_SMS_PROVIDERS: 'twilio' }, ['SID', 'TOKEN', 'FROM']],
  [{ ...twilio, WATCHWORD_SMS_PROVIDERS: 'twilio', TWILIO_FROM: '' }, ['FROM']],
  [{ ...twilio, WATCHWORD_SMS_PROVIDERS: 'twilio' }, []],
  [{ WATCHWORD_SMS_PROVIDERS: 'webhook' }, ['URL', 'SECRET']],
  [{ WATCHWORD_SMS_ROUTES: 'DE=twilio' }, ['ROUTES']],
  [{ WATCHWORD_TEST_NUMBERS: '+15005550006=1234567' }, ['NUMBERS']],
])('a provider needs all that it needs: %j', (environment, missing) => {
  const problems = problemsOf(environment);
  expect(problems).toHaveLength(missing.length);
  missing.forEach((name, index) => {
    expect(problems[index]).toMatch(new RegExp(`^\\w*${name}: `));
  });
});

it('S123: production refuses what would give codes away, and names no number', () => {
  const problems = problemsOf({
    NODE_ENV: 'production',
    WATCHWORD_PUBLIC_URL: 'https://mfa.example',
    WATCHWORD_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 'some random bytes').toString('base64')}`,
    WATCHWORD_DATABASE_URL: 'postgresql://db/watchword',
    ...twilio,
    WATCHWORD_SMS_PROVIDERS: 'twilio,webhook',
    WATCHWORD_SMS_WEBHOOK_URL: 'http://sms.example',
    WATCHWORD_SMS_WEBHOOK_SECRET: `whsec_${'a'.repeat(44)}`,
    TWILIO_API_BASE_URL: 'http://twilio.example',
    WATCHWORD_TEST_NUMBERS: '+15005550006=123456,+15005550007=123456',
    WATCHWORD_TEST_NUMBERS_IN_PRODUCTION: '+15005550007=2099-01-01',
    WATCHWORD_TRUSTED_PROXIES: '0.0.0.0/0',
  });
  expect(problems.map((problem) => problem.split(':')[0])).toEqual([
    'WATCHWORD_TRUSTED_PROXIES',
    'WATCHWORD_SMS_WEBHOOK_URL',
    'TWILIO_API_BASE_URL',
    'WATCHWORD_TEST_NUMBERS',
  ]);
  expect(problems.join()).not.toContain('15005550006');
});
