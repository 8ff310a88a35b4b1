/**
 * A standard OAuth library that is told the issuer, a client id and a secret, and nothing else: it finds the
 * endpoints, gets tokens, asks what they are worth and ends them. What it does not check itself is checked here.
 */
import * as oauth from 'oauth4webapi';
import { startApplication, type Registered, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';
import { begin, introspect } from '../support/sessions.js';

type Fetch = (
  url: string,
  request: { method: string; headers: Record<string, string>; body?: URLSearchParams | undefined },
) => Promise<Response>;

const ISSUER = new URL('https://mfa.example');
const ORDERS = 'https://orders.example';

let service: TestApplication;
let shop: Registered;
let server: oauth.AuthorizationServer;
let client: oauth.Client;
let secret: oauth.ClientAuth;
let options: { [oauth.customFetch]: Fetch };

beforeAll(async () => {
  service = await startApplication();
  shop = await service.register(service.first.application.realmName, 'shop', {
    tokenAudiences: [ORDERS],
  });
  options = { [oauth.customFetch]: fetchFrom(service) };
  const answer = await oauth.discoveryRequest(ISSUER, { algorithm: 'oauth2', ...options });
  server = await oauth.processDiscoveryResponse(ISSUER, answer);
  client = { client_id: shop.application.id };
  secret = oauth.ClientSecretBasic(shop.key);
});
afterAll(() => service.close());

it('RFC 8414: says what is true, and nothing that is not', async () => {
  const { body, headers } = await service.call(
    'GET',
    '/.well-known/oauth-authorization-server',
    undefined,
    { key: '' },
  );
  expect(headers['cache-control']).toBe('public, max-age=3600');
  expect(body).toMatchObject({
    issuer: 'https://mfa.example',
    jwks_uri: 'https://mfa.example/.well-known/jwks.json',
    response_types_supported: [],
    grant_types_supported: ['client_credentials', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    tls_client_certificate_bound_access_tokens: false,
  });
  expect(body).not.toHaveProperty('authorization_endpoint');
  for (const name of ['token_endpoint', 'introspection_endpoint', 'revocation_endpoint']) {
    const { pathname } = new URL(body[name] as string);
    // It is there, and asks for a credential.
    expect((await service.call('POST', pathname, {}, { key: '' })).status).toBe(401);
  }
  const { pathname } = new URL(body.jwks_uri as string);
  expect((await service.call('GET', pathname)).status).toBe(200);
});

it('gets a token for another service, with a scope and without (RFC 6749 4.4, RFC 8707)', async () => {
  for (const parameters of [{ audience: ORDERS }, { resource: ORDERS, scope: 'verify' }]) {
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      secret,
      new URLSearchParams(parameters),
      options,
    );
    const answer = await oauth.processClientCredentialsResponse(server, client, response);
    expect(answer).toMatchObject({ token_type: 'bearer', expires_in: 300 });
    const asked = await oauth.introspectionRequest(
      server,
      client,
      secret,
      answer.access_token,
      options,
    );
    const claims = await oauth.processIntrospectionResponse(server, client, asked);
    expect(claims).toMatchObject({ active: true, aud: ORDERS, client_id: shop.application.id });
    expect(claims.scope).toBe('scope' in parameters ? 'verify' : undefined);
  }
});

it('refreshes a session, and ends it (RFC 6749 6, RFC 7009)', async () => {
  const app = await enrol(service, 'ann', { key: shop.key });
  const { body } = await begin(service, app, undefined, { key: shop.key });
  const response = await oauth.refreshTokenGrantRequest(
    server,
    client,
    secret,
    body.refresh_token as string,
    options,
  );
  const answer = await oauth.processRefreshTokenResponse(server, client, response);
  expect(answer.refresh_token).not.toBe(body.refresh_token);
  const ended = await oauth.revocationRequest(
    server,
    client,
    secret,
    answer.refresh_token ?? '',
    options,
  );
  expect(ended.status).toBe(200);
  await oauth.processRevocationResponse(ended);
  const { body: left } = await introspect(service, answer.access_token, { key: shop.key });
  expect(left.active).toBe(false);
});

describe('RFC 6749 section 5.2: what is wrong is said in its words', () => {
  const basic = (id: string, key: string) =>
    `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}`;
  const send = (form: string, authorization?: string, path = '/v1/tokens') =>
    service.call('POST', path, form, {
      key: '',
      headers: {
        'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
        authorization: authorization ?? basic(shop.application.id, shop.key),
      },
    });

  it.each([
    ['grant_type=password&username=a&password=b', 400, 'unsupported_grant_type'],
    ['grant_type=', 400, 'invalid_request'],
    ['', 400, 'invalid_request'],
    ['grant_type=refresh_token', 400, 'invalid_request'],
    ['grant_type=refresh_token&refresh_token=wwr_x', 400, 'invalid_grant'],
    ['grant_type=client_credentials&audience=https://else.example', 403, 'invalid_target'],
    ['grant_type=client_credentials&scope=root', 403, 'invalid_scope'],
    ['grant_type=client_credentials&grant_type=refresh_token', 400, 'invalid_request'],
    ['grant_type=client_credentials&audience=a&audience=b', 400, 'invalid_request'],
    ['grant_type=client_credentials&scope=%ff', 400, 'invalid_request'],
  ])('%j is %i %s', async (form, status, error) => {
    const answer = await send(form);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  it('a wrong secret is an invalid client, and asked for Basic', async () => {
    const { application, key } = service.first;
    for (const authorization of [
      basic(shop.application.id, key),
      basic(application.id, shop.key),
      basic('', shop.key),
    ]) {
      const answer = await send('grant_type=client_credentials', authorization);
      expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
    }
  });

  it('members that nobody knows are ignored in a form, and those without a value', async () => {
    const form = 'grant_type=client_credentials&scope=&client_id=x&foo=bar';
    expect((await send(form)).status).toBe(200);
    const json = { grant_type: 'client_credentials', foo: 'bar' };
    expect((await service.call('POST', '/v1/tokens', json)).status).toBe(400);
    expect((await service.call('POST', '/v1/tokens', { grant_type: json.grant_type })).status).toBe(
      200,
    );
  });

  it('S118: a form is taken by these endpoints alone', async () => {
    const { status, body } = await send('type=totp', undefined, '/v1/users/ann/factors');
    expect([status, body.code]).toEqual([415, 'media_type_unsupported']);
    const json = await send('{"grant_type":"client_credentials"}');
    expect([json.status, json.body.error]).toEqual([400, 'invalid_request']);
  });

  it('S47: a form is repeated with its idempotency key', async () => {
    const once = () =>
      service.call('POST', '/v1/tokens', 'grant_type=client_credentials', {
        key: shop.key,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'idempotency-key': 'form-once',
        },
      });
    const [first, again] = [await once(), await once()];
    expect(first.status).toBe(200);
    expect(again.text).toBe(first.text);
  });
});

/** The library's requests, answered without a network. */
function fetchFrom({ call }: TestApplication): Fetch {
  return async (url, { method, headers, body }) => {
    const { pathname, search } = new URL(url);
    const answer = await call(method, pathname + search, body?.toString(), { key: '', headers });
    return new Response(answer.text === '' ? null : answer.text, {
      status: answer.status,
      headers: { 'content-type': String(answer.headers['content-type'] ?? '') },
    });
  };
}
