/** Certificate revocation lists (RFC 5280 section 5): complete ones, each signed by the authority it is of. */
import 'reflect-metadata';
import { PemConverter, X509Certificate as Reader, X509Crl } from '@peculiar/x509';
import type { X509Certificate } from 'node:crypto';
import { hex, serialOf, type Extensions } from './extensions.js';

interface RevocationList {
  readonly issuerName: string;
  /** Public key that it was signed with, DER in base64. */
  readonly key: string;
  readonly from: Date;
  readonly until: Date;
  readonly serialNumbers: ReadonlySet<string>;
}

/** Extensions of a list that change nothing in what it says: its number and its issuer's key. */
const harmless = new Set(['2.5.29.20', '2.5.29.35']);
const BLOCK = /-----BEGIN X509 CRL-----[\s\S]+?-----END X509 CRL-----/g;

export class RevocationLists {
  private constructor(private readonly lists: readonly RevocationList[]) {}

  static readonly none = new RevocationLists([]);

  /**
   * @param pem one list after another
   * @param authorities who may have signed them
   * @throws Error saying which list is wrong, and how
   */
  static async read(
    pem: string,
    authorities: readonly X509Certificate[],
  ): Promise<RevocationLists> {
    const blocks = pem.match(BLOCK) ?? [];
    if (blocks.length === 0) throw new Error('it holds no list in PEM (-----BEGIN X509 CRL-----)');
    const lists = await Promise.all(blocks.map((block) => readList(block, authorities)));
    return new RevocationLists(lists);
  }

  get isEmpty(): boolean {
    return this.lists.length === 0;
  }

  /** When the first of them is over. */
  get holdUntil(): Date | undefined {
    const ends = this.lists.map(({ until }) => until.getTime());
    return ends.length === 0 ? undefined : new Date(Math.min(...ends));
  }

  /** Whether any list names the certificate, be the list old or new: nothing is taken back. */
  names({ issuerName, serialNumber }: Extensions): boolean {
    return this.lists.some(
      (list) => list.issuerName === issuerName && list.serialNumbers.has(serialNumber),
    );
  }

  /** Whether there is a list of this authority that holds now. */
  cover({ issuerName }: Extensions, authority: X509Certificate, now: Date): boolean {
    const key = keyOf(authority);
    return this.lists.some(
      (list) =>
        list.issuerName === issuerName && list.key === key && list.from <= now && now < list.until,
    );
  }
}

async function readList(
  pem: string,
  authorities: readonly X509Certificate[],
): Promise<RevocationList> {
  const [der] = PemConverter.decode(pem);
  const crl = new X509Crl(der ?? new ArrayBuffer(0));
  const strange = crl.extensions.find(({ critical, type }) => critical && !harmless.has(type));
  if (strange !== undefined)
    throw new Error(
      `the list of ${crl.issuer} is a part of one (extension ${strange.type}); give the complete list`,
    );
  if (crl.nextUpdate === undefined)
    throw new Error(`the list of ${crl.issuer} does not say until when it holds`);
  const issuerName = hex(crl.issuerName.toArrayBuffer());
  for (const authority of authorities) {
    const reader = new Reader(authority.raw);
    if (hex(reader.subjectName.toArrayBuffer()) !== issuerName) continue;
    if (!(await crl.verify({ publicKey: reader }))) continue;
    return {
      issuerName,
      key: keyOf(authority),
      from: crl.thisUpdate,
      until: crl.nextUpdate,
      serialNumbers: new Set(crl.entries.map(({ serialNumber }) => serialOf(serialNumber))),
    };
  }
  throw new Error(
    `the list of ${crl.issuer} is signed by none of the authorities in WATCHWORD_TLS_CLIENT_CA`,
  );
}

function keyOf({ publicKey }: X509Certificate): string {
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}
