/** For Fastify 4 and 5. */
import type { IncomingMessage } from 'node:http';
import { admission, remember, type GuardOptions } from './guarding.js';
import { answerTo } from './refusal-answer.js';
import type { ClientRequirement, Requirement } from './requirement.js';
import type { ClientToken, UserToken, VerifiedToken } from './token.js';
import { VerificationError } from './verification-error.js';
import type { Verifier } from './verifier.js';

export { clientOf, proofOf, type GuardOptions } from './guarding.js';

/** What is needed of Fastify's request and reply, so that no version of it has to be there. */
interface Request {
  readonly raw: IncomingMessage;
}
interface Reply {
  code(status: number): Reply;
  headers(headers: Record<string, string>): Reply;
  send(payload: string): unknown;
}

/** For `onRequest`, before the body is read. Answers a refused request by itself. */
export type Hook = (request: Request, reply: Reply) => Promise<unknown>;

/**
 * Lets through who brings a token of a proof that is good enough:
 * `app.get('/', {onRequest: requireProof(verifier)}, …)`.
 *
 * @throws TypeError where the requirement would ask for nothing by mistake
 */
export function requireProof(
  verifier: Verifier<UserToken>,
  requirement: Requirement = {},
  options: GuardOptions = {},
): Hook {
  return guard(verifier, requirement, options);
}

/** The same for another application's own token, with a verifier of `client+jwt`. */
export function requireClient(
  verifier: Verifier<ClientToken>,
  requirement: ClientRequirement = {},
  options: GuardOptions = {},
): Hook {
  return guard(verifier, requirement, options);
}

function guard(
  verifier: Verifier<VerifiedToken>,
  requirement: Requirement,
  options: GuardOptions,
): Hook {
  const admit = admission(verifier, requirement, options);
  return async (request, reply) => {
    try {
      remember(request, await admit(request.raw));
      return undefined;
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      const { status, headers, body } = answerTo(error);
      // Returned, as Fastify wants it of a hook that answers, so that the route does not run.
      return reply
        .code(status)
        .headers({ ...headers })
        .send(JSON.stringify(body));
    }
  };
}
