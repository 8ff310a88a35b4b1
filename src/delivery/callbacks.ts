/**
 * Status reports. Twilio signs the exact public address with every parameter, by the account's token
 * (https://www.twilio.com/docs/usage/security); the webhook's owner signs as Standard Webhooks does. What is
 * not signed is refused (S61), what is late or repeated changes nothing (S62).
 */
import { Inject, Injectable } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';
import { WatchwordError } from '../errors.js';
import type { MessageStatus } from './message.js';
import { MessagesRepository } from './messages.repository.js';

const statusOfTwilio: Readonly<Record<string, MessageStatus>> = {
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'undelivered',
  failed: 'failed',
  canceled: 'failed',
  // Calls: answered to the end, or nobody came to the phone.
  completed: 'delivered',
  busy: 'undelivered',
  'no-answer': 'undelivered',
};

const webhookReport = z.strictObject({
  status: z.enum(['sent', 'delivered', 'undelivered', 'failed']),
  // No room for a number in it (S58).
  detail: z
    .string()
    .regex(/^(?!.*\d{7})[\w .:-]{1,64}$/)
    .optional(),
});

/** A report as it came. */
export interface TwilioReport {
  readonly signature: string | undefined;
  /** Path and query of the request. */
  readonly url: string;
  readonly form: string;
}

@Injectable()
export class Callbacks {
  constructor(
    private readonly messages: MessagesRepository,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws WatchwordError `signature_invalid`; `not_found` where there is no such provider */
  async twilio(id: string, { signature, url, form }: TwilioReport): Promise<void> {
    const { twilioAuthToken, publicUrl } = this.config;
    if (twilioAuthToken === undefined) throw new WatchwordError('not_found');
    const { validateRequest } = await import('twilio/lib/webhooks/webhooks.js');
    const body = fieldsOf(form);
    // The address as Twilio knows it, with whatever query was hung on to it.
    const address = publicUrl + url;
    if (signature === undefined || !validateRequest(twilioAuthToken, signature, address, body))
      throw new WatchwordError('signature_invalid');
    const name = body['MessageStatus'] ?? body['CallStatus'];
    if (typeof name !== 'string') return;
    const status = statusOfTwilio[name];
    // Stages on the way there are no news.
    if (status === undefined) return;
    const errorCode = body['ErrorCode'];
    const detail = typeof errorCode === 'string' && /^\d{1,6}$/.test(errorCode) ? errorCode : name;
    const failure = status === 'undelivered' || status === 'failed' ? `twilio ${detail}` : null;
    await this.messages.report(id, 'twilio', status, failure, this.clock.now());
  }

  /** @throws WatchwordError `signature_invalid`, `invalid_request`; `not_found` as above */
  async webhook(id: string, headers: Record<string, string>, text: string): Promise<void> {
    const { webhookSecret } = this.config;
    if (webhookSecret === undefined) throw new WatchwordError('not_found');
    if (headers['webhook-id'] !== id || !isSigned(webhookSecret, text, headers))
      throw new WatchwordError('signature_invalid');
    const report = webhookReport.safeParse(readJson(text));
    if (!report.success)
      throw new WatchwordError('invalid_request', {
        errors: [{ path: 'status', message: 'must be sent, delivered, undelivered or failed' }],
      });
    const { status, detail = status } = report.data;
    const failure = status === 'undelivered' || status === 'failed' ? `webhook ${detail}` : null;
    await this.messages.report(id, 'webhook', status, failure, this.clock.now());
  }
}

/** A form's fields; a name that stands twice has several values, all of which are signed. */
function fieldsOf(form: unknown): Record<string, string | string[]> {
  const parameters = new URLSearchParams(typeof form === 'string' ? form : '');
  const fields = [...new Set(parameters.keys())].map((name) => {
    const values = parameters.getAll(name);
    return [name, values.length > 1 ? values : (values[0] ?? '')] as const;
  });
  return Object.fromEntries(fields);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isSigned(secret: string, text: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(text, headers);
    return true;
  } catch {
    return false;
  }
}
