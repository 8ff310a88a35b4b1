import { sha256Base64 } from '../crypto/digest.js';
import { isIdOf } from '../storage/ids.js';
import { keyHashOf, type KeyHash } from './api-key.js';

/**
 * What a request brings in its Authorization header to say who is asking. `name` stands for it where it is
 * remembered: a hash, so that nobody finds a credential in the memory of the process.
 */
export type Credential =
  | {
      readonly kind: 'api_key';
      readonly name: KeyHash;
      /** Whose the key has to be, where the request says so. */
      readonly applicationId?: string;
    }
  | { readonly kind: 'client_token'; readonly name: string; readonly token: string };

const authorizationShape = /^(Bearer|Basic) (\S+)$/i;
/** A JWT in compact form whose header begins with `{"`, and no longer than any of ours. */
const jwtShape = /^eyJ[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,200}$/;
const base64Shape = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * - `Bearer ww_…` (RFC 6750): an API key.
 * - `Bearer eyJ…`: a client token, as tokens/client-tokens.ts makes them.
 * - `Basic …` (RFC 7617): application id and API key, as OAuth libraries send a client's id and secret
 *   (RFC 6749 section 2.3.1).
 *
 * @returns undefined where it is none of them, and not worth a question to the database
 */
export function credentialOf(authorization: string | undefined): Credential | undefined {
  const [, scheme = '', text = ''] = authorizationShape.exec(authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'basic') return ofPair(text);
  const name = keyHashOf(text);
  if (name !== undefined) return { kind: 'api_key', name };
  if (!jwtShape.test(text)) return undefined;
  return {
    kind: 'client_token',
    name: sha256Base64(`watchword/client-token/${text}`),
    token: text,
  };
}

function ofPair(text: string): Credential | undefined {
  if (!base64Shape.test(text)) return undefined;
  const [, user = '', password = ''] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(text, 'base64').toString()) ?? [];
  const applicationId = unescaped(user);
  const name = keyHashOf(unescaped(password));
  return isIdOf('app', applicationId) && name !== undefined
    ? { kind: 'api_key', name, applicationId }
    : undefined;
}

/** OAuth has both parts form-encoded first, and libraries disagree about which signs need it. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return '';
  }
}
