/** Real certificates: authorities, what they issue, and what they take back. */
import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
  type X509Certificate,
} from '@peculiar/x509';

// Imported here, after what the package wants to find around it.
export { ExtendedKeyUsage, Extension, KeyUsageFlags };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
let serials = 0;

/** Valid on the machine's clock and on the tests', unless a test says otherwise. */
const always = { notBefore: new Date('2020-01-01'), notAfter: new Date('2045-01-01') };

export interface Issued {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** RFC 8705 section 3.1. */
  readonly thumbprint: string;
}

interface Wanted {
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly uris?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly usage?: ExtendedKeyUsage;
  readonly keyUsage?: number;
  readonly extensions?: readonly Extension[];
}

interface Authorised {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly pathLength?: number;
  readonly isCa?: boolean;
  readonly extensions?: readonly Extension[];
}

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const nextSerial = () => (0x1000 + ++serials).toString(16);

async function issued(
  certificate: X509Certificate,
  keys: webcrypto.CryptoKeyPair,
): Promise<Issued> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const lines = pkcs8.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    certificate,
    keys,
    cert: `${certificate.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
    thumbprint: createHash('sha256').update(Buffer.from(certificate.rawData)).digest('base64url'),
  };
}

export class Authority {
  private constructor(
    readonly name: string,
    readonly own: Issued,
  ) {}

  /** @param above who issues it; itself, where nobody does */
  static async make(name: string, above?: Authority, wanted: Authorised = {}): Promise<Authority> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: nextSerial(),
      subject: `CN=${name}`,
      issuer: `CN=${above?.name ?? name}`,
      ...always,
      ...wanted,
      publicKey: keys.publicKey,
      signingKey: (above?.own.keys ?? keys).privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(wanted.isCa ?? true, wanted.pathLength, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        ...(wanted.extensions ?? []),
      ],
    });
    return new Authority(name, await issued(certificate, keys));
  }

  get pem(): string {
    return this.own.cert;
  }

  /** @param keys of the one who gets it; new ones, if left out */
  async issue(name: string, wanted: Wanted = {}, keys?: webcrypto.CryptoKeyPair): Promise<Issued> {
    const own = keys ?? (await newKeys());
    const names = [
      ...(wanted.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
      ...(wanted.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
      ...(wanted.uris ?? []).map((value) => ({ type: 'url' as const, value })),
    ];
    const usage = wanted.usage ?? ExtendedKeyUsage.clientAuth;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: nextSerial(),
      subject: `CN=${name}`,
      issuer: `CN=${this.name}`,
      notBefore: wanted.notBefore ?? always.notBefore,
      notAfter: wanted.notAfter ?? always.notAfter,
      publicKey: own.publicKey,
      signingKey: this.own.keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(wanted.keyUsage ?? KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
        ...(wanted.extensions ?? []),
      ],
    });
    return issued(certificate, own);
  }

  /** A list of what it takes back, in PEM. */
  async revoke(
    revoked: readonly Issued[],
    {
      thisUpdate = always.notBefore,
      nextUpdate = always.notAfter,
      extensions = [] as Extension[],
    } = {},
  ): Promise<string> {
    const crl = await X509CrlGenerator.create({
      issuer: `CN=${this.name}`,
      thisUpdate,
      nextUpdate,
      signingKey: this.own.keys.privateKey,
      signingAlgorithm: algorithm,
      extensions,
      entries: revoked.map(({ certificate: { serialNumber } }) => ({
        serialNumber,
        revocationDate: thisUpdate,
      })),
    });
    // As openssl calls it; the package has a name of its own for it.
    return `${PemConverter.encode(crl.rawData, 'X509 CRL')}\n`;
  }
}

/** One that nobody has issued but itself. */
export async function selfSigned(name: string): Promise<Issued> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: nextSerial(),
    name: `CN=${name}`,
    ...always,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true)],
  });
  return issued(certificate, keys);
}
