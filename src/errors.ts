/**
 * Every error the service can answer: the one table behind the problem documents (RFC 9457), the
 * OpenAPI description and docs/errors.md. A code, once published, keeps its meaning for good.
 *
 * `detail` is the public text and says what to do next. What went wrong inside travels as the
 * error's `cause`: it is logged, never answered (S121).
 */
import type { ErrorEntry } from './errors/entry.js';
import { deviceErrors } from './errors/devices.errors.js';
import { hardwareTokenErrors } from './errors/hardware-tokens.errors.js';
import { linkErrors } from './errors/links.errors.js';
import { recoveryErrors } from './errors/recovery.errors.js';
import { webauthnErrors } from './errors/webauthn.errors.js';

export const errorTable = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    detail: 'Correct the members listed in "errors" and send the request again.',
  },
  malformed_json: {
    status: 400,
    title: 'The body is not acceptable JSON',
    detail: 'Send one JSON object without duplicate or reserved keys, nested at most 16 deep.',
  },
  refresh_token_invalid: {
    status: 400,
    title: 'The refresh token is not good any more',
    detail:
      'Have the user prove the factor again. One that was used before ends its session: keep the newest only.',
  },
  grant_type_unsupported: {
    status: 400,
    title: 'There is no such grant here',
    detail: 'Send grant_type=client_credentials or grant_type=refresh_token.',
  },
  unauthenticated: {
    status: 401,
    title: 'The credential is missing or not accepted',
    detail:
      'Send "Authorization: Bearer" with a live API key of your application (ww_…) or a client token, or "Basic" with its id and key.',
  },
  certificate_not_accepted: {
    status: 401,
    title: 'The client certificate is not accepted',
    detail:
      '"reason" says why. Connect with a certificate that is bound to your application (watchword certificates add), or send an API key.',
  },
  proof_missing: {
    status: 401,
    title: 'There is no session here',
    detail: 'Log in first; the session’s cookie or an access token has to come with the request.',
  },
  proof_insufficient: {
    status: 401,
    title: 'A stronger or fresher proof is needed',
    detail: 'Prove a factor again; "acr", "amr" and "max_age" say what is asked for (RFC 9470).',
  },
  cross_site_refused: {
    status: 403,
    title: 'The request was made by another site',
    detail:
      'Send it from a page of this host. A proxy has to pass on Origin and Sec-Fetch-Site as they came, and X-Forwarded-Method, -Proto and -Host.',
  },
  scope_missing: {
    status: 403,
    title: 'The credential may not do this',
    detail: 'Use one that carries one of the scopes listed in "scopes".',
  },
  client_token_unsuitable: {
    status: 403,
    title: 'A client token gets no further ones',
    detail: 'Use the API key or the certificate itself.',
  },
  audience_not_allowed: {
    status: 403,
    title: 'The application gets no tokens for this audience',
    detail:
      'Use one of those in "allowed", or have an operator add it: watchword applications allow-audience.',
  },
  scope_not_allowed: {
    status: 403,
    title: 'The credential cannot hand on this scope',
    detail: 'Ask for scopes among those in "allowed", which the credential has itself.',
  },
  factor_type_not_allowed: {
    status: 403,
    title: 'This application does not accept this type of factor',
    detail: 'Use one of the types in "allowed", or have an operator change the application.',
  },
  signature_invalid: {
    status: 403,
    title: 'The report is not signed as it should be',
    detail: 'Sign the exact public address and body; check WATCHWORD_PUBLIC_URL and the secret.',
  },
  country_not_allowed: {
    status: 403,
    title: 'Numbers of this country get no messages',
    detail: 'Use another factor, or have an operator add the country to WATCHWORD_SMS_COUNTRIES.',
  },
  proof_required: {
    status: 403,
    title: 'A fresh proof is needed first',
    detail:
      'This user already has a factor. Verify one of a type in "allowed", then send that access token as "proof", for a removal as the header Watchword-Proof, within "max_age" seconds of the proof.',
  },
  not_found: {
    status: 404,
    title: 'There is no such thing here',
    detail: 'Check the address and the id; what belongs to another realm looks the same as this.',
  },
  factor_limit_reached: {
    status: 409,
    title: 'The user has as many factors as are allowed',
    detail: 'Revoke one of the user’s factors, then enrol again.',
  },
  factor_not_pending: {
    status: 409,
    title: 'The factor is not waiting to be activated',
    detail: 'An active factor needs nothing more; for an expired one, enrol again.',
  },
  factor_secret_in_use: {
    status: 409,
    title: 'The user has a factor with this secret already',
    detail: 'Use that factor, or leave "secret" out and have another one made.',
  },
  phone_in_use: {
    status: 409,
    title: 'The user has a factor with this number already',
    detail: 'Use that factor, or give another number.',
  },
  phone_missing: {
    status: 409,
    title: 'The user has no active phone',
    detail: 'Enrol one first, or ask for another type of factor.',
  },
  challenge_ended: {
    status: 409,
    title: 'The challenge has ended',
    detail: '"challenge_status" says how. Create a new challenge to try again.',
  },
  idempotency_key_reused: {
    status: 409,
    title: 'The idempotency key was used for another request',
    detail: 'Use a new Idempotency-Key for every new request; repeat one only with the same body.',
  },
  idempotency_in_progress: {
    status: 409,
    title: 'The first request with this idempotency key is still under way',
    detail: 'Wait for "retry_after" seconds and send the same request again.',
  },
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    detail: 'Send the request again over a faster connection.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    detail: 'Send at most 64 KiB; "transaction" at most 4 KiB.',
  },
  uri_too_long: {
    status: 414,
    title: 'The address is too long',
    detail: 'A user id has at most 255 characters.',
  },
  media_type_unsupported: {
    status: 415,
    title: 'The body is not JSON',
    detail: 'Send "Content-Type: application/json"; the OAuth endpoints take forms too.',
  },
  code_incorrect: {
    status: 422,
    title: 'The code is not correct',
    detail: 'Ask for the newest code; one that was used once is not accepted again.',
  },
  phone_invalid: {
    status: 422,
    title: 'This is no telephone number',
    detail: 'Give it with its country, as +14155550123.',
  },
  line_unsuitable: {
    status: 422,
    title: 'This kind of line cannot get the message',
    detail:
      'Give a mobile number; a landline takes calls (channel "voice"), premium and toll-free lines nothing.',
  },
  channel_unavailable: {
    status: 422,
    title: 'Nobody carries messages of this channel',
    detail: 'Use another channel, or have an operator configure a provider for this one.',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    detail: 'Send at most 16 KiB of headers.',
  },
  locked: {
    status: 429,
    title: 'Too many wrong codes',
    detail:
      'Try again after "retry_after" seconds, or use another factor. An operator can lift it: watchword users unlock.',
  },
  send_too_soon: {
    status: 429,
    title: 'The last code was sent a moment ago',
    detail: 'Wait for "retry_after" seconds, then ask for another one.',
  },
  send_limit_reached: {
    status: 429,
    title: 'Too many codes were sent',
    detail: 'Wait for "retry_after" seconds or use another factor; "limit" says what is used up.',
  },
  send_paused: {
    status: 429,
    title: 'Messages to such numbers are paused',
    detail:
      'Wait for "retry_after" seconds or use another factor. An operator can lift it: watchword delivery resume.',
  },
  send_budget_spent: {
    status: 429,
    title: 'The budget for messages is used up for today',
    detail: 'Use another factor, or have an operator raise the budget that "limit" names.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    detail: 'Wait for "retry_after" seconds before the next request.',
  },
  ...hardwareTokenErrors,
  ...deviceErrors,
  ...linkErrors,
  ...recoveryErrors,
  ...webauthnErrors,
  internal: {
    status: 500,
    title: 'Something went wrong inside',
    detail: 'Report the "request_id"; the reason is in the service’s log under it.',
  },
  storage_unavailable: {
    status: 503,
    title: 'The database cannot be reached',
    detail: 'Nothing was proved. Try again in a few seconds.',
  },
  overloaded: {
    status: 503,
    title: 'The service is stopping or has too much to do',
    detail: 'Try again in a few seconds.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;

/** Members that a problem document may carry beside the standard ones. */
export interface ErrorMembers {
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly attempts_left?: number;
  readonly retry_after?: number;
  readonly scopes?: readonly string[];
  readonly allowed?: readonly string[];
  readonly max_age?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly challenge_status?: string;
  readonly limit?: string;
  readonly reason?: string;
}

/**
 * What the domain throws. It knows a code of the table and never a status: the edge translates.
 */
export class WatchwordError extends Error {
  override readonly name = 'WatchwordError';

  /**
   * @param code the public code
   * @param members public members for the problem document
   * @param cause private: the reason for the log
   */
  constructor(
    readonly code: ErrorCode,
    readonly members: ErrorMembers = {},
    cause?: unknown,
  ) {
    super(code, { cause });
  }
}

/** What an operator asked for cannot be done; the message says what to do instead. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}
