/**
 * better-auth's second step of a sign-in with an authenticator app, `POST /two-factor/verify-totp`, set up
 * as its documents say and in its favour: production mode, a pool of pg, rate limit and log off, and tables
 * that hold a few hundred users and the challenges of one round.
 *
 * Less than Watchword: a code can be used again, nothing is audited, no API key, and the answer is a session
 * in the database instead of a signed token. More: the session and its cookie.
 *
 * `POST /prepare` opens challenges as its sign-in by password would, without hashing a password for each, and
 * answers with their cookies.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { symmetricEncrypt } from 'better-auth/crypto';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { twoFactor } from 'better-auth/plugins/two-factor';
import pg from 'pg';

const { DATABASE_URL, PORT, TOTP_SECRET } = process.env;
const USERS = 200;
const TEN_MINUTES_MS = 600_000;
const secret = randomBytes(32).toString('base64');
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${PORT}`,
  secret,
  database: pool,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  logger: { disabled: true },
  telemetry: { enabled: false },
  plugins: [twoFactor()],
});
await (await getMigrations(auth.options)).runMigrations();
const context = await auth.$context;
const userIds = [];
for (let n = 0; n < USERS; n++) {
  const user = await context.internalAdapter.createUser({
    email: `user-${n}@example.com`,
    name: `User ${n}`,
    emailVerified: true,
    twoFactorEnabled: true,
  });
  await context.adapter.create({
    model: 'twoFactor',
    data: {
      userId: user.id,
      secret: await symmetricEncrypt({ key: context.secretConfig ?? secret, data: TOTP_SECRET }),
      backupCodes: await symmetricEncrypt({ key: context.secretConfig ?? secret, data: '[]' }),
      verified: true,
    },
  });
  userIds.push(user.id);
}
const cookieName = context.createAuthCookie('two_factor').name;

async function openChallenge(n) {
  const identifier = `2fa-${randomBytes(15).toString('hex')}`;
  const expiresAt = new Date(Date.now() + TEN_MINUTES_MS);
  await context.internalAdapter.createVerificationValue({
    identifier,
    value: userIds[n % USERS],
    expiresAt,
  });
  await context.internalAdapter.createVerificationValue({
    identifier: `2fa-attempts-${identifier}`,
    value: '0',
    expiresAt,
  });
  const signature = createHmac('sha256', secret).update(identifier).digest('base64');
  return `${cookieName}=${encodeURIComponent(`${identifier}.${signature}`)}`;
}

const handler = toNodeHandler(auth);
const server = createServer(async (request, response) => {
  if (request.url === '/ready') {
    response.end('ready');
  } else if (request.url.startsWith('/prepare')) {
    const count = Number(new URL(request.url, 'http://localhost').searchParams.get('count'));
    await pool.query('TRUNCATE verification, session');
    const cookies = [];
    while (cookies.length < count)
      cookies.push(
        ...(await Promise.all(
          Array.from({ length: 50 }, (_, n) => openChallenge(cookies.length + n)),
        )),
      );
    await pool.query('VACUUM ANALYZE');
    response.end(JSON.stringify(cookies));
  } else {
    await handler(request, response);
  }
});
server.listen(Number(PORT), '127.0.0.1');
