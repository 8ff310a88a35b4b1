/** What Node's own X509Certificate does not tell of a certificate (RFC 5280 section 4.2). */
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate as Reader,
} from '@peculiar/x509';
import type { X509Certificate } from 'node:crypto';

export interface Extensions {
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isCa: boolean;
  /** How many further authorities may stand below it; null: any number. */
  readonly pathLength: number | null;
  readonly isForClients: boolean;
  readonly limitsNames: boolean;
  /** It has an extension that must be understood, and is not here. */
  readonly isStrange: boolean;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  /** Of its issuer and in it, both in hexadecimal. */
  readonly issuerName: string;
  readonly serialNumber: string;
}

const NAME_CONSTRAINTS = '2.5.29.30';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_USAGE = '2.5.29.37.0';
/** Those below, and three that allow nothing: policies, with their mappings left out, and two key identifiers. */
const understood = new Set([
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.37',
  NAME_CONSTRAINTS,
  '2.5.29.32',
  '2.5.29.14',
  '2.5.29.35',
]);

/** @throws Error where the certificate, or one of these extensions, cannot be read */
export function extensionsOf(certificate: X509Certificate): Extensions {
  const read = new Reader(certificate.raw);
  const basic = read.getExtension(BasicConstraintsExtension);
  const usage = read.getExtension(KeyUsagesExtension)?.usages;
  const extended = read.getExtension(ExtendedKeyUsageExtension)?.usages.map(String);
  const names = read.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const ids = read.extensions.map(({ type }) => type);
  const isTwice = new Set(ids).size !== ids.length;
  return {
    notBefore: read.notBefore,
    notAfter: read.notAfter,
    isCa: basic?.ca === true && (usage === undefined || (usage & KeyUsageFlags.keyCertSign) !== 0),
    pathLength: basic?.pathLength ?? null,
    isForClients:
      (extended === undefined || extended.includes(CLIENT_AUTH) || extended.includes(ANY_USAGE)) &&
      (usage === undefined ||
        (usage & (KeyUsageFlags.digitalSignature | KeyUsageFlags.keyAgreement)) !== 0),
    limitsNames: ids.includes(NAME_CONSTRAINTS),
    isStrange:
      isTwice || read.extensions.some(({ critical, type }) => critical && !understood.has(type)),
    dnsNames: names.filter(({ type }) => type === 'dns').map(({ value }) => value.toLowerCase()),
    uris: names.filter(({ type }) => type === 'url').map(({ value }) => value),
    issuerName: hex(read.issuerName.toArrayBuffer()),
    serialNumber: serialOf(read.serialNumber),
  };
}

export function hex(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString('hex');
}

/** A serial number without what one writer has before it and another has not. */
export function serialOf(text: string): string {
  return text.toLowerCase().replace(/^0+(?=.)/, '');
}
