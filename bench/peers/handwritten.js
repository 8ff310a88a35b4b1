/**
 * The service that a good engineer writes by hand in an afternoon: Express, otplib, jsonwebtoken with ES256
 * and a KeyObject, a pool of pg. It reads the user's secret and checks the code with one step either way.
 *
 * Less than Watchword: no attempt is counted, a code can be used again, secrets stand in the clear, nothing is
 * logged or audited, no API key, no limits, no validation beyond what is needed. More: nothing.
 */
import { generateKeyPairSync } from 'node:crypto';
import express from 'express';
import jwt from 'jsonwebtoken';
import { authenticator } from 'otplib';
import pg from 'pg';

const { DATABASE_URL, PORT } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
authenticator.options = { window: 1 };

const app = express();
app.use(express.json());

app.get('/ready', async (_request, response) => {
  await pool.query('SELECT 1');
  response.json({ ok: true });
});

app.post('/v1/users/:user/verify', async (request, response) => {
  const { rows } = await pool.query('SELECT secret FROM handwritten_users WHERE user_id = $1', [
    request.params.user,
  ]);
  const [user] = rows;
  if (!user || !authenticator.check(request.body.code, user.secret)) {
    response.status(422).json({ error: 'wrong code' });
    return;
  }
  await pool.query('UPDATE handwritten_users SET last_login = now() WHERE user_id = $1', [
    request.params.user,
  ]);
  const token = jwt.sign({ sub: request.params.user, amr: ['otp'] }, privateKey, {
    algorithm: 'ES256',
    expiresIn: 900,
    issuer: 'http://localhost',
    audience: 'bench',
  });
  response.json({ access_token: token, token_type: 'Bearer', expires_in: 900 });
});

app.listen(Number(PORT), '127.0.0.1');
