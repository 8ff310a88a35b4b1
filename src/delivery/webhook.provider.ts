/**
 * Any vendor: a signed JSON POST to the operator's own address, as Standard Webhooks describes it
 * (https://www.standardwebhooks.com). 2xx takes the message, `{"id": …}` in the answer is kept; 422 says that
 * the number cannot be reached; anything else that it was not taken.
 */
import { Webhook } from 'standardwebhooks';
import type { Config } from '../config.js';
import type { Channel } from './channel.js';
import { ProviderError, refusalOf, unanswered, type Letter, type Provider } from './provider.js';

const UNREACHABLE_NUMBER = 422;
const ID_CHARACTERS = 255;

type WebhookConfig = Required<Pick<Config, 'publicUrl' | 'webhookUrl' | 'webhookSecret'>>;

export class WebhookProvider implements Provider {
  readonly name = 'webhook';
  private readonly webhook: Webhook;

  constructor(
    private readonly config: WebhookConfig,
    private readonly now: () => Date,
  ) {
    this.webhook = new Webhook(config.webhookSecret ?? '');
  }

  carries(_channel: Channel): boolean {
    return true;
  }

  async send(letter: Letter, signal: AbortSignal): Promise<string | null> {
    const body = JSON.stringify({
      id: letter.id,
      channel: letter.channel,
      to: letter.to,
      country: letter.country,
      text: letter.text,
      language: letter.language,
      code: letter.code,
      expires_at: letter.expiresAt.toISOString(),
      status_url: `${this.config.publicUrl}/v1/callbacks/webhook/${letter.id}`,
    });
    const now = this.now();
    const answer = await fetch(this.config.webhookUrl ?? '', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'webhook-id': letter.id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': this.webhook.sign(letter.id, now, body),
      },
      body,
      redirect: 'error',
      signal,
    }).catch((error: unknown) => {
      throw unanswered(error);
    });
    if (answer.status === UNREACHABLE_NUMBER) throw new ProviderError('number', 'webhook 422');
    if (!answer.ok) throw new ProviderError(refusalOf(answer.status), `webhook ${answer.status}`);
    // It is taken, whatever becomes of the rest of the answer.
    const said: unknown = await answer.json().catch(() => undefined);
    return idOf(said);
  }
}

function idOf(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null || !('id' in answer)) return null;
  return typeof answer.id === 'string' ? answer.id.slice(0, ID_CHARACTERS) : null;
}
