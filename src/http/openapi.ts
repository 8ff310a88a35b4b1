import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { errorTable } from '../errors.js';

const VERSION = '0.1.0';

const errorCodeSchema = { type: 'string', enum: Object.keys(errorTable) };

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What to do next.' },
    code: { $ref: '#/components/schemas/ErrorCode' },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
    attempts_left: { type: 'integer' },
    retry_after: { type: 'integer', description: 'Seconds.' },
    scopes: { type: 'array', items: { type: 'string' } },
    allowed: { type: 'array', items: { type: 'string' } },
    max_age: { type: 'integer', description: 'Seconds.' },
    acr: { type: 'string' },
    amr: { type: 'array', items: { type: 'string' } },
    challenge_status: { type: 'string' },
    limit: { type: 'string' },
    reason: { type: 'string', description: 'Why a certificate is not accepted.' },
  },
};

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: false,
  description: 'The same key and body get the same answer for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** Newer than the types that come with the generator. */
const mutualTls = {
  type: 'mutualTLS',
  description: 'A client certificate that is bound to the application.',
} as unknown as { type: 'http' };

/** The OpenAPI 3.1 document of the whole API. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Watchword')
    .setDescription(
      'A self-hosted second factor. Enrol an authenticator, verify a code, get a signed JWT.',
    )
    .setVersion(VERSION)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'ww_… or JWT',
        description:
          'An API key, `ww_…`, or a client token, with one of the scopes that are named.',
      },
      'key',
    )
    .addBasicAuth(
      { type: 'http', scheme: 'basic', description: 'Application id and API key.' },
      'application',
    )
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    // What a generated client calls the operation: each has a name that says it alone.
    operationIdFactory: (_controller, method) => method,
  });
  document.components = {
    ...document.components,
    securitySchemes: { ...document.components?.securitySchemes, certificate: mutualTls },
    schemas: {
      ...document.components?.schemas,
      Problem: problemSchema,
      ErrorCode: errorCodeSchema,
    },
  };
  for (const item of Object.values(document.paths)) describeEdge(item);
  return document;
}

/** What holds for every operation and is therefore said in one place. */
function describeEdge(item: OpenAPIObject['paths'][string]): void {
  for (const method of ['get', 'post', 'patch', 'delete'] as const) {
    const operation = item[method];
    if (operation === undefined) continue;
    if (operation.security !== undefined && method === 'post')
      operation.parameters = [...(operation.parameters ?? []), idempotencyKey];
    operation.responses['default'] = {
      description: 'A problem (RFC 9457). `code` is stable; docs/errors.md lists them all.',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
}

/** Serves the document at /openapi.json and a page of it at /docs. */
export function serveDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, openApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Watchword API',
  });
}
