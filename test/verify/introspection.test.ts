/** Asking the service about each token: what is revoked is refused, and so is what nobody can tell of. */
import { createVerifier, type VerifierOptions } from '../../src/verify/verifier.js';
import { refused } from '../support/refused.js';
import { AUDIENCE, ISSUER, TokenIssuer } from '../support/token-issuer.js';

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

let issuer: TokenIssuer;
let asked: Asked[];
let answer: () => Promise<Response> | Response;

beforeEach(() => {
  issuer = new TokenIssuer();
  asked = [];
  answer = () => Response.json({ active: true, jti: 'jti_1' });
});

function verifierOf(options: Partial<VerifierOptions> = {}) {
  const fetch = async (url: string, init: RequestInit) => {
    if (url.endsWith('jwks.json')) return issuer.fetch(url);
    asked.push({ url, init });
    return answer();
  };
  return createVerifier({
    ...{ issuer: ISSUER, audience: AUDIENCE, ...issuer.at, fetch },
    introspection: { apiKey: 'ww_secret' },
    ...(options as { tokenType?: 'at+jwt' }),
  });
}

it('asks with the application’s key, and nowhere else than told', async () => {
  const token = issuer.token();
  await expect(verifierOf().verify(token)).resolves.toMatchObject({ userId: 'pat' });
  const url = 'https://inside.example/ask';
  await verifierOf({ introspection: { apiKey: 'ww_secret', url } }).verify(token);
  expect(asked.map((each) => each.url)).toEqual([`${ISSUER}/v1/tokens/introspect`, url]);
  expect(asked[0]?.init).toMatchObject({
    method: 'POST',
    redirect: 'error',
    headers: { authorization: 'Bearer ww_secret', 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
    signal: expect.any(AbortSignal),
  });
});

it('S90: refuses what is not active any more', async () => {
  answer = () => Response.json({ active: false });
  const error = await refused(verifierOf().verify(issuer.token()));
  expect([error.code, error.status, error.challenge]).toEqual([
    'token_revoked',
    401,
    'invalid_token',
  ]);
});

const unclear: Record<string, () => Promise<Response> | Response> = {
  'an error': () => Response.json({ active: true, jti: 'jti_1' }, { status: 500 }),
  'a refusal of the key': () => Response.json({ code: 'unauthenticated' }, { status: 401 }),
  'a page': () => new Response('<html>'),
  null: () => Response.json(null),
  'a list': () => Response.json([]),
  'no word about it': () => Response.json({ jti: 'jti_1' }),
  'a text': () => Response.json({ active: 'true', jti: 'jti_1' }),
  'another token': () => Response.json({ active: true, jti: 'jti_2' }),
  'no token': () => Response.json({ active: true }),
  'an empty answer': () => new Response(null, { status: 204 }),
  nothing: () => Promise.reject(new Error('ECONNREFUSED')),
};

it.each(Object.keys(unclear))('fails closed where the answer is %s', async (name) => {
  answer = unclear[name]!;
  const error = await refused(verifierOf().verify(issuer.token()));
  expect([error.code, error.status, error.challenge]).toEqual([
    'introspection_unavailable',
    503,
    undefined,
  ]);
});

it('asks only about what is good by all else, and each time', async () => {
  const verifier = verifierOf();
  await refused(verifier.verify(issuer.token({ exp: 1 })));
  await refused(verifier.verify(`${issuer.token().slice(0, -4)}AAAA`));
  await refused(verifier.verify(issuer.token({ cnf: { 'x5t#S256': 'x' } })));
  expect(asked).toHaveLength(0);
  await verifier.verify(issuer.token());
  await verifier.verify(issuer.token());
  expect(asked).toHaveLength(2);
});
