/** What an operator says of an application's factors, and proofs of a phone under it. */
import { operations } from '../../src/operator/operations.js';
import type { Answer, Registered, TestApplication } from './application.js';
import { codeAt } from './phones.js';

export interface Rules {
  readonly factorTypes?: readonly string[];
  /** Null: all. */
  readonly aal2Types?: readonly string[] | null;
  readonly enrolProofSeconds?: number | null;
}

/** Changes the rules as the command line does. */
export async function setRules(
  service: TestApplication,
  { application: { id } }: Registered,
  rules: Rules,
): Promise<void> {
  await operations['applications.update'](service.app, { id, ...rules });
}

/** Whose phone is proved to whom. */
export interface PhoneOwner {
  readonly key: string;
  readonly userId: string;
  readonly number: string;
}

/** Has a code sent to a user's phone, a minute after whatever was before. @returns the challenge and its code */
export async function textCode(
  service: TestApplication,
  { key, userId: user_id, number }: PhoneOwner,
  asked: Record<string, unknown> = {},
): Promise<{ readonly id: string; readonly code: string | undefined }> {
  service.clock.advance(60);
  const body = { type: 'phone', user_id, ...asked };
  const opened = await service.call('POST', '/v1/challenges', body, { key });
  if (opened.status !== 201) throw new Error(`a challenge was answered ${opened.text}`);
  return { id: opened.body.id as string, code: await codeAt(service, number) };
}

/** Proves a user's phone beside a password. */
export async function provePhone(
  service: TestApplication,
  owner: PhoneOwner,
  body: Record<string, unknown> = {},
): Promise<Answer> {
  const { id, code } = await textCode(service, owner, { first_factor: ['pwd'] });
  const path = `/v1/challenges/${id}/verify`;
  return service.call('POST', path, { code, ...body }, { key: owner.key });
}
