import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

const local = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;
/** An address is nobody's to point elsewhere, so no name can be bound anew to reach it. */
const address = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

type Asked = Pick<FastifyRequest, 'headers'>;

/**
 * Whether a browser that asked by this name meant this service: by loopback, by an address, or by the public
 * URL's host. A foreign site may have its own name lead to this machine (DNS rebinding) and would then read
 * as its own what stands here; the name in the address is still the site's.
 */
export function isOwnHost({ headers: { host = '' } }: Asked, publicUrl: string): boolean {
  return address.test(host) || isMeant(host, publicUrl);
}

/**
 * Whether the request comes from this machine and was meant for it. The connection counts and not what a
 * proxy says of it, which somebody else could say as well. The weakness: a proxy or a tunnel on this machine
 * that puts `localhost` or the public URL's host into the requests of others lets those in.
 */
export function isLocal(
  { headers, raw }: Pick<FastifyRequest, 'headers' | 'raw'>,
  publicUrl: string,
): boolean {
  const peer = raw.socket.remoteAddress ?? '';
  if (!ipaddr.isValid(peer) || ipaddr.process(peer).range() !== 'loopback') return false;
  return isMeant(headers.host ?? '', publicUrl);
}

/** Scheme and host that the browser has asked, of a request that `isOwnHost`. */
export function originAsked(
  { headers: { host = '' }, protocol }: Pick<FastifyRequest, 'headers' | 'protocol'>,
  publicUrl: string,
): string {
  const { host: known, origin } = new URL(publicUrl);
  return host.toLowerCase() === known ? origin : `${protocol}://${host.toLowerCase()}`;
}

function isMeant(host: string, publicUrl: string): boolean {
  return local.test(host) || host.toLowerCase() === new URL(publicUrl).host;
}
