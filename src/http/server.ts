import { constants } from 'node:crypto';
import type { Server as SecureServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { TlsFiles } from '../certificates/tls-files.js';
import type { Config } from '../config.js';
import { WatchwordError } from '../errors.js';
import { bringsForm, FORM } from '../input.js';
import { parseForm } from './form.js';
import { apiHeaders, docsHeaders } from './headers.js';
import { isJsonType, parseJson } from './json.js';
import { sendProblem } from './problem.filter.js';
import { idsOf, requestIdOf } from './request-id.js';
import { refuseUnreadable } from './unreadable.js';

const BODY_BYTES = 64 * 1024;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The most that a body may have, where a route takes more than others. */
    bodyBytes?: number;
  }
}

const HEADER_BYTES = 16 * 1024;
/** A user id of 255 characters, each of them twelve when it is percent-encoded. */
const PARAMETER_CHARACTERS = 255 * 12;
const REQUEST_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 65_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;

/** The HTTP server as it stands before any route: TLS, limits, headers, one body parser. */
export function createServer(config: Config, log: Logger, tls?: TlsFiles): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = log;
  const server = fastify({
    ...transportOf(tls),
    loggerInstance,
    // One line of our own for each request, without its address.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS },
    trustProxy: config.trustedProxies.length > 0 ? config.trustedProxies : false,
    // Slow headers and slow bodies are cut off (S122).
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // While it stops it still answers what is on its connections (S129).
    return503OnClosing: false,
    genReqId: ({ headers }) => requestIdOf(headers),
    // A logger for each request costs more than what most of them say: a line names its request itself.
    childLoggerFactory: (logger) => logger,
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, request, reply) => {
      void reply.headers(apiHeaders).header('X-Request-Id', request.id);
      void sendProblem(request, reply, error.code === 'FST_ERR_BAD_URL' ? badAddress() : error);
    },
  });
  server.addHook('onRequest', (request, reply, done) => {
    const isDocs = /^\/docs(\/|$)/.test(request.routeOptions.url ?? '');
    void reply.headers(isDocs ? docsHeaders : apiHeaders).header('X-Request-Id', request.id);
    done(hasForeignBody(request) ? new WatchwordError('media_type_unsupported') : undefined);
  });
  if (tls?.context !== undefined) followTls(server.server as SecureServer, tls);
  server.addHook('onRoute', (route) => {
    const { bodyBytes } = route.config ?? {};
    if (bodyBytes !== undefined) route.bodyLimit = bodyBytes;
  });
  if (log.isLevelEnabled('debug')) server.addHook('onResponse', logRequest);
  server.removeAllContentTypeParsers();
  for (const type of [FORM, 'application/json'])
    server.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
      try {
        done(null, read(request, body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    });
  return server;
}

const connections = {
  maxHeaderSize: HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  connectionsCheckingInterval: 1_000,
};

/**
 * A client may show a certificate, and need not: what a bad one means is said by the API, in words. No
 * connection is resumed where certificates are shown, for a resumed one would bring the judgement of its
 * first day along, and not the chain.
 */
function transportOf(tls: TlsFiles | undefined) {
  if (tls?.context === undefined) return { http: connections };
  const asks = tls.context.ca !== undefined;
  return {
    https: {
      ...connections,
      ...contextOf(tls.context),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      requestCert: asks,
      rejectUnauthorized: false,
    },
  };
}

function followTls(server: SecureServer, tls: TlsFiles): void {
  // Node would have a connection answered whose TLS has failed, and that waits for what never comes.
  server.removeAllListeners('tlsClientError').on('tlsClientError', (_error, socket) => {
    socket.destroy();
  });
  tls.onChange((context) => {
    server.setSecureContext(contextOf(context));
  });
}

function contextOf(context: SecureContextOptions): SecureContextOptions {
  if (context.ca === undefined) return context;
  return { ...context, secureOptions: constants.SSL_OP_NO_TICKET };
}

function logRequest(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  request.log.debug(
    {
      ...idsOf(request),
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      milliseconds: reply.elapsedTime,
    },
    'request',
  );
  done();
}

function badAddress(): WatchwordError {
  return new WatchwordError('invalid_request', {
    errors: [{ path: '', message: 'the address cannot be decoded' }],
  });
}

function read(request: FastifyRequest, body: Buffer): unknown {
  if (isReport(request)) return body.toString();
  const { form = [] } = request.routeOptions.config;
  return bringsForm(request) ? parseForm(body, form) : parseJson(body);
}

/** A provider's report: its signature is over the very bytes, so it is handed on as it came. */
function isReport({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith('/v1/callbacks/') === true;
}

function hasForeignBody(request: FastifyRequest): boolean {
  const { headers } = request;
  if (isReport(request) && headers['content-type']?.split(';')[0] === FORM) return false;
  if (bringsForm(request)) return false;
  const length = headers['content-length'];
  const hasBody = (length !== undefined && length !== '0') || 'transfer-encoding' in headers;
  return (hasBody || 'content-type' in headers) && !isJsonType(headers['content-type']);
}
