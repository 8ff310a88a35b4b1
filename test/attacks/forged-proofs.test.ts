/**
 * A token that nobody earned. The one place where this service takes its own tokens back is the proof
 * before a further factor; whatever is forged, altered, old or somebody else's must not open it.
 */
import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';

type Members = Record<string, unknown>;
type Signer = (input: string) => Buffer;

let service: TestApplication;
let bank: Registered;
let genuine: string;
let header: Members;
let claims: Members;
let keys: JSONWebKeySet;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Members;
const assemble = (head: Members, body: unknown, signer: Signer) => {
  const input = `${encode(head)}.${encode(body)}`;
  return `${input}.${signer(input).toString('base64url')}`;
};

const mine = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const es256 =
  (key: KeyObject, dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363'): Signer =>
  (input) =>
    sign('sha256', Buffer.from(input), { key, dsaEncoding });
const hmac =
  (secret: Buffer | string): Signer =>
  (input) =>
    createHmac('sha256', secret).update(input).digest();
const nothing: Signer = () => Buffer.alloc(0);

beforeAll(async () => {
  service = await startApplication();
  bank = await service.register('bank', 'web', { enrolProofSeconds: 600 });
  const app = await enrol(service, 'pat', { key: bank.key });
  genuine = await prove(app, bank.key);
  const [head, body] = genuine.split('.');
  [header, claims] = [decode(head), decode(body)];
  keys = (await service.call('GET', '/.well-known/jwks.json')).body as JSONWebKeySet;
});
afterAll(() => service.close());

async function prove(app: Authenticator, key: string): Promise<string> {
  service.clock.advance(60);
  const path = `/v1/users/${app.userId}/verify`;
  return (await service.call('POST', path, { code: app.code() }, { key })).body
    .access_token as string;
}

const open = (proof: string) =>
  service.call('POST', '/v1/users/pat/factors', { type: 'totp', proof }, { key: bank.key });

/** Every forgery by its name. */
function forgeries(): [string, string][] {
  const publicKey = createPublicKey({ key: keys.keys[0] as never, format: 'jwk' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' });
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const jwk = mine.publicKey.export({ format: 'jwk' });
  const [head = '', body = '', signature = ''] = genuine.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const all: [string, string][] = [];
  const add = (name: string, token: string) => all.push([name, token]);

  for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, undefined, 'ES256 ', 'es256'])
    for (const signer of [nothing, es256(mine.privateKey), () => bytes])
      add(`alg ${String(alg)}`, assemble({ ...header, alg }, { ...claims, x: all.length }, signer));
  for (const secret of [
    pem,
    pem.toString().trim(),
    der,
    JSON.stringify(keys.keys[0]),
    '',
    'secret',
  ])
    for (const alg of ['HS256', 'HS384', 'HS512'])
      add(`${alg} with the public key`, assemble({ ...header, alg }, claims, hmac(secret)));
  for (const extra of [
    { jwk },
    { jku: 'https://evil.example/jwks.json' },
    { x5u: 'https://evil.example/cert.pem' },
    { x5c: [der.toString('base64')] },
    { crit: ['exp'] },
    { b64: false },
    { zip: 'DEF' },
  ])
    for (const kid of [
      header['kid'],
      'mine',
      undefined,
      '../../etc/passwd',
      "' OR 1=1 --",
      7,
      null,
      {},
    ])
      add(
        `${Object.keys(extra).join()} and kid ${JSON.stringify(kid)}`,
        assemble({ ...header, ...extra, kid }, claims, es256(mine.privateKey)),
      );
  for (const alg of ['ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'])
    add(`alg ${alg}`, assemble({ ...header, alg }, claims, es256(mine.privateKey)));
  add(
    'RS256',
    assemble({ ...header, alg: 'RS256' }, claims, (input) =>
      sign('sha256', Buffer.from(input), rsa.privateKey),
    ),
  );
  add('another key', assemble(header, claims, es256(mine.privateKey)));
  add('zero signature', `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`);
  add(
    'r = s = 1',
    `${head}.${body}.${Buffer.alloc(64, 0).fill(1, 31, 32).fill(1, 63).toString('base64url')}`,
  );
  add('no signature', `${head}.${body}.`);
  add('two parts', `${head}.${body}`);
  add('four parts', `${genuine}.${signature}`);
  add(
    'trailing signature bytes',
    `${head}.${body}.${Buffer.concat([bytes, bytes]).toString('base64url')}`,
  );
  add('DER signature', `${head}.${body}.${derOf(bytes).toString('base64url')}`);
  for (let bit = 0; bit < 512; bit += 3) {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    add(`bit ${bit} of the signature`, `${head}.${body}.${flipped.toString('base64url')}`);
  }
  for (const change of [
    { sub: 'mallory' },
    { acr: 'aal9' },
    { auth_time: 9_999_999_999 },
    { exp: 9_999_999_999 },
    { aud: [bank.application.audience, 'other'] },
    { iss: 'https://evil.example' },
    { client_id: 'app_other' },
    { nbf: 0 },
  ])
    add(
      `claims changed: ${Object.keys(change).join()}`,
      `${head}.${encode({ ...claims, ...change })}.${signature}`,
    );
  for (let n = 0; n < 300; n++)
    add(
      `noise ${n}`,
      [head, body, signature].map((part, k) => (k === n % 3 ? noise(part, n) : part)).join('.'),
    );
  for (const text of [
    '',
    '.',
    '..',
    'a.b.c',
    ' ',
    genuine.slice(0, -2),
    `Bearer ${genuine}`,
    'null',
  ])
    add(`text ${JSON.stringify(text.slice(0, 20))}`, text);
  return all;
}

/** The part with one character replaced by another of the alphabet. */
function noise(part: string, n: number): string {
  const at = (n * 31) % Math.max(1, part.length - 1);
  const other = part[at] === 'A' ? 'B' : 'A';
  return part.slice(0, at) + other + part.slice(at + 1);
}

function derOf(p1363: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    const padded = (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
    return Buffer.concat([Buffer.from([2, padded.length]), padded]);
  };
  const both = Buffer.concat([integer(p1363.subarray(0, 32)), integer(p1363.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, both.length]), both]);
}

it('S81 to S85: none of five hundred forgeries opens the door, and the genuine token does', async () => {
  const corpus = forgeries();
  expect(corpus.length).toBeGreaterThan(500);
  const accepted: string[] = [];
  for (const [name, token] of corpus) {
    const answer = await open(token);
    if (answer.body.code !== 'proof_required')
      accepted.push(`${name}: ${answer.status} ${answer.text}`);
  }
  expect(accepted).toEqual([]);
  expect((await open(genuine)).status).toBe(201);
}, 60_000);

it('the forgeries are forgeries: an independent library refuses them too', async () => {
  const options = {
    issuer: 'https://mfa.example',
    audience: bank.application.audience,
    algorithms: ['ES256'],
    typ: 'at+jwt',
    currentDate: service.clock.now(),
  };
  const set = createLocalJWKSet(keys);
  await expect(jwtVerify(genuine, set, options)).resolves.toBeDefined();
  const accepted: string[] = [];
  for (const [name, token] of forgeries())
    await jwtVerify(token, set, options).then(
      () => accepted.push(name),
      () => undefined,
    );
  expect(accepted).toEqual([]);
});

it('S84: a genuine token of another user, application or realm is no proof here', async () => {
  const sibling = await service.register('bank', 'mobile');
  const namesake = await service.register('shop', 'web');
  const other = await enrol(service, 'quinn', { key: bank.key });
  expect((await open(await prove(other, bank.key))).body.code).toBe('proof_required');
  const elsewhere = await enrol(service, 'pat', { key: namesake.key });
  expect((await open(await prove(elsewhere, namesake.key))).body.code).toBe('proof_required');
  const shared = await enrol(service, 'rae', { key: sibling.key });
  const proof = await prove(shared, sibling.key);
  const answer = await service.call(
    'POST',
    '/v1/users/rae/factors',
    { type: 'totp', proof },
    { key: bank.key },
  );
  expect(answer.body.code).toBe('proof_required');
});

it('S85: an expired token is no proof, nor one of the future', async () => {
  const app = await enrol(service, 'sid', { key: bank.key });
  const token = await prove(app, bank.key);
  const open = () =>
    service.call(
      'POST',
      '/v1/users/sid/factors',
      { type: 'totp', proof: token },
      { key: bank.key },
    );
  service.clock.advance(-120);
  expect((await open()).body.code).toBe('proof_required');
  service.clock.advance(120);
  expect((await open()).status).toBe(201);
  service.clock.advance(1000);
  expect((await open()).body.code).toBe('proof_required');
});

it('S89: the key set holds public members only, and may be kept for five minutes', async () => {
  const answer = await service.call('GET', '/.well-known/jwks.json', undefined, { key: '' });
  expect(answer.headers['cache-control']).toBe('public, max-age=300, must-revalidate');
  for (const key of keys.keys)
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
});
