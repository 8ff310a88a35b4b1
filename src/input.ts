/**
 * What a controller takes from a request: values that a schema has let through, and nothing else. Nest's own
 * decorators and its pipe for schemas would do the same by a dozen promises a request, which cost as much
 * as the router.
 */
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { ApiBody, ApiConsumes, ApiParam, ApiQuery } from '@nestjs/swagger';
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodType } from 'zod';
import { WatchwordError } from './errors.js';
import { isIdOf, type IdPrefix } from './storage/ids.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The members of a form that may come in JSON's place. */
    form?: readonly string[];
    /** On a page a problem is a page as well: its HTML; the headers are set. */
    problemPage?: (error: WatchwordError, request: FastifyRequest, reply: FastifyReply) => string;
  }
}

const MOST_ERRORS = 20;

export const FORM = 'application/x-www-form-urlencoded';
const formType = /^application\/x-www-form-urlencoded(; ?charset=utf-8)?$/i;

/** Whether a request brings a form to a route that takes forms. */
export function bringsForm({ routeOptions, headers }: FastifyRequest): boolean {
  return routeOptions.config.form !== undefined && formType.test(headers['content-type'] ?? '');
}

/** Says something more of a route to the edge; Nest's own decorator forgets what the one before has said. */
export const routeConfig =
  (config: FastifyContextConfig): MethodDecorator =>
  (target, name, descriptor) => {
    const method = descriptor.value as object;
    const said = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, method) as object | undefined;
    RouteConfig({ ...said, ...config })(target, name, descriptor);
  };

/** The route takes a form with these members too, as OAuth's libraries send it; http/form.ts reads it. */
export const TakesForm =
  (...members: string[]): MethodDecorator =>
  (target, name, descriptor) => {
    routeConfig({ form: members })(target, name, descriptor);
    ApiConsumes('application/json', FORM)(target, name, descriptor);
  };

/** The body, as `schema` reads it. */
export const ValidBody = (schema: ZodType): ParameterDecorator =>
  documented(
    // Swagger's decorators know a schema of this kind, and their types do not.
    ApiBody({ standardSchema: schema, required: !schema.safeParse(undefined).success } as object),
    taken(schema, ({ body }) => body),
  );

/** A parameter of the path, as `schema` reads it. */
export const ValidParam = (name: string, schema: ZodType): ParameterDecorator =>
  documented(
    ApiParam({ name, standardSchema: schema } as { name: string }),
    taken(schema, ({ params }) => (params as Record<string, unknown>)[name]),
  );

/** The query, as `schema` reads it. */
export const ValidQuery = (schema: ZodType): ParameterDecorator =>
  documented(
    ApiQuery({ standardSchema: schema } as object),
    taken(schema, ({ query }) => query),
  );

/** The path's `id`, where it is one of this kind; any other text is no id of anything here (S105). */
export const ValidId = (prefix: IdPrefix): ParameterDecorator =>
  documented(ApiParam({ name: 'id', type: String }), idOf(prefix));

const idOf = createParamDecorator((prefix: IdPrefix, context: ExecutionContext) => {
  const { id } = requestOf(context).params as { id: string };
  if (!isIdOf(prefix, id)) throw new WatchwordError('not_found');
  return id;
});

interface Taking {
  readonly schema: ZodType;
  readonly from: (request: FastifyRequest) => unknown;
}

const taken = (schema: ZodType, from: Taking['from']) => take({ schema, from });

const take = createParamDecorator(({ schema, from }: Taking, context: ExecutionContext) => {
  const { success, data, error } = schema.safeParse(from(requestOf(context)));
  if (success) return data;
  const errors = error.issues.slice(0, MOST_ERRORS).map(({ path, message }) => ({
    path: path.map(String).join('.'),
    message,
  }));
  throw new WatchwordError('invalid_request', { errors });
});

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}

/** Puts the description of a parameter where Swagger looks for it: at the method. */
function documented(document: MethodDecorator, parameter: ParameterDecorator): ParameterDecorator {
  return (target, method, index) => {
    parameter(target, method, index);
    if (method === undefined) return;
    const descriptor = Object.getOwnPropertyDescriptor(target, method);
    if (descriptor !== undefined) document(target, method, descriptor);
  };
}
