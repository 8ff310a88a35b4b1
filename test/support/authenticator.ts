/** An authenticator app in software: it knows a secret and shows the code of a moment. */
import { decodeSecret } from '../../src/otp/secret.js';
import { stepAt, totp } from '../../src/otp/totp.js';
import type { TotpParameters } from '../../src/otp/algorithm.js';
import type { TestApplication, CallOptions } from './application.js';

export interface Authenticator {
  readonly userId: string;
  readonly factorId: string;
  readonly secret: string;
  /** The code shown now, or some steps away from now. */
  code(stepsAway?: number): string;
}

interface EnrolmentOptions extends CallOptions {
  readonly parameters?: Partial<TotpParameters>;
  readonly body?: Record<string, unknown>;
}

/** Begins an enrolment and gives the app that scanned it. */
export async function scan(
  service: TestApplication,
  userId: string,
  { body = {}, ...options }: EnrolmentOptions = {},
): Promise<Authenticator> {
  const path = `/v1/users/${encodeURIComponent(userId)}/factors`;
  const answer = await service.call('POST', path, { type: 'totp', ...body }, options);
  if (answer.status !== 201)
    throw new Error(`enrolment was answered ${answer.status}: ${answer.text}`);
  const uri = new URL(answer.body.totp.uri as string);
  const secret = answer.body.totp.secret as string;
  const parameters = {
    algorithm: uri.searchParams.get('algorithm'),
    digits: Number(uri.searchParams.get('digits')),
    periodSeconds: Number(uri.searchParams.get('period')),
  } as TotpParameters;
  return {
    userId,
    factorId: answer.body.id as string,
    secret,
    code: (stepsAway = 0) => {
      const step = stepAt(service.clock.now(), parameters.periodSeconds) + stepsAway;
      return totp(decodeSecret(secret), step, parameters);
    },
  };
}

/** Enrols and activates; the clock then stands where the activation's code is spent. */
export async function enrol(
  service: TestApplication,
  userId: string,
  options: EnrolmentOptions = {},
): Promise<Authenticator> {
  const app = await scan(service, userId, options);
  const path = `/v1/factors/${app.factorId}/activate`;
  const answer = await service.call('POST', path, { code: app.code() }, options);
  if (answer.status !== 200)
    throw new Error(`activation was answered ${answer.status}: ${answer.text}`);
  return app;
}
