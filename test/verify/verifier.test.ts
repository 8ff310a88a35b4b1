/** The checking kit by itself: each refusal has its own code, and the good token beside it is taken. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refusals } from '../../src/verify/refusals.js';
import {
  createVerifier,
  VerificationError,
  type RefusalCode,
  type Requirement,
  type UserToken,
  type Verifier,
  type VerifierOptions,
} from '../../src/verify/verifier.js';
import { refused } from '../support/refused.js';
import {
  AUDIENCE,
  ISSUER,
  newKey,
  signed,
  TokenIssuer,
  type Members,
} from '../support/token-issuer.js';

let issuer: TokenIssuer;
let verifier: Verifier<UserToken>;

const verifierOf = (options: Partial<VerifierOptions> & { tokenType?: 'at+jwt' } = {}) =>
  createVerifier({ issuer: ISSUER, audience: AUDIENCE, ...issuer.at, ...options });

beforeEach(() => {
  issuer = new TokenIssuer();
  verifier = verifierOf();
});

const codeFor = async (token: string, options = {}) =>
  (await refused(verifier.verify(token, options))).code;

const withHeader = (change: Members) => issuer.token({}, change);

it('S86: tells who, for whom, how and when', async () => {
  const now = issuer.seconds;
  const token = issuer.token({
    ...{ auth_time: now - 100, iat: now - 5, scope: 'read write', txn_hash: 'abc' },
  });
  expect(await verifier.verify(token)).toEqual({
    kind: 'user',
    issuer: ISSUER,
    audience: AUDIENCE,
    userId: 'pat',
    applicationId: AUDIENCE,
    tokenId: 'jti_1',
    sessionId: 'ses_1',
    amr: ['pwd', 'otp', 'mfa'],
    acr: 'aal2',
    authTime: new Date((now - 100) * 1000),
    issuedAt: new Date((now - 5) * 1000),
    expiresAt: new Date((now + 900) * 1000),
    scope: ['read', 'write'],
    transactionHash: 'abc',
    certificateThumbprint: undefined,
    claims: expect.objectContaining({ iss: ISSUER, jti: 'jti_1' }),
  });
  const { scope, sessionId } = await verifier.verify(issuer.token({ sid: undefined }));
  expect([scope, sessionId]).toEqual([[], undefined]);
});

it('S83: takes an application’s own token by option, and then no user’s', async () => {
  const clients = createVerifier({
    ...{ issuer: ISSUER, audience: AUDIENCE, tokenType: 'client+jwt' },
    ...issuer.at,
  });
  expect(await clients.verify(issuer.clientToken())).toMatchObject({
    kind: 'client',
    applicationId: 'app_shop',
    scope: ['pay', 'read'],
  });
  expect((await refused(clients.verify(issuer.token()))).code).toBe('type_refused');
  expect(await codeFor(issuer.clientToken())).toBe('type_refused');
  const forUser = clients.verify(issuer.clientToken({ sub: 'pat' }));
  expect((await refused(forUser)).code).toBe('claims_invalid');
  const require: Requirement[] = [{ acr: 'aal1' }, { amr: ['otp'] }, { maxAgeSeconds: 60 }];
  const codes = [];
  for (const each of require)
    codes.push(
      (
        await refused(
          clients.verify(
            issuer.clientToken({ acr: 'aal2', amr: ['otp'], auth_time: issuer.seconds }),
            { require: each },
          ),
        )
      ).code,
    );
  expect(codes).toEqual(['acr_insufficient', 'amr_insufficient', 'proof_too_old']);
});

const byHeader: readonly (readonly [RefusalCode, Members])[] = [
  ['algorithm_refused', { alg: 'none' }],
  ['algorithm_refused', { alg: 'HS256' }],
  ['algorithm_refused', { alg: 'es256' }],
  ['algorithm_refused', { alg: undefined }],
  ['algorithm_refused', { alg: ['ES256'] }],
  ['type_refused', { typ: 'JWT' }],
  ['type_refused', { typ: 'AT+JWT' }],
  ['type_refused', { typ: 'application/at+jwt' }],
  ['type_refused', { typ: 'client+jwt' }],
  ['type_refused', { typ: undefined }],
  ['key_unknown', { kid: 'another' }],
  ['key_unknown', { kid: '' }],
  ['key_unknown', { kid: undefined }],
  ['key_unknown', { kid: 7 }],
  ['key_unknown', { kid: '__proto__' }],
  ['key_unknown', { kid: 'https://evil.example/jwks.json' }],
  ['header_refused', { jwk: newKey().jwk }],
  ['header_refused', { jku: `${ISSUER}/.well-known/jwks.json` }],
  ['header_refused', { x5u: 'https://evil.example/c.pem' }],
  ['header_refused', { x5c: ['AA=='] }],
  ['header_refused', { x5t: 'AA' }],
  ['header_refused', { 'x5t#S256': 'AA' }],
  ['header_refused', { crit: ['exp'] }],
  ['header_refused', { crit: [] }],
  ['header_refused', { b64: true }],
  ['header_refused', { b64: false, crit: ['b64'] }],
  ['header_refused', { zip: 'DEF' }],
];

it.each(byHeader)('S81 S82 S83: %s for a signed header with %j', async (code, change) => {
  expect(await codeFor(withHeader(change))).toBe(code);
});

it('S82: takes a header that says more, where that asks for nothing', async () => {
  await expect(verifier.verify(withHeader({ cty: 'x', note: 1 }))).resolves.toBeDefined();
});

type Change = (now: number) => Members;
const byClaims: readonly (readonly [RefusalCode, string, Change])[] = [
  ['issuer_mismatch', 'another', () => ({ iss: 'https://evil.example' })],
  ['issuer_mismatch', 'with a slash', () => ({ iss: `${ISSUER}/` })],
  ['issuer_mismatch', 'in capitals', () => ({ iss: 'https://MFA.example' })],
  ['issuer_mismatch', 'in a list', () => ({ iss: [ISSUER] })],
  ['issuer_mismatch', 'none', () => ({ iss: undefined })],
  ['audience_mismatch', 'another', () => ({ aud: 'app_shop' })],
  ['audience_mismatch', 'longer', () => ({ aud: `${AUDIENCE}x` })],
  ['audience_mismatch', 'two', () => ({ aud: [AUDIENCE, 'app_shop'] })],
  ['audience_mismatch', 'one in a list', () => ({ aud: [AUDIENCE] })],
  ['audience_mismatch', 'none', () => ({ aud: undefined })],
  ['expired', 'just now', (now) => ({ exp: now - 60 })],
  ['expired', 'before it began', () => ({ exp: -1 })],
  ['not_yet_valid', 'nbf', (now) => ({ nbf: now + 61 })],
  ['not_yet_valid', 'nbf in milliseconds', (now) => ({ nbf: now * 1000 })],
  ['not_yet_valid', 'iat', (now) => ({ iat: now + 61 })],
  ['not_yet_valid', 'auth_time', (now) => ({ auth_time: now + 61 })],
  ...['exp', 'nbf', 'iat', 'auth_time', 'sub', 'client_id', 'jti', 'amr', 'acr'].flatMap((name) =>
    [undefined, null, true, {}, [], [1], ''].map((value): [RefusalCode, string, Change] => [
      'claims_invalid',
      `${name} ${JSON.stringify(value)}`,
      () => ({ [name]: value }),
    ]),
  ),
  ['claims_invalid', 'exp as a text', () => ({ exp: '9999999999' })],
  ['claims_invalid', 'exp with a fraction', (now) => ({ exp: now + 9.5 })],
  ['claims_invalid', 'exp beyond every calendar', () => ({ exp: 8.64e12 + 1 })],
  ['claims_invalid', 'auth_time as a text', (now) => ({ auth_time: String(now) })],
  ['claims_invalid', 'amr as a text', () => ({ amr: 'otp' })],
  ['claims_invalid', 'sid as a list', () => ({ sid: ['x'] })],
  ['claims_invalid', 'scope as a list', () => ({ scope: ['x'] })],
  ['claims_invalid', 'txn_hash as a number', () => ({ txn_hash: 1 })],
  ['confirmation_unsupported', 'a DPoP key', () => ({ cnf: { jkt: 'x' } })],
  ['confirmation_unsupported', 'two of them', () => ({ cnf: { 'x5t#S256': 'x', jkt: 'y' } })],
  ['confirmation_unsupported', 'empty', () => ({ cnf: {} })],
  ['confirmation_unsupported', 'null', () => ({ cnf: null })],
  ['confirmation_unsupported', 'a list', () => ({ cnf: [] })],
  ['confirmation_unsupported', 'a text', () => ({ cnf: 'x' })],
  ['confirmation_unsupported', 'a number inside', () => ({ cnf: { 'x5t#S256': 1 } })],
];

it.each(byClaims)('S84 S85 S86: %s for signed claims: %s', async (code, _name, change) => {
  expect(await codeFor(issuer.token(change(issuer.seconds)))).toBe(code);
});

it.each(['null', '[]', '"x"', '7', '{', '{"sub":"pat"}{}'])(
  'S83: claims_invalid for signed %p instead of claims',
  async (text) => {
    expect(await codeFor(signed(issuer.header(), text, issuer.key.privateKey))).toBe(
      'claims_invalid',
    );
  },
);

it('S85: claims_invalid for an end beyond all numbers', async () => {
  const text = JSON.stringify(issuer.claims()).replace(/"exp":\d+/, '"exp":1e999');
  expect(await codeFor(signed(issuer.header(), text, issuer.key.privateKey))).toBe(
    'claims_invalid',
  );
});

it('S85: takes a token to the edges of its time, and no clock may be off by more than a minute', async () => {
  const now = issuer.seconds;
  const edges = [{ exp: now - 59 }, { nbf: now + 60 }, { iat: now + 60 }, { auth_time: now + 60 }];
  for (const change of edges)
    await expect(verifier.verify(issuer.token(change))).resolves.toBeDefined();
  const exact = verifierOf({ clockSkewSeconds: 0 });
  const codes = [];
  for (const change of [{ exp: now }, { nbf: now + 1 }, { iat: now + 1 }, { auth_time: now + 1 }])
    codes.push((await refused(exact.verify(issuer.token(change)))).code);
  expect(codes).toEqual(['expired', 'not_yet_valid', 'not_yet_valid', 'not_yet_valid']);
  await expect(exact.verify(issuer.token({ exp: now + 1 }))).resolves.toBeDefined();
});

it('S81: signature_invalid for another key under the published name, and for changed words', async () => {
  const stranger = newKey(issuer.key.kid);
  expect(await codeFor(issuer.token({}, {}, stranger))).toBe('signature_invalid');
  const [head = '', , last = ''] = issuer.token().split('.');
  const claims = Buffer.from(JSON.stringify(issuer.claims({ sub: 'mallory' }))).toString(
    'base64url',
  );
  expect(await codeFor(`${head}.${claims}.${last}`)).toBe('signature_invalid');
});

it('S83: a token has one spelling', async () => {
  const token = issuer.token();
  const dot = token.lastIndexOf('.');
  const spellings = [
    ...[0, 40, dot + 9, token.length].flatMap((at) =>
      [' ', '\n', '\t', '='].map((sign) => token.slice(0, at) + sign + token.slice(at)),
    ),
    // The last character of a signature says two bits; the other four are not looked at by base64.
    ...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
      .map((last) => token.slice(0, -1) + last)
      .filter((spelling) => spelling !== token && !/[AQgw]$/.test(spelling)),
    ...[`${token}.`, `.${token}`, `${token}.e30`, token.slice(0, dot), 'x', '..', 'Bearer x.y.z'],
    issuer.token({ more: 'x'.repeat(16_384) }),
  ];
  for (const spelling of spellings)
    expect([spelling, await codeFor(spelling)]).toEqual([spelling, 'token_malformed']);
});

it('token_missing where there is none', async () => {
  for (const token of [undefined, ''])
    expect((await refused(verifier.verify(token))).code).toBe('token_missing');
});

describe('what is asked of a proof', () => {
  const asked = (change: Members, require: Requirement) =>
    verifier.verify(issuer.token(change), { require }).then(
      () => 'taken',
      (error: unknown) => (error instanceof VerificationError ? error.code : error),
    );

  it('S87: is its strength', async () => {
    const outcomes = [];
    for (const acr of ['aal0', 'aal1', 'aal2', 'aal3', 'AAL2'])
      for (const wanted of ['aal1', 'aal2', 'aal3'] as const)
        outcomes.push(await asked({ acr }, { acr: wanted }));
    const no = 'acr_insufficient';
    expect(outcomes).toEqual([
      ...[no, no, no],
      ...['taken', no, no],
      ...['taken', 'taken', no],
      ...['taken', 'taken', 'taken'],
      ...[no, no, no],
    ]);
  });

  it('S87: are its methods, all of them', async () => {
    const amr = ['pwd', 'otp', 'mfa'];
    expect(await asked({ amr }, { amr: ['otp', 'pwd'] })).toBe('taken');
    expect(await asked({ amr }, { amr: ['otp', 'hwk'] })).toBe('amr_insufficient');
    expect(await asked({ amr: ['otp'] }, { amr: ['otp', 'pwd'] })).toBe('amr_insufficient');
  });

  it('S87: is its age, of the proof and not of the token', async () => {
    const now = issuer.seconds;
    const outcomes = [];
    for (const seconds of [60, 61])
      outcomes.push(await asked({ auth_time: now - seconds, iat: now }, { maxAgeSeconds: 60 }));
    expect(outcomes).toEqual(['taken', 'proof_too_old']);
    expect(await asked({ auth_time: now }, { maxAgeSeconds: 0 })).toBe('taken');
    expect(await asked({ auth_time: now + 30 }, { maxAgeSeconds: 0 })).toBe('taken');
  });

  it('are its scopes, all of them', async () => {
    const scope = 'read pay';
    expect(await asked({ scope }, { scopes: ['read', 'pay'] })).toBe('taken');
    expect(await asked({ scope }, { scopes: ['rea'] })).toBe('scope_insufficient');
    expect(await asked({}, { scopes: ['read'] })).toBe('scope_insufficient');
  });

  it.each<Members>([
    { maxAge: 60 },
    { acr: 'AAL2' },
    { acr: '' },
    { amr: 'otp' },
    { amr: [] },
    { amr: ['"'] },
    { amr: ['otp', 7] },
    { maxAgeSeconds: NaN },
    { maxAgeSeconds: -1 },
    { maxAgeSeconds: '60' },
    { scopes: [''] },
    { toString: 1 },
  ])('cannot be %j, which would ask for nothing by mistake', async (require: Members) => {
    const verification = verifier.verify(issuer.token(), { require: require });
    await expect(verification).rejects.toThrow(TypeError);
    await expect(verification).rejects.toThrow(/a requirement has no|cannot be/);
  });
});

it('S121: says in public what to do, and inside what was seen', async () => {
  const error = await refused(verifier.verify(issuer.token({ aud: ['secret-audience'] })));
  expect(error).toMatchObject({
    name: 'VerificationError',
    code: 'audience_mismatch',
    status: 401,
    challenge: 'invalid_token',
    message: 'The token is meant for another service.',
  });
  expect(error.detail).not.toBe('');
  const { detail } = await refused(verifier.verify(issuer.token({ cnf: { jkt: 'seen' } })));
  expect(detail).toContain('seen');
  expect(JSON.stringify([error, Object.entries(error)])).not.toContain(error.detail);
});

describe('a verifier is not made', () => {
  const options = { issuer: ISSUER, audience: AUDIENCE };
  it.each([
    { audience: '' },
    { audience: undefined },
    { audience: ['a', 'b'] },
    { issuer: '' },
    { issuer: 'mfa.example' },
    { issuer: 'http://mfa.example' },
    { issuer: 'ftp://mfa.example' },
    { jwksUrl: 'http://mfa.example/jwks' },
    { clockSkewSeconds: 61 },
    { clockSkewSeconds: -1 },
    { clockSkewSeconds: NaN },
    { clockSkewSeconds: '30' },
    { tokenType: 'JWT' },
    { audiences: ['a'] },
    { introspection: { apiKey: '' } },
    { introspection: { apiKey: 'ww_x', url: 'http://mfa.example/x' } },
  ])('of %j', (change) => {
    expect(() => createVerifier({ ...options, ...(change as object) })).toThrow(TypeError);
  });

  it('for plain HTTP, unless that is this machine’s or somebody says so', () => {
    for (const name of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000', 'ww.localhost'])
      expect(() => createVerifier({ ...options, issuer: `http://${name}` })).not.toThrow();
    for (const name of ['localhost.evil.example', '127.0.0.1.evil.example', 'xlocalhost'])
      expect(() => createVerifier({ ...options, issuer: `http://${name}` })).toThrow(TypeError);
    const closed = { ...options, issuer: 'http://watchword:3000', allowPlainHttp: true };
    expect(() => createVerifier(closed)).not.toThrow();
  });
});

it('every code is in docs/checking-tokens.md, as it is', () => {
  const page = readFileSync(join(__dirname, '../../docs/checking-tokens.md'), 'utf8');
  const rows = page.split('\n').flatMap((line) => {
    const row = /^\| `(\w+)` +\| (\d+) +\| (?:`(\w+)`)? *\|$/.exec(line);
    return row === null ? [] : [[row[1], Number(row[2]), row[3]]];
  });
  const codes = Object.keys(refusals).map((code) => {
    const { status, challenge } = new VerificationError(code as RefusalCode, '');
    return [code, status, challenge];
  });
  expect(rows).toEqual(codes);
});
