import {
  Injectable,
  SetMetadata,
  createParamDecorator,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { WatchwordError } from '../errors.js';
import type { Scope } from './api-key.js';
import type { Caller } from './application.js';
import { Callers } from './callers.js';

const SCOPES = 'watchword:scopes';
const OPEN = 'watchword:open';
const callerOf = Symbol('caller');

type IdentifiedRequest = FastifyRequest & { [callerOf]?: Caller };

/** The route needs an API key that carries at least one of these scopes. */
export const Scopes = (...anyOf: [Scope, ...Scope[]]) => SetMetadata(SCOPES, anyOf);

/** The route is for everybody. */
export const Open = () => SetMetadata(OPEN, true);

/**
 * Stands before every route: one that says neither `@Scopes` nor `@Open` is closed. It is a guard and
 * not middleware, because middleware is matched by path and paths have more than one spelling (S119).
 */
@Injectable()
export class ApplicationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly callers: Callers,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(OPEN, targets) === true) return true;
    const anyOf = this.reflector.getAllAndOverride<Scope[] | undefined>(SCOPES, targets) ?? [];
    const request = context.switchToHttp().getRequest<IdentifiedRequest>();
    const holder = await this.callers.identify(bearerOf(request));
    if (holder === undefined) throw new WatchwordError('unauthenticated');
    if (!holder.scopes.some((scope) => anyOf.includes(scope)))
      throw new WatchwordError('scope_missing', { scopes: anyOf });
    request[callerOf] = { ...holder, requestId: request.id };
    return true;
  }
}

/** The caller of the request, as the guard found it. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  requireCaller(context.switchToHttp().getRequest<IdentifiedRequest>()),
);

/** The caller of the request, or undefined on an open route. */
export function findCaller(request: FastifyRequest): Caller | undefined {
  return (request as IdentifiedRequest)[callerOf];
}

function requireCaller(request: IdentifiedRequest): Caller {
  const caller = request[callerOf];
  if (caller === undefined) throw new WatchwordError('unauthenticated');
  return caller;
}

/** The API key of a request (RFC 6750), or an empty text. */
export function bearerOf({ headers: { authorization } }: FastifyRequest): string {
  return /^Bearer ([^\s]+)$/i.exec(authorization ?? '')?.[1] ?? '';
}
