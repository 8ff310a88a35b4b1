import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WatchwordError } from '../errors.js';
import { problemOf, toWatchwordError } from './problem.js';
import { idsOf } from './request-id.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The problem that it was answered with. */
    problem?: WatchwordError;
  }
}

/** Every error leaves by this door, as `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  async catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    await sendProblem(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), thrown);
  }
}

/** Answers a request with the problem document of whatever was thrown. */
export async function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
): Promise<void> {
  const error = toWatchwordError(thrown);
  const problem = problemOf(error, request.id);
  request.problem = error;
  log(request, error, problem.status);
  if (reply.sent) return;
  if (problem.retry_after !== undefined)
    void reply.header('Retry-After', String(problem.retry_after));
  if (error.code === 'unauthenticated')
    void reply.header('WWW-Authenticate', 'Bearer realm="watchword"');
  await reply
    .status(problem.status)
    .header('Content-Type', 'application/problem+json; charset=utf-8')
    .header('Cache-Control', 'no-store')
    .send(JSON.stringify(problem));
}

function log(request: FastifyRequest, error: WatchwordError, status: number): void {
  // A client that went away in the middle of its request is no failure of ours.
  const isGone = request.raw.destroyed && !request.raw.complete;
  if (status >= 500 && !isGone)
    request.log.error({ ...idsOf(request), code: error.code, err: error.cause }, 'request failed');
  else request.log.debug({ ...idsOf(request), code: error.code }, 'request refused');
}
