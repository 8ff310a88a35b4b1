/** How many users, in how many applications, one browser is known for: the cookie stays below 1 kB. */
const MOST_TOKENS = 8;
/** The longest that an application's policy may be; what ends sooner is refused by its token. */
const COOKIE_SECONDS = 90 * 86_400;
const shape = /^wwd_[A-Za-z0-9_-]{1,128}$/;

/** The cookie by which the hosted pages know a browser again: the device tokens of its users, the newest first. */
export interface DeviceCookies {
  /** @returns none where there are two cookies: which of them is this service's, nobody knows */
  tokensOf(header: string | undefined): readonly string[];
  /** The Set-Cookie line. */
  line(tokens: readonly string[], isFramed: boolean): string;
}

/** `__Host-`, `SameSite` and frames: as page-cookie.ts has them, for its reasons (S97). */
export function deviceCookies(publicUrl: string): DeviceCookies {
  const isSecure = publicUrl.startsWith('https://');
  const name = isSecure ? '__Host-watchword-devices' : 'watchword-devices';
  return {
    tokensOf(header) {
      const values = (header ?? '')
        .split(';')
        .map((pair) => pair.trim())
        .filter((pair) => pair.startsWith(`${name}=`))
        .map((pair) => pair.slice(name.length + 1));
      const [value] = values;
      if (values.length !== 1 || value === undefined) return [];
      return value
        .split('.')
        .filter((token) => shape.test(token))
        .slice(0, MOST_TOKENS);
    },
    line(tokens, isFramed) {
      const site = isFramed ? 'SameSite=None; Secure; Partitioned' : 'SameSite=Lax';
      const secure = isSecure && !isFramed ? '; Secure' : '';
      const value = tokens.slice(0, MOST_TOKENS).join('.');
      return `${name}=${value}; Path=/; HttpOnly; Max-Age=${COOKIE_SECONDS}; ${site}${secure}`;
    },
  };
}
