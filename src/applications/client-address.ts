import ipaddr from 'ipaddr.js';

const IPV6_NETWORK_BITS = 64;

/**
 * The bucket an address falls into: IPv4 as it is, IPv6 by its /64, since a customer is given at least
 * that much; an IPv4 address mapped into IPv6 is the IPv4 address (S37).
 */
export function addressBucket(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(
    `${parsed.toNormalizedString()}/${IPV6_NETWORK_BITS}`,
  );
  return `${network.toString()}/${IPV6_NETWORK_BITS}`;
}
