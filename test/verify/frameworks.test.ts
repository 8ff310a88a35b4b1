/** The same rules over HTTP, in every framework that the kit has a guard for. */
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import { fastify } from 'fastify';
import * as forExpress from '../../src/verify/express.js';
import * as forFastify from '../../src/verify/fastify.js';
import { Client, Proof, ProofModule, RequireClient, RequireProof } from '../../src/verify/nest.js';
import {
  createVerifier,
  type ClientToken,
  type Requirement,
  type UserToken,
  type VerificationError,
} from '../../src/verify/verifier.js';
import { AUDIENCE, ISSUER, TokenIssuer, type Members } from '../support/token-issuer.js';

const issuer = new TokenIssuer();
const options = { issuer: ISSUER, audience: AUDIENCE, ...issuer.at };
const verifier = createVerifier(options);
const clientVerifier = createVerifier({ ...options, tokenType: 'client+jwt' });
const broken = createVerifier({
  ...options,
  fetch: () => {
    throw new Error('unused');
  },
  now: () => {
    throw new Error('secret of ours');
  },
});

const fresh: Requirement = { acr: 'aal2', amr: ['otp'], maxAgeSeconds: 60 };
let refusals: [string, string | undefined][] = [];
const onRefusal = ({ code }: VerificationError, { url }: IncomingMessage) =>
  void refusals.push([code, url]);

interface Running {
  readonly url: string;
  close(): Promise<unknown>;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const closing = (server: Server) => () => new Promise((resolve) => server.close(resolve));

async function onExpress(): Promise<Running> {
  const { requireProof, requireClient, proofOf, clientOf } = forExpress;
  const app = express();
  app.get('/any', requireProof(verifier, {}, { onRefusal }), (request, response) => {
    response.json({ user: proofOf(request).userId });
  });
  app.get('/fresh', requireProof(verifier, fresh), (request, response) => {
    response.json({ user: proofOf(request).userId });
  });
  app.get('/client', requireClient(clientVerifier, { scopes: ['pay'] }), (request, response) => {
    response.json({ client: clientOf(request).applicationId });
  });
  app.get('/broken', requireProof(broken), (_request, response) => void response.json({}));
  app.get('/forgotten', (request, response) => void response.json(proofOf(request)));
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  return { url: urlOf(server), close: closing(server) };
}

async function onFastify(): Promise<Running> {
  const { requireProof, requireClient, proofOf, clientOf } = forFastify;
  const app = fastify();
  app.get('/any', { onRequest: requireProof(verifier, {}, { onRefusal }) }, async (request) => ({
    user: proofOf(request).userId,
  }));
  app.get('/fresh', { preHandler: requireProof(verifier, fresh) }, async (request) => ({
    user: proofOf(request).userId,
  }));
  const onRequest = requireClient(clientVerifier, { scopes: ['pay'] });
  app.get('/client', { onRequest }, async (request) => ({
    client: clientOf(request).applicationId,
  }));
  app.get('/broken', { onRequest: requireProof(broken) }, async () => ({}));
  app.get('/forgotten', async (request) => proofOf(request));
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
}

@Controller()
class Routes {
  @Get('any')
  @RequireProof()
  any(@Proof() proof: UserToken) {
    return { user: proof.userId };
  }

  @Get('fresh')
  @RequireProof(fresh)
  fresh(@Proof() proof: UserToken) {
    return { user: proof.userId };
  }

  @Get('client')
  @RequireClient({ scopes: ['pay'] })
  client(@Client() client: ClientToken) {
    return { client: client.applicationId };
  }

  @Get('forgotten')
  forgotten(@Proof() proof: UserToken) {
    return proof;
  }
}

@Controller('strict')
@RequireProof(fresh)
class StrictRoutes {
  @Get('inherited')
  inherited() {
    return {};
  }

  @Get('own')
  @RequireProof({ acr: 'aal1' })
  own() {
    return {};
  }
}

@Controller()
class BrokenRoutes {
  @Get('broken')
  @RequireProof()
  broken() {
    return {};
  }
}

@Module({
  imports: [ProofModule.forRoot({ verifier, clientVerifier, onRefusal })],
  controllers: [Routes, StrictRoutes],
})
class App {}

@Module({ imports: [ProofModule.forRoot({ verifier: broken })], controllers: [BrokenRoutes] })
class BrokenApp {}

async function onNest(adapter: () => ExpressAdapter | FastifyAdapter): Promise<Running> {
  const start = async (module: Type) => {
    const app: INestApplication = await NestFactory.create(module, adapter(), {
      logger: false,
      abortOnError: false,
    });
    await app.listen(0, '127.0.0.1');
    return app;
  };
  const [app, brokenApp] = [await start(App), await start(BrokenApp)];
  const brokenUrl = await brokenApp.getUrl();
  // One address for both, as the other frameworks have.
  const front = createServer((incoming, outgoing) => {
    const target = incoming.url === '/broken' ? brokenUrl : url;
    const passed = httpRequest(target + (incoming.url ?? ''), { headers: incoming.headers });
    passed.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    passed.end();
  });
  const url = await app.getUrl();
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: urlOf(front),
    close: () => Promise.all([closing(front)(), app.close(), brokenApp.close()]),
  };
}

const frameworks: Record<string, () => Promise<Running>> = {
  Express: onExpress,
  Fastify: onFastify,
  'NestJS on Express': () => onNest(() => new ExpressAdapter()),
  'NestJS on Fastify': () => onNest(() => new FastifyAdapter()),
};

describe.each(Object.entries(frameworks))('%s', (name, start) => {
  let running: Running;
  beforeAll(async () => {
    running = await start();
  });
  beforeEach(() => {
    refusals = [];
  });
  afterAll(() => running.close());

  async function get(path: string, authorization?: string) {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await fetch(running.url + path, { headers });
    const body = (await answer.json()) as Members;
    const { status } = answer;
    return { status, body, answer, challenge: answer.headers.get('www-authenticate') };
  }
  const bearer = (change: Members = {}) => `Bearer ${issuer.token(change)}`;

  it('lets a good token through, and says whose it is', async () => {
    for (const authorization of [bearer(), bearer().replace('Bearer', 'bearer')])
      expect(await get('/any', authorization)).toMatchObject({
        status: 200,
        body: { user: 'pat' },
        challenge: null,
      });
    expect(await get('/fresh', bearer())).toMatchObject({ status: 200, body: { user: 'pat' } });
    expect(refusals).toEqual([]);
  });

  it('RFC 6750: who brings nothing is told no error', async () => {
    for (const authorization of [undefined, 'Basic YTpi', 'Bearer', 'Bearer ', 'token x.y.z']) {
      const { status, body, challenge, answer } = await get('/any', authorization);
      expect([status, challenge]).toEqual([401, 'Bearer realm="watchword"']);
      expect(body).toMatchObject({ status: 401, code: 'token_missing' });
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  it('RFC 6750: tokens are taken from the header alone', async () => {
    const token = issuer.token();
    expect((await get(`/any?access_token=${token}`)).status).toBe(401);
    const headers = { cookie: `access_token=${token}`, 'x-authorization': `Bearer ${token}` };
    expect((await fetch(`${running.url}/any`, { headers })).status).toBe(401);
  });

  it('RFC 6750: a bad token is invalid_token', async () => {
    const { status, body, challenge, answer } = await get('/any', bearer({ exp: 1 }));
    expect([status, challenge]).toEqual([
      401,
      'Bearer realm="watchword", error="invalid_token", ' +
        'error_description="The token\'s time is over; refresh it, or prove a factor again."',
    ]);
    expect(body).toMatchObject({ code: 'expired' });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(refusals).toEqual([['expired', '/any']]);
    expect((await get('/any', `${bearer()} ${issuer.token()}`)).body['code']).toBe(
      'token_malformed',
    );
    expect((await get('/any', `Bearer ${issuer.clientToken()}`)).body['code']).toBe('type_refused');
  });

  it('S87: an old proof is told to come again (RFC 9470)', async () => {
    const old = bearer({ auth_time: issuer.seconds - 61 });
    expect((await get('/any', old)).status).toBe(200);
    const { status, body, challenge } = await get('/fresh', old);
    expect([status, challenge]).toEqual([
      401,
      'Bearer realm="watchword", error="insufficient_user_authentication", ' +
        'error_description="A fresher proof is needed: prove the factor again.", ' +
        'acr_values="aal2", max_age="60"',
    ]);
    expect(body).toMatchObject({ code: 'proof_too_old', acr: 'aal2', amr: ['otp'], max_age: 60 });
    const weak = await get('/fresh', bearer({ acr: 'aal1' }));
    expect([weak.status, weak.body['code']]).toEqual([401, 'acr_insufficient']);
    const other = await get('/fresh', bearer({ amr: ['pwd', 'sms', 'mfa'] }));
    expect([other.status, other.body['code']]).toEqual([401, 'amr_insufficient']);
  });

  it('RFC 6750: a client without the scope is refused for good', async () => {
    const client = (change: Members = {}) => `Bearer ${issuer.clientToken(change)}`;
    expect(await get('/client', client())).toMatchObject({
      status: 200,
      body: { client: 'app_shop' },
    });
    const { status, challenge, body } = await get('/client', client({ scope: 'read' }));
    expect([status, challenge]).toEqual([
      403,
      'Bearer realm="watchword", error="insufficient_scope", ' +
        'error_description="The token does not carry the scope that is asked for.", scope="pay"',
    ]);
    expect(body).toMatchObject({ code: 'scope_insufficient', scope: 'pay' });
    expect((await get('/client', bearer())).body['code']).toBe('type_refused');
  });

  it('503 without a challenge where nobody can tell', async () => {
    issuer.clock.advance(3600);
    issuer.instead = () => Promise.reject(new Error('secret of ours'));
    const { status, challenge, body } = await get('/any', bearer());
    expect([status, challenge, body['code']]).toEqual([503, null, 'keys_unavailable']);
    expect(JSON.stringify(body)).not.toContain('secret');
    issuer.instead = undefined;
    issuer.clock.advance(3600);
    expect((await get('/any', bearer())).status).toBe(200);
  });

  it('lets nobody through where the kit itself fails, or the guard was forgotten', async () => {
    const answers = [];
    for (const path of ['/broken', '/forgotten'])
      answers.push(
        (await fetch(running.url + path, { headers: { authorization: bearer() } })).status,
      );
    expect(answers).toEqual([500, 500]);
  });

  if (name.startsWith('NestJS'))
    it('a controller’s requirement holds for its routes, and a route’s own before it', async () => {
      const old = bearer({ auth_time: issuer.seconds - 61 });
      expect((await get('/strict/inherited', bearer())).status).toBe(200);
      expect((await get('/strict/inherited', old)).body['code']).toBe('proof_too_old');
      expect((await get('/strict/own', old)).status).toBe(200);
      expect((await get('/strict/own')).status).toBe(401);
    });
});

it('a requirement that would ask for nothing by mistake ends the start', () => {
  const mistaken = { maxAge: 60 } as Requirement;
  expect(() => forExpress.requireProof(verifier, mistaken)).toThrow(TypeError);
  expect(() => forFastify.requireProof(verifier, mistaken)).toThrow(TypeError);
  expect(() => RequireProof(mistaken)).toThrow(TypeError);
});
