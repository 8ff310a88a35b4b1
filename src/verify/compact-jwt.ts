import { decodeProtectedHeader } from 'jose';
import type { TokenType } from './token.js';
import { VerificationError } from './verification-error.js';

/** Beyond what a token of ours ever has, and what Node takes as a header. */
const MOST_CHARACTERS = 16_384;
/**
 * Three parts of base64url, nothing else: jose reads over blanks. The signature is 64 bytes, so that of the
 * last of its 86 characters only two bits count; with the others a token would have sixteen spellings.
 */
const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]$/;
/** What would name a key, or ask for something that must be understood (S82, RFC 7515 section 4.1). */
const refused = ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'crit', 'b64', 'zip'];

/**
 * Looks at a token before anything is computed or fetched for it.
 *
 * @returns the id of the key that it says to be signed with, which selects among the published ones
 * @throws VerificationError `token_malformed`, `header_refused`, `algorithm_refused`, `type_refused`, `key_unknown`
 */
export function keyIdOf(token: string, type: TokenType): string {
  const header = headerOf(token);
  const present = refused.find((name) => Object.hasOwn(header, name));
  if (present !== undefined)
    throw new VerificationError('header_refused', `the header has ${present}`);
  // The one algorithm, whatever the header would like (S81).
  if (header['alg'] !== 'ES256')
    throw new VerificationError('algorithm_refused', `alg is ${JSON.stringify(header['alg'])}`);
  if (header['typ'] !== type)
    throw new VerificationError('type_refused', `typ is ${JSON.stringify(header['typ'])}`);
  const { kid } = header;
  if (typeof kid !== 'string' || kid === '')
    throw new VerificationError('key_unknown', 'the header names no key');
  return kid;
}

function headerOf(token: string): Record<string, unknown> {
  if (token.length > MOST_CHARACTERS)
    throw new VerificationError('token_malformed', `${token.length} characters`);
  let header: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(token);
  } catch (cause) {
    throw new VerificationError('token_malformed', 'the header is unreadable', { cause });
  }
  // Another algorithm is refused as such, whose signature is of another length.
  if (header['alg'] === 'ES256' && !compact.test(token))
    throw new VerificationError('token_malformed', 'it is not spelled as a JWT of ES256 is');
  return header;
}
