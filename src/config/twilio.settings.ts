/** An account with Twilio. */
import { z } from 'zod';
import { optionalText, setting, table } from './setting.js';

const sid = (prefix: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}[0-9a-f]{32}$`), `must be "${prefix}" and 32 hexadecimal digits`)
    .optional();
/** A number, a short code, or a name of up to 11 characters. */
const sender = z
  .string()
  .regex(/^(\+?\d{3,15}|[A-Za-z0-9 ]{1,11})$/, 'must be a number, a short code or a sender name');

export const twilioSettings = {
  twilioAccountSid: setting('TWILIO_ACCOUNT_SID', sid('AC'), undefined, 'Twilio account.'),
  twilioAuthToken: setting(
    'TWILIO_AUTH_TOKEN',
    optionalText,
    undefined,
    'Its auth token, which also checks the status callbacks.',
    true,
  ),
  twilioFrom: setting('TWILIO_FROM', sender.optional(), undefined, 'Sender of messages and calls.'),
  twilioMessagingServiceSid: setting(
    'TWILIO_MESSAGING_SERVICE_SID',
    sid('MG'),
    undefined,
    'Messaging service that chooses the sender, instead of TWILIO_FROM.',
  ),
  twilioSenders: setting(
    'TWILIO_FROM_BY_COUNTRY',
    table(/^[A-Z]{2}$/, sender, 'GB=Acme'),
    undefined,
    'Sender by country: `GB=Acme,US=+14155550100`.',
  ),
  twilioWhatsappFrom: setting(
    'TWILIO_WHATSAPP_FROM',
    z
      .string()
      .regex(/^\+\d{6,15}$/, 'must be an E.164 number')
      .optional(),
    undefined,
    'WhatsApp sender; unset: no codes by WhatsApp.',
  ),
  twilioWhatsappContentSid: setting(
    'TWILIO_WHATSAPP_CONTENT_SID',
    sid('HX'),
    undefined,
    'Approved WhatsApp template of the category authentication; its variable 1 is the code.',
  ),
  twilioApiBaseUrl: setting(
    'TWILIO_API_BASE_URL',
    z.url({ protocol: /^https?$/ }).optional(),
    undefined,
    'Another host than api.twilio.com: a proxy, or a stand-in for tests.',
  ),
} as const;
