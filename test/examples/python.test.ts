/**
 * The same tokens, checked by a library in another language that has never heard of Watchword, and the whole
 * corpus of forgeries refused by it.
 */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { enrol } from '../support/authenticator.js';
import { examples, startListening, type ListeningService } from '../support/examples.js';
import { forgedTokens, isRespelled } from '../support/forged-tokens.js';
import { claimsOf } from '../support/sessions.js';
import { run } from '../support/service-process.js';

/** Debian's own, which has what apt has installed. */
const PYTHON = '/usr/bin/python3';
const REMEDY = 'apt-get install python3-jwt python3-cryptography';

let watchword: ListeningService;
let genuine: string;

beforeAll(async () => {
  watchword = await startListening(30);
  const app = await enrol(watchword, 'zoë');
  watchword.clock.advance(30);
  const body = { code: app.code(), first_factor: ['pwd'] };
  const path = `/v1/users/${encodeURIComponent('zoë')}/verify`;
  genuine = (await watchword.call('POST', path, body)).body.access_token as string;
});
afterAll(() => watchword.close());

type Answer = Record<string, unknown>;

interface Expected {
  readonly issuer: string;
  readonly audience: string;
}

/** Gives for each token its claims, or `refused` and why. */
type Peer = (tokens: readonly string[], expected: Expected) => Promise<Answer[]>;

const byPython: Peer = async (tokens, { issuer, audience }) => {
  const { stdout, stderr } = await run(
    PYTHON,
    [join(examples, 'python/check_token.py'), issuer, audience],
    { PATH: process.env['PATH'] ?? '' },
    tokens.map((token) => `${token}\n`).join(''),
  );
  if (stdout === '') throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
};

const byJose: Peer = async (tokens, { issuer, audience }) => {
  const keys = createRemoteJWKSet(new URL(`${watchword.url}/.well-known/jwks.json`));
  const options = { issuer, audience, algorithms: ['ES256'], typ: 'at+jwt', clockTolerance: 60 };
  return Promise.all(
    tokens.map((token) =>
      jwtVerify(token, keys, options).then(
        ({ payload }) => payload,
        (error: unknown) => ({ refused: String(error) }),
      ),
    ),
  );
};

function chosenPeer(): Peer {
  if (spawnSync(PYTHON, ['-c', 'import jwt, cryptography']).status === 0) return byPython;
  if (process.env['CI'] === 'true') throw new Error(`PyJWT is missing: ${REMEDY}`);
  console.warn(`PyJWT is MISSING: tokens are held to jose alone. ${REMEDY}`);
  return byJose;
}

const checked = (tokens: readonly string[], change: Partial<Expected> = {}) =>
  chosenPeer()(tokens, {
    ...{ issuer: watchword.url, audience: watchword.first.application.audience },
    ...change,
  });

it('PyJWT reads the token as it was meant', async () => {
  const [claims] = await checked([genuine]);
  expect(claims).toEqual(claimsOf(genuine));
  expect(claims).toMatchObject({ sub: 'zoë', amr: ['pwd', 'otp', 'mfa'], acr: 'aal2' });
});

it('PyJWT takes no forgery, but for other spellings of the token', async () => {
  const { keys } = (await watchword.call('GET', '/.well-known/jwks.json')).body as {
    keys: [JsonWebKey];
  };
  const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const lines = forgedTokens(genuine, keys[0], attacker).filter(
    ({ token }) => !/[\r\n]|[\ud800-\udfff]/.test(token),
  );
  const answers = await checked([...lines.map(({ token }) => token), genuine]);
  expect(answers).toHaveLength(lines.length + 1);
  const taken = lines.filter(
    ({ token }, n) => !answers[n]?.['refused'] && !isRespelled(genuine, token),
  );
  expect(taken).toEqual([]);
  expect(answers.at(-1)).toMatchObject({ sub: 'zoë' });
}, 120_000);

it('PyJWT refuses it for another audience and another issuer', async () => {
  const issuer = `http://localhost:${new URL(watchword.url).port}`;
  for (const wrong of [{ audience: 'app_other' }, { issuer }]) {
    const [answer] = await checked([genuine], wrong);
    expect(Object.keys(answer ?? {})).toEqual(['refused']);
  }
});
