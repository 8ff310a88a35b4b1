/** Logins that begin a session, and what is done with them. */
import type { Answer, CallOptions, TestApplication } from './application.js';
import type { Authenticator } from './authenticator.js';

export interface SessionToken {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly session_id: string;
  readonly session_expires_at: string;
}

/** Logs in half a minute later, so that the code is a new one, and begins a session. */
export async function begin(
  service: TestApplication,
  app: Authenticator,
  body: Record<string, unknown> = { session: 'refresh_token' },
  options: CallOptions = {},
): Promise<Answer> {
  service.clock.advance(30);
  const path = `/v1/users/${encodeURIComponent(app.userId)}/verify`;
  const answer = await service.call('POST', path, { code: app.code(), ...body }, options);
  if (answer.status !== 200) throw new Error(`the login was answered ${answer.text}`);
  return answer;
}

export const refresh = (service: TestApplication, token: string, options: CallOptions = {}) =>
  service.call('POST', '/v1/tokens/refresh', { refresh_token: token }, options);

export const introspect = (service: TestApplication, token: string, options: CallOptions = {}) =>
  service.call('POST', '/v1/tokens/introspect', { token }, options);

/** The claims of a token, unchecked. */
export function claimsOf(token: string): Record<string, unknown> {
  const [, part = ''] = token.split('.');
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

/** The value of the session's cookie that an answer sets. */
export function cookieOf({ headers }: Answer): string {
  return /^__Host-watchword=([^;]+)/.exec(String(headers['set-cookie']))?.[1] ?? '';
}
