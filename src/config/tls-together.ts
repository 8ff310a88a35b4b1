import type { Config } from '../config.js';

type TlsConfig = Pick<
  Config,
  | 'tlsCert'
  | 'tlsKey'
  | 'tlsClientCa'
  | 'tlsClientCrl'
  | 'tlsClientCertHeader'
  | 'trustedProxies'
  | 'publicUrl'
>;

/** What is wrong with values about TLS that are each right by themselves (S109). */
export function tlsUnfit(config: TlsConfig): string[] {
  const { tlsCert, tlsKey, tlsClientCa, tlsClientCrl, tlsClientCertHeader: header } = config;
  const problems: string[] = [];
  if (tlsCert !== undefined && tlsKey === undefined)
    problems.push('WATCHWORD_TLS_KEY: must be set with WATCHWORD_TLS_CERT');
  if (tlsKey !== undefined && tlsCert === undefined)
    problems.push('WATCHWORD_TLS_CERT: must be set with WATCHWORD_TLS_KEY');
  if (tlsCert !== undefined && !config.publicUrl.startsWith('https://'))
    problems.push('WATCHWORD_PUBLIC_URL: must be an https: address, for WATCHWORD_TLS_CERT is set');
  if (tlsClientCa !== undefined && tlsCert === undefined && header === undefined)
    problems.push(
      'WATCHWORD_TLS_CLIENT_CA: nobody can show a certificate; set WATCHWORD_TLS_CERT and WATCHWORD_TLS_KEY, or WATCHWORD_TLS_CLIENT_CERT_HEADER',
    );
  if (tlsClientCrl !== undefined && tlsClientCa === undefined)
    problems.push('WATCHWORD_TLS_CLIENT_CRL: needs WATCHWORD_TLS_CLIENT_CA, who signs the lists');
  if (header !== undefined) problems.push(...proxiesUnfit(config));
  return problems;
}

function proxiesUnfit({ trustedProxies }: TlsConfig): string[] {
  if (trustedProxies.length === 0)
    return [
      'WATCHWORD_TLS_CLIENT_CERT_HEADER: needs WATCHWORD_TRUSTED_PROXIES, for from anybody else the header proves nothing',
    ];
  if (!trustedProxies.some((network) => network.endsWith('/0'))) return [];
  return [
    'WATCHWORD_TRUSTED_PROXIES: must not be the whole internet where WATCHWORD_TLS_CLIENT_CERT_HEADER is set, or anybody could say that he is anybody',
  ];
}

/** Networks of more than 65,536 addresses, or of more than a site in IPv6, are not a proxy or two. */
export function tlsUnsafeInProduction({
  tlsClientCertHeader,
  trustedProxies,
}: TlsConfig): string[] {
  if (tlsClientCertHeader === undefined) return [];
  const wide = trustedProxies.filter((network) => {
    const [address = '', bits] = network.split('/');
    return bits !== undefined && Number(bits) < (address.includes(':') ? 48 : 16);
  });
  if (wide.length === 0) return [];
  return [
    `WATCHWORD_TRUSTED_PROXIES: ${wide.join(', ')} must be narrower where WATCHWORD_TLS_CLIENT_CERT_HEADER is set: whoever has an address in it could say that he is anybody`,
  ];
}
