/** The whole corpus of forged tokens against the kit: none is taken, and the genuine token is. */
import { generateKeyPairSync } from 'node:crypto';
import { createVerifier, VerificationError } from '../../src/verify/verifier.js';
import { forgedTokens, malleated } from '../support/forged-tokens.js';
import { refused } from '../support/refused.js';
import { AUDIENCE, ISSUER, TokenIssuer } from '../support/token-issuer.js';

const issuer = new TokenIssuer();
const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, ...issuer.at });
const genuine = issuer.token();
const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const corpus = forgedTokens(genuine, issuer.key.jwk, attacker);

it('S81 to S85: none of more than two thousand forgeries is taken', async () => {
  expect(corpus.length).toBeGreaterThan(2000);
  const wrong: unknown[] = [];
  for (const { name, token } of corpus)
    await verifier.verify(token).then(
      () => wrong.push([name, 'taken']),
      (error: unknown) => {
        if (!(error instanceof VerificationError)) wrong.push([name, error]);
        else if (error.status !== 401) wrong.push([name, error.code]);
      },
    );
  expect(wrong).toEqual([]);
  await expect(verifier.verify(genuine)).resolves.toMatchObject({ userId: 'pat' });
});

it('S82: they had the keys fetched once, from where they are', () => {
  expect(issuer.asked).toEqual([`${ISSUER}/.well-known/jwks.json`]);
});

it('the mirrored signature is as good by mathematics, over the same words, and revoked with them', async () => {
  const mirrored = malleated(genuine);
  expect(mirrored).not.toBe(genuine);
  const token = await verifier.verify(mirrored);
  expect(token).toEqual(await verifier.verify(genuine));
  expect(token.tokenId).toBe('jti_1');
  const [head = '', body = ''] = issuer.token({ sub: 'mallory' }).split('.');
  const moved = `${head}.${body}.${mirrored.split('.')[2] ?? ''}`;
  expect((await refused(verifier.verify(moved))).code).toBe('signature_invalid');
});
