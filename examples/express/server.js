/**
 * A bank with passwords of its own, and Watchword for the second factor:
 *
 *   POST /enrol      {user, password}         a secret for an authenticator app
 *   POST /activate   {user, password, factor, code}
 *   POST /login      {user, password, code}   an access token
 *   GET  /account                             needs a token
 *   POST /transfers                           needs two factors, proved in the last minute
 */
import express from 'express';
import { createClient, WatchwordError } from 'watchword/client';
import { createVerifier } from 'watchword/verify';
import { proofOf, requireProof } from 'watchword/verify/express';

const { WATCHWORD_URL, WATCHWORD_API_KEY, WATCHWORD_AUDIENCE, PORT = '4000' } = process.env;

const watchword = createClient({ url: WATCHWORD_URL, apiKey: WATCHWORD_API_KEY });
const verifier = createVerifier({ issuer: WATCHWORD_URL, audience: WATCHWORD_AUDIENCE });

const app = express();
app.use(express.json());

/** Stands for your own users and your own check of their passwords. */
const passwords = new Map([['alice', 'wonderland']]);
function checkPassword(request, response, next) {
  const { user, password } = request.body;
  if (passwords.has(user) && passwords.get(user) === password) return next();
  response.status(401).json({ error: 'The name or the password is wrong.' });
}

app.post('/enrol', checkPassword, async (request, response) => {
  const { user, proof } = request.body;
  // Who has a factor already must prove it before there is another: send that access token as "proof".
  const factor = await watchword.enrolFactor({ user_id: user, type: 'totp', proof });
  response.json({ factor: factor.id, uri: factor.totp.uri, qr: factor.totp.qr_svg });
});

app.post('/activate', checkPassword, async (request, response) => {
  const { user, factor, code } = request.body;
  // A factor's id alone does not say whose it is.
  const { user_id } = await watchword.getFactor({ id: factor });
  if (user_id !== user) return response.status(404).json({ error: 'That is not your factor.' });
  const { status } = await watchword.activateFactor({ id: factor, code });
  response.json({ status });
});

app.post('/login', checkPassword, async (request, response) => {
  const { user, code } = request.body;
  // The password was checked here, so the token says two factors: "acr": "aal2".
  const token = await watchword.verifyUser({ user_id: user, code, first_factor: ['pwd'] });
  response.json({ access_token: token.access_token, expires_in: token.expires_in });
});

app.get('/account', requireProof(verifier), (request, response) => {
  const { userId, amr } = proofOf(request);
  response.json({ user: userId, proved_by: amr, balance: 100 });
});

const fresh = requireProof(verifier, { acr: 'aal2', maxAgeSeconds: 60 });
app.post('/transfers', fresh, (request, response) => {
  response.status(201).json({ from: proofOf(request).userId, amount: request.body.amount });
});

/** A wrong code, a lockout: what Watchword says is fit to be passed on. */
app.use((error, _request, response, next) => {
  if (!(error instanceof WatchwordError) || error.problem === undefined) return next(error);
  if (error.retryAfter !== undefined) response.set('Retry-After', String(error.retryAfter));
  response.status(error.status).json(error.problem);
});

app.listen(Number(PORT), () => console.log(`http://localhost:${PORT}`));
