import type { Caller } from '../applications/application.js';
import { readPhoneNumber } from '../delivery/phone-number.js';
import { WatchwordError } from '../errors.js';
import { defaultTotpParameters } from '../otp/algorithm.js';
import { LOOK_AHEAD } from '../otp/hotp-window.js';
import { ACCOUNT_NAME_CHARACTERS, type EnrolBody } from './factors.schemas.js';
import type { HotpRequest } from './hotp.method.js';
import type { PhoneRequest } from './phone.method.js';
import type { TotpRequest } from './totp.method.js';
import type { WebauthnRequest } from './webauthn.method.js';

export type EnrolRequest = {
  readonly name: string | undefined;
  /** An access token of this user, where the application wants a fresh one. */
  readonly proof: string | undefined;
} & (
  | { readonly type: 'totp'; readonly totp: TotpRequest }
  | { readonly type: 'hotp'; readonly hotp: HotpRequest }
  | { readonly type: 'serial'; readonly serial: string }
  | { readonly type: 'phone'; readonly phone: PhoneRequest }
  | { readonly type: 'webauthn'; readonly webauthn: WebauthnRequest }
  | { readonly type: 'recovery_code' }
);

/**
 * The body with its defaults filled in: what an authenticator app will show, which number is meant.
 *
 * @throws WatchwordError `phone_invalid`
 */
export function enrolRequest(caller: Caller, userId: string, body: EnrolBody): EnrolRequest {
  const { name, proof } = body;
  if (body.type === 'phone') {
    const number = readPhoneNumber(body.phone);
    if (number === undefined) throw new WatchwordError('phone_invalid');
    const { channel, replaces } = body;
    return { name, proof, type: 'phone', phone: { number, channel, replaces } };
  }
  if (body.type === 'webauthn') {
    const accountName = body.account_name ?? shortened(userId);
    return { name, proof, type: 'webauthn', webauthn: { accountName } };
  }
  if (body.type === 'recovery_code') return { name, proof, type: 'recovery_code' };
  if (body.type === 'hotp') {
    if (body.secret === undefined)
      return { name, proof, type: 'serial', serial: body.serial ?? '' };
    const { algorithm, digits } = defaultTotpParameters;
    const { secret, counter = 0, look_ahead: lookAhead = LOOK_AHEAD } = body;
    const hotp = { secret, counter, lookAhead, algorithm: body.algorithm ?? algorithm };
    return { name, proof, type: 'hotp', hotp: { ...hotp, digits: body.digits ?? digits } };
  }
  return {
    name,
    proof,
    type: 'totp',
    totp: {
      issuer: body.issuer ?? caller.application.realmName,
      accountName: body.account_name ?? shortened(userId),
      hardware: body.hardware,
      secret: body.secret,
      algorithm: body.algorithm,
      digits: body.digits,
      periodSeconds: body.period,
    },
  };
}

/** Whether it takes the place of a factor that the user has. */
export function isReplacement(request: EnrolRequest): boolean {
  return request.type === 'phone' && request.phone.replaces !== undefined;
}

/** Only shown: a user id too long for a QR code loses its end, not the enrolment. */
function shortened(userId: string): string {
  return userId.slice(0, ACCOUNT_NAME_CHARACTERS).replace(/[\ud800-\udbff]$/, '');
}
