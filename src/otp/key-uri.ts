import { TOTP } from 'otpauth';
import type { TotpParameters } from './algorithm.js';
import { otpauthSecret } from './secret.js';

export interface KeyUriContent {
  /** The service's name, shown above the code. Better without a colon, see `keyUri`. */
  issuer: string;
  /** The user's name at the service. */
  accountName: string;
  secret: Uint8Array;
  parameters: TotpParameters;
}

/**
 * The URI an authenticator app enrols from, in Google Authenticator's key URI format:
 * `otpauth://totp/Issuer:account?issuer=…&secret=…&algorithm=…&digits=…&period=…`. All parameters
 * are written out, the defaults too, so that what is shown is what is verified (S6).
 *
 * The label's first literal colon separates issuer and account; a colon inside either is written
 * %3A. Apps that decode before they split then show part of such an issuer with the account, but
 * still read the right issuer from the parameter. A half surrogate, which no URI can carry, becomes
 * U+FFFD.
 */
export function keyUri({ issuer, accountName, secret, parameters }: KeyUriContent): string {
  // otpauth writes the format right: encodeURIComponent gives %20, never +, and %3A for a colon.
  return new TOTP({
    issuer: wellFormed(issuer),
    label: wellFormed(accountName),
    secret: otpauthSecret(secret),
    algorithm: parameters.algorithm,
    digits: parameters.digits,
    period: parameters.periodSeconds,
  }).toString();
}

// encodeURIComponent throws at a half surrogate, and JSON can carry one: a 500 for the asking.
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
