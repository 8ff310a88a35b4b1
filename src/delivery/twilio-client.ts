import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import { MOST_AT_ONCE } from './provider.js';

/** The SDK's HTTP client with a bounded wait, and with another host where one is configured. */
export class RebasedClient extends twilio.RequestClient {
  constructor(
    private readonly baseUrl: string | undefined,
    timeoutMs: number,
  ) {
    // It repeats nothing by itself: whether to ask again is decided where all providers are known.
    super({
      timeout: timeoutMs,
      autoRetry: false,
      keepAlive: true,
      maxSockets: MOST_AT_ONCE,
      maxTotalSockets: MOST_AT_ONCE,
    });
  }

  override request<Data>(options: RequestClient.RequestOptions<Data>) {
    if (this.baseUrl === undefined) return super.request<Data>(options);
    const { pathname, search } = new URL(options.uri);
    return super.request<Data>({ ...options, uri: new URL(pathname + search, this.baseUrl).href });
  }
}
