/** Proofs that a device is remembered by, and what is done with its token. */
import type { Answer, CallOptions, TestApplication } from './application.js';
import type { Authenticator } from './authenticator.js';

export interface RememberedDevice {
  readonly id: string;
  readonly token: string;
  readonly expires_at: string;
}

const at = (userId: string, rest: string) => `/v1/users/${encodeURIComponent(userId)}/${rest}`;

/** Logs in half a minute later, so that the code is a new one. */
export function logIn(
  service: TestApplication,
  app: Authenticator,
  body: Record<string, unknown> = {},
  options: CallOptions = {},
): Promise<Answer> {
  service.clock.advance(30);
  return service.call('POST', at(app.userId, 'verify'), { code: app.code(), ...body }, options);
}

/** Logs in and has the device remembered. */
export async function remember(
  service: TestApplication,
  app: Authenticator,
  options: CallOptions = {},
): Promise<RememberedDevice> {
  const answer = await logIn(service, app, { remember_device: true }, options);
  if (answer.body.device === undefined) throw new Error(`the login was answered ${answer.text}`);
  return answer.body.device as RememberedDevice;
}

export const check = (
  service: TestApplication,
  userId: string,
  token: string,
  options: CallOptions = {},
) => service.call('POST', at(userId, 'devices/check'), { device_token: token }, options);

export const listDevices = async (
  service: TestApplication,
  userId: string,
  options: CallOptions = {},
) =>
  (await service.call('GET', at(userId, 'devices'), undefined, options)).body.data as {
    id: string;
    factor: { id: string };
  }[];

/** Why devices of a user's have ended, in their order. */
export async function endsOf(service: TestApplication, userId: string): Promise<string[]> {
  const { body } = await service.call('GET', `/v1/audit?user_id=${encodeURIComponent(userId)}`);
  return (body.data as { type: string; detail: { reason: string } }[])
    .filter(({ type }) => type === 'device.ended')
    .map(({ detail }) => detail.reason);
}
