/**
 * Somebody has got hold of the key that signs: from the memory of a process, from a backup with its master
 * key. Every token he makes is perfect, for any user, as fresh and as strong as he likes. The operator revokes
 * the key: from then on its tokens have to be refused on every replica within the stated seconds, those made
 * before and those made after, while honest people log in as if nothing were.
 */
import { randomUUID, sign } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import type { KyselyPlugin } from 'kysely';
import { CALLER_KEPT_MS } from '../../src/applications/callers.js';
import { JWKS_KEPT_SECONDS, RELOAD_SECONDS } from '../../src/tokens/key-life.js';
import { KeyRotation } from '../../src/tokens/key-rotation.js';
import type { SigningKey } from '../../src/tokens/signing-key.js';
import { SigningKeys } from '../../src/tokens/signing-keys.js';
import {
  freshDatabase,
  startApplication,
  type Registered,
  type TestApplication,
} from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { forwardAuth } from '../support/browser-request.js';
import { begin, claimsOf, introspect, refresh } from '../support/sessions.js';

let service: TestApplication;
let other: TestApplication;
let shop: Registered;
let victim: Authenticator;
let stolen: SigningKey;
let genuine: string;
let refreshToken: string;
let readings = 0;

beforeAll(async () => {
  const driver = await freshDatabase();
  const counted = { ...driver, kysely: driver.kysely.withPlugin(counting) };
  service = await startApplication({ driver: counted });
  const { clock, keyring } = service;
  other = await startApplication({ driver, clock, keyring });
  shop = await service.register('shops', 'shop', { enrolProofSeconds: 600 });
});
afterAll(async () => {
  await other.app.close();
  await service.close();
});
beforeEach(async () => {
  victim = await enrol(service, `victim-${randomUUID()}`, { key: shop.key });
  const { body } = await begin(service, victim, { session: 'refresh_token' }, { key: shop.key });
  [genuine, refreshToken] = [body.access_token as string, body.refresh_token as string];
  await Promise.all([service, other].map(({ app }) => app.get(KeyRotation).tend()));
  stolen = service.app.get(SigningKeys).current();
});

/** What the thief makes of a token that he has seen. */
function forged(): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(service.clock.now().getTime() / 1000);
  const claims = { ...claimsOf(genuine), iat: now, nbf: now, exp: now + 900, auth_time: now };
  const header = { alg: 'ES256', typ: 'at+jwt', kid: stolen.kid };
  const input = `${encode(header)}.${encode({ ...claims, acr: 'aal2', jti: randomUUID() })}`;
  const key = { key: stolen.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

/** Whether a replica lets the token have its way, at each door that takes one. */
async function doors(on: TestApplication, token: string): Promise<boolean[]> {
  const { application, key } = shop;
  const query = `?audience=${encodeURIComponent(application.audience)}`;
  const [told, passed, bound] = [
    await introspect(on, token, { key }),
    await forwardAuth(on, { bearer: token, query }),
    await on.call(
      'POST',
      `/v1/users/${victim.userId}/factors`,
      { type: 'totp', proof: token },
      { key },
    ),
  ];
  return [told.body.active === true, passed.status === 200, bound.status === 201];
}
const open = [true, true, true];
const shut = [false, false, false];

async function logIn(on: TestApplication): Promise<string> {
  service.clock.advance(30);
  const path = `/v1/users/${victim.userId}/verify`;
  const answer = await on.call('POST', path, { code: victim.code() }, { key: shop.key });
  expect(answer.status).toBe(200);
  return answer.body.access_token as string;
}

it('S90: after the revocation every door of every replica is shut, in the stated seconds', async () => {
  expect(await doors(service, forged())).toEqual(open);
  expect(await doors(other, forged())).toEqual(open);
  await service.app.get(KeyRotation).revoke(stolen.kid);
  expect(await doors(service, forged())).toEqual(shut);
  service.clock.advance(RELOAD_SECONDS);
  for (const replica of [service, other]) {
    expect(await doors(replica, forged())).toEqual(shut);
    // One that was honestly come by is signed by the same key, and cannot be told apart.
    expect((await doors(replica, genuine))[0]).toBe(false);
  }
});

it('S88: honest people log in at once, on every replica, and stay logged in', async () => {
  const successor = await service.app.get(KeyRotation).revoke(stolen.kid);
  const token = await logIn(service);
  for (const replica of [service, other]) expect((await doors(replica, token))[0]).toBe(true);
  service.clock.advance(RELOAD_SECONDS);
  await other.app.get(KeyRotation).tend();
  expect(other.app.get(SigningKeys).current().kid).toBe(successor?.kid);
  const renewed = await refresh(other, refreshToken, { key: shop.key });
  expect(renewed.status).toBe(200);
  expect((await doors(service, renewed.body.access_token as string))[0]).toBe(true);
});

it('S90: an application’s own token goes the same way, once nobody remembers who came with it', async () => {
  const { body } = await service.call('POST', '/v1/tokens/client', undefined, { key: shop.key });
  const statusOn = async (on: TestApplication) =>
    (await on.call('GET', '/v1/users/x/factors', undefined, { key: body.access_token as string }))
      .status;
  expect([await statusOn(service), await statusOn(other)]).toEqual([200, 200]);
  await service.app.get(KeyRotation).revoke(stolen.kid);
  service.clock.advance(RELOAD_SECONDS - 1);
  await statusOn(other);
  service.clock.advance(1 + CALLER_KEPT_MS / 1000);
  expect([await statusOn(service), await statusOn(other)]).toEqual([401, 401]);
});

it('S89: a service that checks by itself believes it until its copy of the keys is over', async () => {
  const fetchKeys = async () => {
    const answer = await other.call('GET', '/.well-known/jwks.json', undefined, { key: '' });
    return createLocalJWKSet(answer.body as JSONWebKeySet);
  };
  const isBelieved = (keys: ReturnType<typeof createLocalJWKSet>) =>
    jwtVerify(forged(), keys, { algorithms: ['ES256'], currentDate: service.clock.now() }).then(
      () => true,
      () => false,
    );
  const kept = await fetchKeys();
  expect(await isBelieved(kept)).toBe(true);
  await service.app.get(KeyRotation).revoke(stolen.kid);
  service.clock.advance(JWKS_KEPT_SECONDS);
  expect(await isBelieved(kept)).toBe(true);
  expect(await isBelieved(await fetchKeys())).toBe(false);
});

it('the pending key, which others know already, takes over from the one that was revoked', async () => {
  const { kid } = await service.app.get(KeyRotation).rotate();
  expect(await service.app.get(KeyRotation).revoke(stolen.kid)).toMatchObject({ kid });
  expect(service.app.get(SigningKeys).current().kid).toBe(kid);
  expect((await doors(other, await logIn(service)))[0]).toBe(true);
});

it('made-up key ids cost the database one reading a second', async () => {
  service.clock.advance(1);
  readings = 0;
  const send = () => {
    const header = { alg: 'ES256', typ: 'at+jwt', kid: randomUUID() };
    const madeUp = Buffer.from(JSON.stringify(header)).toString('base64url');
    return forwardAuth(service, { bearer: forged().replace(/^[^.]+/, madeUp) });
  };
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  }
  expect(readings).toBe(1);
});

/** Notes each statement that reads the keys. */
const counting: KyselyPlugin = {
  transformQuery({ node }) {
    if (JSON.stringify(node).includes('signing_keys')) readings += 1;
    return node;
  },
  transformResult: ({ result }) => Promise.resolve(result),
};
