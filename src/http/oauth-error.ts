import type { ErrorCode } from '../errors.js';
import type { Problem } from './problem.js';

/** The words of RFC 6749 section 5.2 and of RFC 8707 for what has no better name there. */
const ofCode: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'invalid_client',
  scope_missing: 'unauthorized_client',
  client_token_unsuitable: 'unauthorized_client',
  scope_not_allowed: 'invalid_scope',
  audience_not_allowed: 'invalid_target',
  refresh_token_invalid: 'invalid_grant',
  grant_type_unsupported: 'unsupported_grant_type',
  rate_limited: 'temporarily_unavailable',
  storage_unavailable: 'temporarily_unavailable',
  overloaded: 'temporarily_unavailable',
  internal: 'server_error',
};

/** A problem as the sender of a form expects it: the same, with the members of RFC 6749 section 5.2. */
export function oauthErrorOf(problem: Problem): object {
  const { code, title, detail } = problem;
  return {
    error: ofCode[code] ?? 'invalid_request',
    // Its signs are a part of ASCII there, without quotes.
    error_description: `${title}. ${detail}`.replaceAll('"', "'").replace(/[^\x20-\x7e]/g, '-'),
    ...problem,
  };
}
