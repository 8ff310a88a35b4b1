/** Phones in software: what was sent to them, by the console provider's inbox. */
import { Dispatcher } from '../../src/delivery/dispatcher.js';
import type { CallOptions, TestApplication } from './application.js';

interface Received {
  readonly to: string;
  readonly body: string;
  readonly channel: string;
}

/** Everything sent, the latest first. */
export async function inbox(service: TestApplication): Promise<Received[]> {
  await service.app.get(Dispatcher).settled();
  const { body } = await service.call('GET', '/dev/inbox', undefined, { key: '' });
  return body.data as Received[];
}

/** The code that a number got last; undefined where it got none. */
export async function codeAt(
  service: TestApplication,
  number: string,
): Promise<string | undefined> {
  const message = (await inbox(service)).find(({ to }) => to === number);
  if (message?.channel === 'voice')
    return message.body.match(/(?:\d, )+\d/)?.[0].replace(/, /g, '');
  return message?.body.match(/\d{6,10}/)?.[0];
}

export async function codesAt(service: TestApplication, number: string): Promise<number> {
  return (await inbox(service)).filter(({ to }) => to === number).length;
}

/** A six-digit code that is surely not the right one. */
export function otherThan(code: string | undefined): string {
  return String((Number(code) + 1) % 1_000_000).padStart(6, '0');
}

export const challengeFor = (phone: string) => ({ type: 'phone', phone, purpose: 'login' });

/** Opens a login by number. */
export async function openLogin(
  service: TestApplication,
  phone: string,
  extra: Record<string, unknown> = {},
  options: CallOptions = {},
): Promise<string> {
  const answer = await service.call(
    'POST',
    '/v1/challenges',
    { ...challengeFor(phone), ...extra },
    options,
  );
  if (answer.status !== 201) throw new Error(`a challenge was answered ${answer.text}`);
  return answer.body.id as string;
}

export function verify(
  service: TestApplication,
  challenge: string,
  code: string | undefined,
  options: CallOptions = {},
) {
  return service.call('POST', `/v1/challenges/${challenge}/verify`, { code }, options);
}

/** Enrols a phone and activates it. @returns the factor's id */
export async function enrolPhone(
  service: TestApplication,
  userId: string,
  phone: string,
  extra: Record<string, unknown> = {},
  options: CallOptions = {},
): Promise<string> {
  const body = { type: 'phone', phone, ...extra };
  const enrolled = await service.call('POST', `/v1/users/${userId}/factors`, body, options);
  if (enrolled.status !== 201) throw new Error(`an enrolment was answered ${enrolled.text}`);
  const id = enrolled.body.id as string;
  const code = await codeAt(service, phone);
  const active = await service.call('POST', `/v1/factors/${id}/activate`, { code }, options);
  if (active.status !== 200) throw new Error(`an activation was answered ${active.text}`);
  return id;
}

/** US numbers one after another, no two of which share a prefix: 800 of an area code. */
export function phoneBook(area: string): () => string {
  let exchange = 199;
  return () => `+1${area}${++exchange}0123`;
}
