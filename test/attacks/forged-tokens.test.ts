/**
 * Tokens with a good signature that are still no proof: of another type, from another time, for somebody
 * else, with a claim missing or of another kind. Bad signatures are forged-signatures.test.ts; here the
 * service's own key signs what it would never sign, so that nothing but the check of the claims refuses it.
 */
import { sign } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { SigningKeys } from '../../src/tokens/signing-keys.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';

type Members = Record<string, unknown>;

const USER = 'pat';
const PROOF_SECONDS = 600;
const SKEW = 60;

let service: TestApplication;
let bank: Registered;
let header: Members;
let claims: Members;
let now: number;
let keys: JSONWebKeySet;

const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString()) as Members;
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

beforeAll(async () => {
  service = await startApplication({ environment: { WATCHWORD_FACTORS_PER_USER: '50' } });
  bank = await service.register('bank', 'web', { enrolProofSeconds: PROOF_SECONDS });
  const app = await enrol(service, USER, { key: bank.key });
  service.clock.advance(60);
  const { body } = await service.call(
    'POST',
    `/v1/users/${USER}/verify`,
    { code: app.code() },
    { key: bank.key },
  );
  [header, claims] = (body.access_token as string).split('.').slice(0, 2).map(decode) as [
    Members,
    Members,
  ];
  now = Math.floor(service.clock.now().getTime() / 1000);
  keys = (await service.call('GET', '/.well-known/jwks.json')).body as JSONWebKeySet;
});
afterAll(() => service.close());

/** What the service's own key makes of a header and claims. */
function signed(head: unknown, body: unknown): string {
  const { privateKey } = service.app.get(SigningKeys).current();
  const input = `${encode(head)}.${encode(body)}`;
  const signature = sign('sha256', Buffer.from(input), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${input}.${signature.toString('base64url')}`;
}

const claiming = (change: Members) => signed(header, { ...claims, ...change });

const open = async (proof: string) =>
  (
    await service.call(
      'POST',
      `/v1/users/${USER}/factors`,
      { type: 'totp', proof },
      { key: bank.key },
    )
  ).status;

/** The same rules by an independent library, and those claims that it knows nothing of. */
async function independently(token: string): Promise<boolean> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
      issuer: 'https://mfa.example',
      audience: bank.application.audience,
      algorithms: ['ES256'],
      typ: 'at+jwt',
      clockTolerance: SKEW,
      currentDate: service.clock.now(),
      requiredClaims: ['iat', 'nbf', 'exp', 'jti', 'sub', 'client_id', 'auth_time'],
    });
    const age = now - (payload['auth_time'] as number);
    return (
      typeof payload.aud === 'string' &&
      payload.sub === USER &&
      payload['client_id'] === bank.application.id &&
      typeof payload['auth_time'] === 'number' &&
      age <= PROOF_SECONDS &&
      age >= -SKEW &&
      Object.keys(protectedHeader).sort().join() === 'alg,kid,typ'
    );
  } catch {
    return false;
  }
}

const wrong: readonly (readonly [string, (names: { aud: string; client: string }) => Members])[] = [
  ['S85: expired', () => ({ exp: now - SKEW - 1 })],
  ['S85: expired long ago', () => ({ exp: 1 })],
  ['S85: expired before it began', () => ({ exp: -1 })],
  ['S85: without an end', () => ({ exp: undefined })],
  ['S85: an end that is null', () => ({ exp: null })],
  ['S85: an end that is a text', () => ({ exp: '9999999999' })],
  ['S85: not yet valid', () => ({ nbf: now + SKEW + 1 })],
  ['S85: valid from a moment in milliseconds', () => ({ nbf: now * 1000 })],
  ['S85: a beginning that is a text', () => ({ nbf: '0' })],
  ['S85: without a beginning', () => ({ nbf: undefined })],
  ['S84: another issuer', () => ({ iss: 'https://evil.example' })],
  ['S84: the issuer with a slash', () => ({ iss: 'https://mfa.example/' })],
  ['S84: the issuer in capitals', () => ({ iss: 'https://MFA.example' })],
  ['S84: the issuer as a beginning', () => ({ iss: 'https://mfa.example.evil' })],
  ['S84: a list of issuers', () => ({ iss: ['https://mfa.example'] })],
  ['S84: no issuer', () => ({ iss: undefined })],
  ['S84: another audience', () => ({ aud: 'other' })],
  ['S84: the audience as a beginning', ({ aud }) => ({ aud: `${aud}x` })],
  ['S84: two audiences', ({ aud }) => ({ aud: [aud, 'other'] })],
  ['S84: a list of one audience', ({ aud }) => ({ aud: [aud] })],
  ['S84: no audience', () => ({ aud: undefined })],
  ['S84: an empty list of audiences', () => ({ aud: [] })],
  ['S84: an audience that is an object', ({ aud }) => ({ aud: { 0: aud } })],
  ['S84: another application’s', () => ({ client_id: 'app_01h455vb4pex5vsknk084sn02q' })],
  ['S84: an application in a list', ({ client }) => ({ client_id: [client] })],
  ['S84: no application’s', () => ({ client_id: undefined })],
  ['S84: another user’s', () => ({ sub: 'mallory' })],
  ['S84: nearly the user’s', () => ({ sub: 'Pat' })],
  ['S84: a user in a list', () => ({ sub: [USER] })],
  ['S84: nobody’s', () => ({ sub: undefined })],
  ['S86: proved too long ago', () => ({ auth_time: now - PROOF_SECONDS - 1 })],
  ['S86: proved in the future', () => ({ auth_time: now + SKEW + 1 })],
  ['S86: proved at no time', () => ({ auth_time: undefined })],
  ['S86: proved at null', () => ({ auth_time: null })],
  ['S86: proved at a text', () => ({ auth_time: String(now) })],
  ['S86: proved at a list', () => ({ auth_time: [now] })],
];

it.each(wrong)('%s is no proof', async (_name, change) => {
  const { audience: aud, id: client } = bank.application;
  const token = claiming(change({ aud, client }));
  expect(await independently(token)).toBe(false);
  expect(await open(token)).toBe(403);
});

it.each([
  ['S83: an ID token', { typ: 'JWT' }],
  ['S83: a logout token', { typ: 'logout+jwt' }],
  ['S83: a DPoP proof', { typ: 'dpop+jwt' }],
  ['S83: a security event', { typ: 'secevent+jwt' }],
  ['S83: a token without a type', { typ: undefined }],
  ['S83: a type that is null', { typ: null }],
  ['S83: a type in a list', { typ: ['at+jwt'] }],
  ['S81: a header that says none', { alg: 'none' }],
  ['S81: a header that says HS256', { alg: 'HS256' }],
  ['S81: a header that says ES384', { alg: 'ES384' }],
  ['S81: a header without an algorithm', { alg: undefined }],
  ['S82: a key id of nobody', { kid: 'x' }],
  ['S82: an empty key id', { kid: '' }],
  ['S82: the prototype for a key id', { kid: '__proto__' }],
  ['S82: a path for a key id', { kid: '../../../dev/null' }],
  ['S82: a statement for a key id', { kid: "' UNION SELECT 'x" }],
  ['S82: a number for a key id', { kid: 0 }],
  ['S82: an extension that must be understood', { crit: ['exp'], exp: 1 }],
  ['S82: another extension', { crit: ['b64'], b64: false }],
  ['S82: an empty list of extensions', { crit: [] }],
  ['S82: an address of keys', { jku: 'https://evil.example/jwks.json' }],
  ['S82: an address of certificates', { x5u: 'https://evil.example/c.pem' }],
  ['S82: a key of its own', { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }],
  ['S82: a certificate of its own', { x5c: ['AA=='] }],
  ['S82: compression', { zip: 'DEF' }],
] satisfies [string, Members][])('%s is no proof', async (_name, change) => {
  const token = signed({ ...header, ...change }, claims);
  expect(await independently(token)).toBe(false);
  expect(await open(token)).toBe(403);
});

it.each(['null', '[]', '"x"', '7', '', '{', '{"sub":"pat"}{}'])(
  'S83: signed %p instead of claims is no proof',
  async (body) => {
    expect(await open(signed(header, body))).toBe(403);
  },
);

it('the same hands make a token that is taken, to the edges of its time', async () => {
  for (const token of [
    claiming({}),
    claiming({ exp: now - SKEW + 1 }),
    claiming({ nbf: now + SKEW }),
    claiming({ auth_time: now - PROOF_SECONDS + 1 }),
  ]) {
    expect(await independently(token)).toBe(true);
    expect(await open(token)).toBe(201);
  }
});
