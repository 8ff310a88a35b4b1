/**
 * Where an application may have a browser sent back to, and which of its origins may frame the pages. Both are
 * compared as texts, character by character (RFC 9700 section 2.1), so only texts of which there is one spelling
 * are registered: what two readers could take for two addresses is refused here.
 */

/** Hosts that are this machine whatever a name server says (RFC 8252 section 7.3, RFC 6761 section 6.3). */
const loopback = new Set(['localhost', '127.0.0.1']);
/** A policy's list of sources (CSP) takes any other sign for something of its own. */
const hostShape = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.?$/;
/** Members that are added on the way back: an address must not bring its own. */
const ours = ['code', 'state', 'iss', 'error'];
const LONGEST = 2000;

/**
 * What is wrong with an address to send browsers back to.
 *
 * @returns a sentence for the operator; undefined where it may be registered
 */
export function faultOfRedirectUri(text: string): string | undefined {
  if (!URL.canParse(text)) return sentence(text, 'it is no address');
  const url = new URL(text);
  const fault = faultOf(url);
  if (fault !== undefined) return sentence(text, fault);
  if (text.length > LONGEST) return sentence(text, `it is longer than ${LONGEST} characters`);
  if (text.includes('#')) return sentence(text, 'it has a fragment');
  if (ours.some((name) => url.searchParams.has(name)))
    return sentence(text, `its query names one of ${ours.join(', ')}, which are added to it`);
  if (url.href !== text) return sentence(text, `it has to be written ${url.href}`);
  return undefined;
}

/** The same for an origin that may frame the pages: `https://app.example`, no path. */
export function faultOfFrameOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return sentence(text, 'it is no origin');
  const url = new URL(text);
  const fault = faultOf(url);
  if (fault !== undefined) return sentence(text, fault);
  return url.origin === text ? undefined : sentence(text, `it has to be written ${url.origin}`);
}

function faultOf({ protocol, hostname, username, password }: URL): string | undefined {
  if (username !== '' || password !== '') return 'it names a user';
  if (!hostShape.test(hostname)) return 'its host is no name and no IPv4 address';
  if (protocol === 'https:') return undefined;
  // Codes would travel in the open; on loopback they do not travel.
  if (protocol === 'http:' && loopback.has(hostname)) return undefined;
  return `it has to begin with https://, or with http:// and one of ${[...loopback].join(', ')}`;
}

function sentence(text: string, fault: string): string {
  return `"${text}" cannot be registered: ${fault}.`;
}
