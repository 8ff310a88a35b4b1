/**
 * Whether a browser made a request for another site: what a cookie must not be good for (S100).
 *
 * Rules, of what proxies pass on:
 * - Sec-Fetch-Site (Fetch Metadata) is believed where a browser sent it: `same-origin` and `none`, which is
 *   a typed address or a bookmark, pass; anything else passes for reading alone and as a whole page alone,
 *   which is what a link is.
 * - Where there is none, Origin (RFC 6454) has to be this host's own.
 * - Where there is neither, reading passes, for a browser always says the origin of a writing request.
 * - A method that the proxy does not tell counts as writing.
 */
export interface BrowserRequest {
  readonly method: string | undefined;
  /** Scheme and host that the browser has asked. */
  readonly origin: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

export function isCrossSite({ method, origin, headers }: BrowserRequest): boolean {
  const isReading = method !== undefined && reading.has(method.toUpperCase());
  const site = headers['sec-fetch-site'];
  if (site !== undefined) {
    if (site === 'same-origin' || site === 'none') return false;
    const isPage = (headers['sec-fetch-dest'] ?? 'document') === 'document';
    return !(isReading && isPage && headers['sec-fetch-mode'] === 'navigate');
  }
  const from = headers['origin'];
  if (from !== undefined) return origin === undefined || from !== origin;
  return !isReading;
}
