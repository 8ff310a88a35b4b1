/** For NestJS, on Express or Fastify. */
import type { IncomingMessage } from 'node:http';
import {
  applyDecorators,
  createParamDecorator,
  HttpException,
  Inject,
  Injectable,
  Module,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
} from '@nestjs/common';
import { admission, clientOf, proofOf, remember, type GuardOptions } from './guarding.js';
import { answerTo } from './refusal-answer.js';
import { checkedRequirement, type ClientRequirement, type Requirement } from './requirement.js';
import type { ClientToken, UserToken } from './token.js';
import { VerificationError } from './verification-error.js';
import type { Verifier } from './verifier.js';

export type { GuardOptions } from './guarding.js';

export interface ProofSettings extends GuardOptions {
  /** For `@RequireProof`. */
  readonly verifier?: Verifier<UserToken>;
  /** Of `client+jwt`, for `@RequireClient`. */
  readonly clientVerifier?: Verifier<ClientToken>;
}

interface Demand {
  readonly of: 'verifier' | 'clientVerifier';
  readonly requirement: Requirement;
}

const SETTINGS = 'watchword:proof-settings';
const DEMAND = 'watchword:proof-demand';

/** Admits a request to a route by its token; decorate with `@RequireProof` rather than by hand. */
@Injectable()
export class ProofGuard implements CanActivate {
  constructor(@Inject(SETTINGS) private readonly settings: ProofSettings) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Elsewhere there is no header to take a token from, so nobody is let in.
    if (context.getType() !== 'http') return false;
    const request = context.switchToHttp().getRequest<object>();
    const { of, requirement } = demandOf(context);
    const verifier = this.settings[of];
    if (verifier === undefined) throw new Error(`ProofModule.forRoot was given no "${of}"`);
    try {
      const admit = admission<UserToken | ClientToken>(verifier, requirement, this.settings);
      remember(request, await admit(rawOf(request)));
      return true;
    } catch (error) {
      if (error instanceof VerificationError) throw answered(context, error);
      throw error;
    }
  }
}

/** What checks the tokens, told once: `ProofModule.forRoot({verifier: createVerifier({…})})`. */
@Module({})
export class ProofModule {
  static forRoot(settings: ProofSettings): DynamicModule {
    const provider = { provide: SETTINGS, useValue: settings };
    return { module: ProofModule, global: true, providers: [provider], exports: [provider] };
  }
}

/**
 * The route, or every route of the controller, needs a proof that is good enough. Beside one on its
 * controller a route's own counts alone.
 *
 * @throws TypeError where the requirement would ask for nothing by mistake
 */
export const RequireProof = (requirement: Requirement = {}) =>
  demanding({ of: 'verifier', requirement: checkedRequirement(requirement) });

/** The route needs another application's own token. */
export const RequireClient = (requirement: ClientRequirement = {}) =>
  demanding({ of: 'clientVerifier', requirement: checkedRequirement(requirement) });

/** The parameter is the UserToken that admitted the request. */
export const Proof = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  proofOf(context.switchToHttp().getRequest<object>()),
);

/** The parameter is the ClientToken that admitted the request. */
export const Client = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  clientOf(context.switchToHttp().getRequest<object>()),
);

function demanding(demand: Demand) {
  return applyDecorators(SetMetadata(DEMAND, demand), UseGuards(ProofGuard));
}

function demandOf(context: ExecutionContext): Demand {
  for (const target of [context.getHandler(), context.getClass()]) {
    const demand = Reflect.getMetadata(DEMAND, target) as Demand | undefined;
    if (demand !== undefined) return demand;
  }
  // The guard by hand, or for the whole application: any proof will do, and none will not.
  return { of: 'verifier', requirement: {} };
}

/** Fastify's request has Node's inside; Express's is Node's. */
function rawOf(request: object): IncomingMessage {
  return ('raw' in request ? request.raw : request) as IncomingMessage;
}

function answered(context: ExecutionContext, error: VerificationError): HttpException {
  const { status, headers, body } = answerTo(error);
  const response = context
    .switchToHttp()
    .getResponse<{ header(name: string, value: string): unknown }>();
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
  // An application with another copy of Nest does not know our exception; these it knows of http-errors.
  const known = { statusCode: status, expose: true };
  return Object.assign(new HttpException(body, status, { cause: error }), known);
}
