/**
 * An application that has another copy of Nest than the kit, as npm installs it where their versions differ:
 * what the guard throws is then no exception that this Nest knows.
 */
import { Controller, Get, HttpException, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AUDIENCE, ISSUER, TokenIssuer } from '../support/token-issuer.js';

interface Kit {
  readonly nest: typeof import('../../src/verify/nest.js');
  readonly verifier: typeof import('../../src/verify/verifier.js');
  readonly HttpException: typeof HttpException;
}

/** The kit, loaded apart from everything that this file has loaded. */
function loadApart(): Kit {
  let kit: Kit | undefined;
  jest.isolateModules(() => {
    kit = {
      nest: jest.requireActual('../../src/verify/nest.js'),
      verifier: jest.requireActual('../../src/verify/verifier.js'),
      ...jest.requireActual<Pick<Kit, 'HttpException'>>('@nestjs/common'),
    };
  });
  if (kit === undefined) throw new Error('nothing was loaded');
  return kit;
}

const kit = loadApart();
const issuer = new TokenIssuer();
const verifier = kit.verifier.createVerifier({ issuer: ISSUER, audience: AUDIENCE, ...issuer.at });

@Controller()
class Routes {
  @Get()
  @kit.nest.RequireProof({ acr: 'aal2', maxAgeSeconds: 60 })
  route(@kit.nest.Proof() { userId }: { userId: string }) {
    return { user: userId };
  }
}

@Module({ imports: [kit.nest.ProofModule.forRoot({ verifier })], controllers: [Routes] })
class App {}

let app: INestApplication;
beforeAll(async () => {
  app = await NestFactory.create(App, new FastifyAdapter(), { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
});
afterAll(() => app.close());

it('is answered as it should be', async () => {
  expect(kit.HttpException).not.toBe(HttpException);
  const ask = async (token: string) =>
    fetch(await app.getUrl(), { headers: { authorization: `Bearer ${token}` } });
  expect(await (await ask(issuer.token())).json()).toEqual({ user: 'pat' });
  const refused = await ask(issuer.token({ auth_time: issuer.seconds - 61 }));
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toContain(
    'error="insufficient_user_authentication"',
  );
});
