/** How an application is told by a certificate: by the certificate itself, or by a name in it. */
export const bindingKinds = ['thumbprint', 'dns', 'uri'] as const;
export type BindingKind = (typeof bindingKinds)[number];

/** A certificate as bindings are looked up by it; without names where nobody vouches for them. */
export interface NamedCertificate {
  readonly thumbprint: string;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
}

/** How many bindings of one application may live at once: each of its machines, and what replaces them. */
export const LIVE_BINDINGS = 20;

const hexThumbprint = /^(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/i;
const base64Thumbprint = /^[A-Za-z0-9_-]{43}$/;
const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const dnsName = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`);

/**
 * What is stored and compared of a binding.
 *
 * @param text a thumbprint as openssl shows it (hexadecimal, SHA-256) or in base64url; a host name without
 *   asterisk; a URI, sign for sign, as spiffe://example.org/shop
 * @returns undefined where it is none
 */
export function bindingValue(kind: BindingKind, text: string): string | undefined {
  switch (kind) {
    case 'thumbprint':
      if (base64Thumbprint.test(text)) return text;
      if (!hexThumbprint.test(text)) return undefined;
      return Buffer.from(text.replaceAll(':', ''), 'hex').toString('base64url');
    case 'dns': {
      const name = text.toLowerCase();
      return dnsName.test(name) ? name : undefined;
    }
    case 'uri':
      return text.length <= 2_000 && URL.canParse(text) && !/\s/.test(text) ? text : undefined;
  }
}
