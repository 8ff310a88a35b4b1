/** Requests as a proxy hands them on to be judged: what a browser has sent, and what the proxy says of it. */
import type { Answer, TestApplication } from './application.js';

export interface Forwarded {
  readonly cookie?: string;
  readonly bearer?: string;
  readonly query?: string;
  /** Headers beside the proxy's; undefined takes one of those away. */
  readonly headers?: Record<string, string | undefined>;
}

/** Asks as a proxy would for a page of https://shop.example that somebody opens by its address. */
export function forwardAuth(
  service: TestApplication,
  { cookie, bearer, query = '', headers = {} }: Forwarded,
): Promise<Answer> {
  const told: Record<string, string | undefined> = {
    'x-forwarded-method': 'GET',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'shop.example',
    cookie: cookie === undefined ? undefined : `theme=dark; __Host-watchword=${cookie}`,
    authorization: bearer === undefined ? undefined : `Bearer ${bearer}`,
    ...headers,
  };
  const sent = Object.entries(told).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return service.call('GET', `/v1/forward-auth${query}`, undefined, {
    key: '',
    headers: Object.fromEntries(sent),
  });
}
