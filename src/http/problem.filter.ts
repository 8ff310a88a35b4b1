import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WatchwordError } from '../errors.js';
import { bringsForm } from '../input.js';
import { oauthErrorOf } from './oauth-error.js';
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
  const challenge = challengeOf(error, request);
  if (challenge !== undefined) void reply.header('WWW-Authenticate', challenge);
  void reply.status(problem.status).header('Cache-Control', 'no-store');
  const { problemPage } = request.routeOptions.config;
  if (problemPage !== undefined) return reply.send(problemPage(error, request, reply));
  if (bringsForm(request))
    return reply
      .header('Content-Type', 'application/json; charset=utf-8')
      .send(JSON.stringify(oauthErrorOf(problem)));
  await reply
    .header('Content-Type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}

/** What has to be brought: a credential (RFC 6750 section 3), or a better proof (RFC 9470 section 3). */
function challengeOf(
  { code, members }: WatchwordError,
  { headers: { authorization } }: FastifyRequest,
): string | undefined {
  // Whoever tried Basic is asked for Basic (RFC 6749 section 5.2); nobody else, for browsers ask their user.
  const isBasic = code === 'unauthenticated' && /^Basic /i.test(authorization ?? '');
  if (isBasic) return 'Basic realm="watchword", charset="UTF-8"';
  const isUnknown = code === 'unauthenticated' || code === 'certificate_not_accepted';
  if (isUnknown || code === 'proof_missing') return 'Bearer realm="watchword"';
  if (code !== 'proof_insufficient') return undefined;
  const { acr, max_age } = members;
  return [
    'Bearer realm="watchword", error="insufficient_user_authentication"',
    'error_description="A stronger or fresher proof is needed"',
    ...(acr === undefined ? [] : [`acr_values="${acr}"`]),
    ...(max_age === undefined ? [] : [`max_age="${max_age}"`]),
  ].join(', ');
}

function log(request: FastifyRequest, error: WatchwordError, status: number): void {
  // A client that went away in the middle of its request is no failure of ours.
  const isGone = request.raw.destroyed && !request.raw.complete;
  if (status >= 500 && !isGone)
    request.log.error({ ...idsOf(request), code: error.code, err: error.cause }, 'request failed');
  else request.log.debug({ ...idsOf(request), code: error.code }, 'request refused');
}
