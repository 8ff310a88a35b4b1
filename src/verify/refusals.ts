/**
 * Every reason for which the kit refuses a request: the one table behind `VerificationError`, the HTTP
 * answers and docs/checking-tokens.md. A code, once published, keeps its meaning for good.
 */
interface Refusal {
  /** 401: another token is needed. 403: no token of this caller will do. 503: nobody can tell now. */
  readonly status: 401 | 403 | 503;
  /** The `error` of the `WWW-Authenticate` header (RFC 6750 section 3.1, RFC 9470 section 3). */
  readonly challenge?: 'invalid_token' | 'insufficient_user_authentication' | 'insufficient_scope';
  /** Public: what to do next, and nothing of what was seen inside. */
  readonly text: string;
}

const invalid = (text: string): Refusal => ({ status: 401, challenge: 'invalid_token', text });
const stepUp = (text: string): Refusal => ({
  status: 401,
  challenge: 'insufficient_user_authentication',
  text,
});

export const refusals = {
  /** RFC 6750 section 3.1: who has brought nothing is told no error. */
  token_missing: { status: 401, text: 'Send "Authorization: Bearer" with an access token.' },
  token_malformed: invalid('Send the access token as it was issued, whole and unchanged.'),
  header_refused: invalid('The token’s header names a key or an extension; send one as issued.'),
  algorithm_refused: invalid('The token is not signed with ES256.'),
  type_refused: invalid('This is another kind of token than is asked for here.'),
  key_unknown: invalid('The token is signed with a key that is not published; get a new token.'),
  signature_invalid: invalid('The token’s signature is not good; send it as it was issued.'),
  claims_invalid: invalid('The token lacks a claim, or has one of another type.'),
  issuer_mismatch: invalid('The token was issued by somebody else.'),
  audience_mismatch: invalid('The token is meant for another service.'),
  expired: invalid('The token’s time is over; refresh it, or prove a factor again.'),
  not_yet_valid: invalid('The token’s time has not come; compare the clocks.'),
  confirmation_unsupported: invalid('The token is bound to something that cannot be checked here.'),
  certificate_missing: invalid('The token is bound to a certificate; connect with it.'),
  certificate_mismatch: invalid(
    'The token is bound to another certificate; connect with that one.',
  ),
  token_unbound: invalid('Only tokens that are bound to a certificate are taken here.'),
  token_revoked: invalid('The token was revoked, or its session has ended; prove a factor again.'),
  acr_insufficient: stepUp('A stronger proof is needed: prove a further factor.'),
  amr_insufficient: stepUp('A proof by another method is needed.'),
  proof_too_old: stepUp('A fresher proof is needed: prove the factor again.'),
  scope_insufficient: {
    status: 403,
    challenge: 'insufficient_scope',
    text: 'The token does not carry the scope that is asked for.',
  },
  keys_unavailable: { status: 503, text: 'Tokens cannot be checked now; try again in a moment.' },
  introspection_unavailable: {
    status: 503,
    text: 'It cannot be told now whether the token was revoked; try again in a moment.',
  },
} as const satisfies Record<string, Refusal>;

/** The closed list of reasons. */
export type RefusalCode = keyof typeof refusals;

export function refusalOf(code: RefusalCode): Refusal {
  return refusals[code];
}
