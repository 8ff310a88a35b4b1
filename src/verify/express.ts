/** For Express 4 and 5, and for everything else that takes its middleware. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { admission, remember, type GuardOptions } from './guarding.js';
import { answerTo } from './refusal-answer.js';
import type { ClientRequirement, Requirement } from './requirement.js';
import type { ClientToken, UserToken, VerifiedToken } from './token.js';
import { VerificationError } from './verification-error.js';
import type { Verifier } from './verifier.js';

export { clientOf, proofOf, type GuardOptions } from './guarding.js';

/** Answers a refused request by itself; what else goes wrong it hands to `next`. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (failure?: unknown) => void,
) => void;

/**
 * Lets through who brings a token of a proof that is good enough: `app.get('/', requireProof(verifier), …)`.
 *
 * @throws TypeError where the requirement would ask for nothing by mistake
 */
export function requireProof(
  verifier: Verifier<UserToken>,
  requirement: Requirement = {},
  options: GuardOptions = {},
): Middleware {
  return guard(verifier, requirement, options);
}

/** The same for another application's own token, with a verifier of `client+jwt`. */
export function requireClient(
  verifier: Verifier<ClientToken>,
  requirement: ClientRequirement = {},
  options: GuardOptions = {},
): Middleware {
  return guard(verifier, requirement, options);
}

function guard(
  verifier: Verifier<VerifiedToken>,
  requirement: Requirement,
  options: GuardOptions,
): Middleware {
  const admit = admission(verifier, requirement, options);
  return (request, response, next) => {
    admit(request).then(
      (token) => {
        remember(request, token);
        next();
      },
      (error: unknown) => {
        if (!(error instanceof VerificationError)) {
          next(error);
          return;
        }
        const { status, headers, body } = answerTo(error);
        response.writeHead(status, headers).end(JSON.stringify(body));
      },
    );
  };
}
