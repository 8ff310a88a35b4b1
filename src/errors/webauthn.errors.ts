import type { ErrorEntry } from './entry.js';

/** Security keys and passkeys. */
export const webauthnErrors = {
  answer_mismatched: {
    status: 400,
    title: 'This is proved another way',
    detail:
      'Send "response" for a security key, as the browser gave it, and "code" for everything else.',
  },
  security_key_in_use: {
    status: 409,
    title: 'This security key is enrolled already',
    detail: 'Use another key; or revoke the factor that this one is, and enrol it anew.',
  },
  security_key_missing: {
    status: 409,
    title: 'The user has no active security key',
    detail: 'Enrol one first, or ask for another type of factor.',
  },
  security_key_refused: {
    status: 422,
    title: 'The security key’s answer is not accepted',
    detail:
      'Have the user try again. "reason" names the part that is wrong; docs/security-keys.md says what to do about each.',
  },
} as const satisfies Record<string, ErrorEntry>;
