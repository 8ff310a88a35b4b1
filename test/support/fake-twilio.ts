/**
 * Twilio's REST API as it is published: form bodies, basic authentication, SIDs, its error bodies, and
 * signed status callbacks. The signature is made here by its published recipe, not by the SDK that
 * checks it. https://www.twilio.com/docs/usage/security#validating-requests
 */
import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import published from './twilio-requests.json' with { type: 'json' };

export const ACCOUNT_SID = `AC${'ab'.repeat(16)}`;
export const AUTH_TOKEN = 'a token of 32 characters, perhaps';
export const FROM = '+14155550100';

export interface TwilioRequest {
  readonly kind: 'Messages' | 'Calls';
  readonly parameters: Readonly<Record<string, string>>;
  readonly sid: string;
}

/** What the server does instead of taking a request. */
export type Mood =
  | 'well'
  | 'resetting'
  /** Takes the request, and never answers. */
  | 'hanging'
  /** Takes the request, and breaks the connection before the answer. */
  | 'mute'
  | { readonly status: number; readonly code: number; readonly message?: string };

export interface FakeTwilio {
  readonly url: string;
  readonly requests: TwilioRequest[];
  mood: Mood;
  /** Moods by number, before that of all. */
  readonly moodOf: Map<string, Mood>;
  /** Connections that hang are let go. */
  close(): Promise<void>;
  /** What the service's environment needs to use it. */
  readonly environment: Record<string, string>;
}

export async function startFakeTwilio(): Promise<FakeTwilio> {
  const requests: TwilioRequest[] = [];
  const moodOf = new Map<string, Mood>();
  const server = createServer((request, answer) => {
    // A client that gives up in the middle of its request is no failure of the server's.
    take(request, answer).catch(() => answer.destroy());
  });
  const fake = { requests, moodOf, mood: 'well' as Mood };

  async function take(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const parameters = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
    const refusal = refusalOf(request, parameters);
    if (refusal !== undefined) {
      refuse(answer, refusal);
      return;
    }
    const to = (parameters['To'] ?? '').replace(/^whatsapp:/, '');
    const mood = moodOf.get(to) ?? fake.mood;
    if (mood === 'resetting') {
      request.socket.resetAndDestroy();
      return;
    }
    if (typeof mood === 'object') {
      refuse(answer, mood);
      return;
    }
    const kind = kindOf(request) ?? 'Messages';
    const sid = `${kind === 'Calls' ? 'CA' : 'SM'}${randomBytes(16).toString('hex')}`;
    requests.push({ kind, parameters, sid });
    if (mood === 'hanging') return;
    if (mood === 'mute') {
      request.socket.resetAndDestroy();
      return;
    }
    json(answer, 201, {
      sid,
      account_sid: ACCOUNT_SID,
      api_version: '2010-04-01',
      to: parameters['To'],
      from: parameters['From'] ?? null,
      body: parameters['Body'] ?? null,
      messaging_service_sid: parameters['MessagingServiceSid'] ?? null,
      status: 'queued',
      error_code: null,
      error_message: null,
      direction: 'outbound-api',
      date_created: 'Tue, 01 Jan 2030 12:00:00 +0000',
      uri: (request.url ?? '').replace('.json', `/${sid}.json`),
    });
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(fake, {
    url,
    environment: {
      WATCHWORD_SMS_PROVIDERS: 'twilio',
      WATCHWORD_SMS_COUNTRIES: 'US',
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      TWILIO_FROM: FROM,
      TWILIO_API_BASE_URL: url,
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** The signature that Twilio puts into `X-Twilio-Signature` for a form sent to an address. */
export function signatureOf(url: string, form: Readonly<Record<string, string>>): string {
  const names = Object.keys(form).sort();
  const text = url + names.map((name) => name + (form[name] ?? '')).join('');
  return createHmac('sha1', AUTH_TOKEN).update(text).digest('base64');
}

/** A status callback as Twilio sends it, to be handed to the service. */
export function callback(statusCallback: string, form: Readonly<Record<string, string>>) {
  return {
    path: new URL(statusCallback).pathname,
    body: new URLSearchParams(form).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': signatureOf(statusCallback, form),
    },
  };
}

function kindOf(request: IncomingMessage): 'Messages' | 'Calls' | undefined {
  const path = new RegExp(`^/2010-04-01/Accounts/${ACCOUNT_SID}/(Messages|Calls)\\.json$`);
  return path.exec(request.url ?? '')?.[1] as 'Messages' | 'Calls' | undefined;
}

function refusalOf(request: IncomingMessage, parameters: Record<string, string>) {
  const kind = kindOf(request);
  if (kind === undefined || request.method !== 'POST') return { status: 404, code: 20404 };
  const credentials = Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString('base64');
  if (request.headers.authorization !== `Basic ${credentials}`) return { status: 401, code: 20003 };
  if (request.headers['content-type']?.split(';')[0] !== 'application/x-www-form-urlencoded')
    return { status: 415, code: 20001 };
  const { required, parameters: known } = published[kind];
  const unknown = Object.keys(parameters).filter((name) => !(name in known));
  const missing = required.filter((name) => !(name in parameters));
  if (unknown.length > 0 || missing.length > 0) return { status: 400, code: 20001 };
  if (kind === 'Messages' && !('From' in parameters || 'MessagingServiceSid' in parameters))
    return { status: 400, code: 21603 };
  if (kind === 'Messages' && !('Body' in parameters || 'ContentSid' in parameters))
    return { status: 400, code: 21602 };
  return undefined;
}

function refuse(
  answer: ServerResponse,
  { status, code, message = 'refused' }: { status: number; code: number; message?: string },
): void {
  const more_info = `https://www.twilio.com/docs/errors/${code}`;
  json(answer, status, { code, message, more_info, status });
}

function json(answer: ServerResponse, status: number, body: unknown): void {
  answer.writeHead(status, { 'Content-Type': 'application/json' });
  answer.end(JSON.stringify(body));
}
