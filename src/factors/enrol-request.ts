import type { Caller } from '../applications/application.js';
import { readPhoneNumber } from '../delivery/phone-number.js';
import { WatchwordError } from '../errors.js';
import { ACCOUNT_NAME_CHARACTERS, type EnrolBody } from './factors.schemas.js';
import type { EnrolRequest } from './factors.service.js';

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
  return {
    name,
    proof,
    type: 'totp',
    totp: {
      issuer: body.issuer ?? caller.application.realmName,
      accountName: body.account_name ?? shortened(userId),
      secret: body.secret,
      algorithm: body.algorithm,
      digits: body.digits,
      periodSeconds: body.period,
    },
  };
}

/** Only shown: a user id too long for a QR code loses its end, not the enrolment. */
function shortened(userId: string): string {
  return userId.slice(0, ACCOUNT_NAME_CHARACTERS).replace(/[\ud800-\udbff]$/, '');
}
