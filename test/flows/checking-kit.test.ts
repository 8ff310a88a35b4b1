/** The checking kit before the service that it is for: its tokens, its keys, its introspection. */
import { PENDING_SECONDS } from '../../src/tokens/key-life.js';
import { KeyRotation } from '../../src/tokens/key-rotation.js';
import { createVerifier, type VerifierOptions } from '../../src/verify/verifier.js';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol, type Authenticator } from '../support/authenticator.js';
import { selfSigned, type Issued } from '../support/certificates.js';
import { refused } from '../support/refused.js';
import { begin, refresh } from '../support/sessions.js';

let service: TestApplication;
let shop: Registered;
let app: Authenticator;
let certificate: Issued;

beforeAll(async () => {
  service = await startApplication();
  const { realmName, audience } = service.first.application;
  shop = await service.register(realmName, 'shop', { tokenAudiences: [audience] });
  app = await enrol(service, 'pat');
  certificate = await selfSigned('client');
});
afterAll(() => service.close());
beforeEach(() => service.clock.advance(3600));

/** The service's answers, without a network between. */
async function fetchHere(url: string, init: RequestInit): Promise<Response> {
  const { pathname } = new URL(url);
  const headers = init.headers as Record<string, string>;
  const answer = await service.call(init.method ?? 'GET', pathname, init.body, {
    key: '',
    headers,
  });
  return new Response(answer.text, { status: answer.status });
}

const options = (change: Partial<VerifierOptions> = {}) => ({
  issuer: 'https://mfa.example',
  audience: service.first.application.audience,
  fetch: fetchHere,
  now: () => service.clock.now(),
  ...change,
});
const verifierOf = (change: Omit<Partial<VerifierOptions>, 'tokenType'> = {}) =>
  createVerifier(options(change) as VerifierOptions & { tokenType?: 'at+jwt' });

it('S86: takes a proof, and its refresh, for what they are', async () => {
  const verifier = verifierOf();
  const { body } = await begin(service, app, { session: 'refresh_token', first_factor: ['pwd'] });
  const authTime = new Date(Math.floor(service.clock.now().getTime() / 1000) * 1000);
  const token = await verifier.verify(body.access_token, {
    require: { acr: 'aal2', amr: ['pwd', 'otp'], maxAgeSeconds: 30 },
  });
  expect(token).toMatchObject({
    kind: 'user',
    userId: 'pat',
    applicationId: service.first.application.id,
    sessionId: body.session_id,
    amr: ['pwd', 'otp', 'mfa'],
    acr: 'aal2',
    authTime,
  });
  service.clock.advance(600);
  const renewed = (await refresh(service, body.refresh_token)).body.access_token as string;
  expect(await verifier.verify(renewed)).toMatchObject({ authTime, sessionId: body.session_id });
  const asked = verifier.verify(renewed, { require: { maxAgeSeconds: 599 } });
  expect((await refused(asked)).code).toBe('proof_too_old');
  service.clock.advance(960);
  expect((await refused(verifier.verify(renewed))).code).toBe('expired');
});

it('S90: with introspection a token is over as soon as its session is', async () => {
  const introspection = { apiKey: service.first.key };
  const [asking, trusting] = [verifierOf({ introspection }), verifierOf()];
  const { access_token, session_id } = (await begin(service, app)).body;
  await expect(asking.verify(access_token)).resolves.toMatchObject({ sessionId: session_id });
  await service.call('DELETE', `/v1/sessions/${session_id}`);
  expect((await refused(asking.verify(access_token))).code).toBe('token_revoked');
  // Without it, only with its time: that is the choice between the two.
  await expect(trusting.verify(access_token)).resolves.toMatchObject({ sessionId: session_id });
  const stranger = verifierOf({
    introspection: { apiKey: `${service.first.key.slice(0, -4)}AAAA` },
  });
  const { access_token: other } = (await begin(service, app)).body;
  expect((await refused(stranger.verify(other))).code).toBe('introspection_unavailable');
});

it('S83: takes a server’s own token, with its scope, and no user’s in its place', async () => {
  const clients = createVerifier({ ...options(), tokenType: 'client+jwt' });
  const { audience } = service.first.application;
  const body = { audience, scope: 'verify' };
  const answer = await service.call('POST', '/v1/tokens/client', body, { key: shop.key });
  const token = answer.body.access_token as string;
  expect(await clients.verify(token, { require: { scopes: ['verify'] } })).toMatchObject({
    kind: 'client',
    applicationId: shop.application.id,
    scope: ['verify'],
  });
  const asked = clients.verify(token, { require: { scopes: ['admin'] } });
  expect((await refused(asked)).code).toBe('scope_insufficient');
  expect((await refused(verifierOf().verify(token))).code).toBe('type_refused');
  const users = (await begin(service, app)).body.access_token;
  expect((await refused(clients.verify(users))).code).toBe('type_refused');
});

it('RFC 8705: takes a bound token with its certificate alone', async () => {
  const { body } = await begin(service, app, { certificate_thumbprint: certificate.thumbprint });
  const verifier = verifierOf({ requireBinding: true });
  const shown = await verifier.verify(body.access_token, { certificate: certificate.cert });
  expect(shown.certificateThumbprint).toBe(certificate.thumbprint);
  const { cert: other } = await selfSigned('other');
  for (const shownInstead of [undefined, other])
    expect(
      (await refused(verifier.verify(body.access_token, { certificate: shownInstead }))).code,
    ).toMatch(/^certificate_/);
});

it('S88: goes through a rotation of keys, and an end of one before its time', async () => {
  const verifier = verifierOf();
  const take = async () => {
    const { access_token } = (await begin(service, app)).body;
    await expect(verifier.verify(access_token)).resolves.toMatchObject({ userId: 'pat' });
    return access_token as string;
  };
  const keyOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string })
      .kid;
  const before = await take();
  const rotation = service.app.get(KeyRotation);
  await rotation.rotate();
  await rotation.tend();
  expect(keyOf(await take())).toBe(keyOf(before));
  service.clock.advance(PENDING_SECONDS);
  await rotation.tend();
  const after = await take();
  expect(keyOf(after)).not.toBe(keyOf(before));
  service.clock.advance(60);
  await rotation.revoke(keyOf(after));
  await rotation.tend();
  await take();
  expect((await refused(verifier.verify(after))).code).toBe('key_unknown');
});
