/**
 * Twilio: messages (SMS and WhatsApp) and calls, by its own SDK, which is loaded at the first message.
 * What its error codes mean: https://www.twilio.com/docs/api/errors
 */
import type { Twilio } from 'twilio';
import type { Config } from '../config.js';
import type { Channel } from './channel.js';
import { ProviderError, refusalOf, unanswered, type Letter, type Provider } from './provider.js';

/** No mobile number, no number at all, or one that nothing can be routed to. */
const numberCodes = new Set([21211, 21214, 21217, 21219, 21401, 21407, 21421, 21614, 21635]);
const LONGEST_VALIDITY_SECONDS = 36_000;
const RING_SECONDS = 30;

type TwilioConfig = Pick<
  Config,
  | 'publicUrl'
  | 'twilioAccountSid'
  | 'twilioAuthToken'
  | 'twilioFrom'
  | 'twilioMessagingServiceSid'
  | 'twilioSenders'
  | 'twilioWhatsappFrom'
  | 'twilioWhatsappContentSid'
  | 'twilioApiBaseUrl'
>;

export class TwilioProvider implements Provider {
  readonly name = 'twilio';
  private client: Promise<Twilio> | undefined;

  constructor(
    private readonly config: TwilioConfig,
    private readonly timeoutMs: number,
    private readonly now: () => Date,
  ) {}

  carries(channel: Channel): boolean {
    if (channel === 'whatsapp') return this.config.twilioWhatsappFrom !== undefined;
    return channel === 'sms' || this.config.twilioFrom !== undefined;
  }

  async send(letter: Letter): Promise<string> {
    this.client ??= this.connect();
    const client = await this.client;
    try {
      const { sid } = await (letter.channel === 'voice'
        ? client.calls.create(this.call(letter))
        : client.messages.create(this.message(letter)));
      return sid;
    } catch (error) {
      throw this.explain(error);
    }
  }

  private message(letter: Letter) {
    const secondsLeft = Math.ceil((letter.expiresAt.getTime() - this.now().getTime()) / 1000);
    const common = {
      statusCallback: this.callback(letter),
      // Later it is of no use: Twilio then does not carry it.
      validityPeriod: Math.min(LONGEST_VALIDITY_SECONDS, Math.max(1, secondsLeft)),
    };
    if (letter.channel === 'whatsapp') return { ...common, ...this.whatsapp(letter) };
    const own = this.config.twilioSenders.get(letter.country);
    const service = this.config.twilioMessagingServiceSid;
    const sender =
      own === undefined && service !== undefined
        ? { messagingServiceSid: service }
        : { from: own ?? this.config.twilioFrom ?? '' };
    return { ...common, ...sender, to: letter.to, body: letter.text };
  }

  private whatsapp({ to, text, code }: Letter) {
    const contentSid = this.config.twilioWhatsappContentSid;
    const what =
      contentSid === undefined || code === undefined
        ? { body: text }
        : { contentSid, contentVariables: JSON.stringify({ '1': code }) };
    return {
      ...what,
      to: `whatsapp:${to}`,
      from: `whatsapp:${this.config.twilioWhatsappFrom ?? ''}`,
    };
  }

  private call(letter: Letter) {
    const { text, language } = letter;
    const say = `<Say language="${escaped(language)}">${escaped(text)}</Say>`;
    return {
      to: letter.to,
      from: this.config.twilioSenders.get(letter.country) ?? this.config.twilioFrom ?? '',
      twiml: `<Response><Pause length="1"/>${say}</Response>`,
      timeout: RING_SECONDS,
      statusCallback: this.callback(letter),
      statusCallbackEvent: ['completed'],
    };
  }

  private callback({ id }: Letter): string {
    return `${this.config.publicUrl}/v1/callbacks/twilio/${id}`;
  }

  private async connect(): Promise<Twilio> {
    const { twilioAccountSid, twilioAuthToken, twilioApiBaseUrl } = this.config;
    const { default: twilio } = await import('twilio');
    const { RebasedClient } = await import('./twilio-client.js');
    return twilio(twilioAccountSid, twilioAuthToken, {
      httpClient: new RebasedClient(twilioApiBaseUrl, this.timeoutMs),
    });
  }

  private explain(error: unknown): ProviderError {
    const { status, code } = error as { status?: unknown; code?: unknown };
    // Without a status it is no answer of Twilio's.
    if (typeof status !== 'number') return unanswered(error);
    const detail = typeof code === 'number' ? `twilio ${code}` : `twilio ${status}`;
    const isNumber = typeof code === 'number' && numberCodes.has(code);
    const refusal = isNumber ? 'number' : refusalOf(status);
    // The SDK's error holds the vendor's text, which repeats the number: it is not kept (S58).
    return new ProviderError(refusal, detail);
  }
}

function escaped(text: string): string {
  const entities: Record<string, string> = {
    '<': '&lt;',
    '>': '&gt;',
    '&': '&amp;',
    '"': '&quot;',
  };
  return text.replace(/[<>&"]/g, (character) => entities[character] ?? '');
}
