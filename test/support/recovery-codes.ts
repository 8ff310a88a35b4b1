/** Users with recovery codes. */
import type { CallOptions, TestApplication } from './application.js';
import { enrol, type Authenticator } from './authenticator.js';

export interface Recoverable {
  readonly app: Authenticator;
  readonly setId: string;
  readonly codes: readonly string[];
}

/** A user with an authenticator app and a set of recovery codes. */
export async function enrolRecoverable(
  service: TestApplication,
  userId: string,
  options: CallOptions = {},
): Promise<Recoverable> {
  const app = await enrol(service, userId, options);
  return { app, ...(await newSet(service, userId, {}, options)) };
}

/** A new set, which voids the one before. */
export async function newSet(
  service: TestApplication,
  userId: string,
  body: Record<string, unknown> = {},
  options: CallOptions = {},
): Promise<Omit<Recoverable, 'app'>> {
  const path = `/v1/users/${userId}/factors`;
  const answer = await service.call('POST', path, { type: 'recovery_code', ...body }, options);
  if (answer.status !== 201) throw new Error(`no codes were made: ${answer.text}`);
  return {
    setId: answer.body.id as string,
    codes: answer.body.recovery_code.codes as string[],
  };
}
