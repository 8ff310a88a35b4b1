import type { ErrorEntry } from './entry.js';

/** What keeps somebody from being locked out. */
export const recoveryErrors = {
  recovery_codes_need_factor: {
    status: 409,
    title: 'Recovery codes stand in for a factor that the user has not got',
    detail: 'Enrol an authenticator app, a phone, a token or a security key first.',
  },
} as const satisfies Record<string, ErrorEntry>;
