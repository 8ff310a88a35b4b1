import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { WatchwordError } from '../errors.js';
import { routeConfig } from '../input.js';
import type { Scope } from './api-key.js';
import type { Caller } from './application.js';

/** Who may ask a route: everybody, or a credential that carries at least one of these scopes. */
export type Access = 'open' | readonly Scope[];

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A route that says nothing is closed. */
    access?: Access;
  }
  interface FastifyRequest {
    /** Who is asking; undefined on an open route. */
    caller?: Caller;
  }
}

/** The route needs a credential that carries at least one of these scopes. */
export const Scopes = (...anyOf: [Scope, ...Scope[]]) =>
  applyDecorators(
    routeConfig({ access: anyOf }),
    ...anyOf.flatMap((scope) =>
      ['key', 'application', 'certificate'].map((scheme) => ApiSecurity(scheme, [scope])),
    ),
  );

/** The route is for everybody. */
export const Open = () => routeConfig({ access: 'open' });

/** The caller of the request, as http/admission.ts found it. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller === undefined) throw new WatchwordError('unauthenticated');
  return caller;
});

/** The API key of a request (RFC 6750), or an empty text. */
export function bearerOf({ headers: { authorization } }: FastifyRequest): string {
  return /^Bearer ([^\s]+)$/i.exec(authorization ?? '')?.[1] ?? '';
}
