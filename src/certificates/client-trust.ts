import { X509Certificate } from 'node:crypto';
import type { CertificateFault, Judgement, ShownCertificate } from './certificate.js';
import { extensionsOf, type Extensions } from './extensions.js';
import { RevocationLists } from './revocation-lists.js';

/** A certificate with what is in it. */
interface Link {
  readonly certificate: X509Certificate;
  readonly extensions: Extensions;
}

/** Authorities above a leaf: the one that issued it first, one of the configured last. */
type Path = readonly Link[];

interface Examined {
  readonly leaf: Extensions;
  readonly paths: readonly Path[];
}

/** No honest hierarchy is deeper. */
const MOST_AUTHORITIES = 5;
const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const stranger = { isTrusted: false, dnsNames: [], uris: [] } as const;

/**
 * Whom to believe: the client authorities and their revocation lists, as they were read at one time. TLS has
 * checked a certificate when the connection was made; this checks it again with each request, since a
 * connection may outlive a certificate, a list or an authority. It follows RFC 5280 section 6 where that
 * matters here, and refuses what it does not follow: limits on names are left to TLS, and where a proxy
 * ends that, an authority with such limits is not believed.
 */
export class ClientTrust {
  private readonly examined = new WeakMap<ShownCertificate, Examined | 'unreadable'>();

  private constructor(
    private readonly authorities: readonly Link[],
    private readonly lists: RevocationLists,
  ) {}

  /** Believes nobody's names: certificates count by their thumbprint alone. */
  static readonly none = new ClientTrust([], RevocationLists.none);

  /**
   * @param ca authorities in PEM; those that none of the others has issued are where a path may end
   * @param crl their revocation lists in PEM; where there are any, every authority of a path needs one that holds
   * @throws Error saying what is wrong
   */
  static async read(ca: string, crl: string | undefined): Promise<ClientTrust> {
    const blocks = ca.match(BLOCK) ?? [];
    if (blocks.length === 0)
      throw new Error(
        'WATCHWORD_TLS_CLIENT_CA: it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)',
      );
    const authorities = blocks.map((block) => {
      const certificate = new X509Certificate(block);
      const extensions = extensionsOf(certificate);
      if (extensions.isCa && !extensions.isStrange) return { certificate, extensions };
      throw new Error(
        `WATCHWORD_TLS_CLIENT_CA: ${oneLine(certificate.subject)} is no authority; bind a single certificate by its thumbprint instead`,
      );
    });
    const lists =
      crl === undefined
        ? RevocationLists.none
        : await RevocationLists.read(
            crl,
            authorities.map(({ certificate }) => certificate),
          ).catch((error: unknown) => {
            throw new Error(`WATCHWORD_TLS_CLIENT_CRL: ${messageOf(error)}`, { cause: error });
          });
    return new ClientTrust(authorities, lists);
  }

  /** When the first of the lists is over; undefined where there is none. */
  get listsHoldUntil(): Date | undefined {
    return this.lists.holdUntil;
  }

  /** @param now the moment that certificates and lists have to be valid at */
  judge(shown: ShownCertificate, now: Date): Judgement {
    const examined = this.examine(shown);
    if (examined === 'unreadable') return { fault: 'unreadable', ...stranger };
    const { leaf, paths } = examined;
    const fault =
      this.faultOf(leaf, now) ?? (paths.length > 0 ? this.unproven(leaf, paths, now) : undefined);
    if (fault !== undefined) return { fault, ...stranger };
    const isTrusted =
      shown.isVerifiedByTls !== false && paths.some((path) => this.holds(shown, path, leaf, now));
    const { dnsNames, uris } = leaf;
    return { fault: undefined, isTrusted, dnsNames, uris };
  }

  private faultOf(leaf: Extensions, now: Date): CertificateFault | undefined {
    if (now < leaf.notBefore) return 'not_yet_valid';
    if (now >= leaf.notAfter) return 'expired';
    if (leaf.isStrange || !leaf.isForClients) return 'unsuitable';
    return this.lists.names(leaf) ? 'revoked' : undefined;
  }

  /** What is wrong where the configured authorities have issued it, and yet cannot vouch for it. */
  private unproven(
    leaf: Extensions,
    paths: readonly Path[],
    now: Date,
  ): CertificateFault | undefined {
    const unrevoked = paths.filter(
      (path) => !path.some(({ extensions }) => this.lists.names(extensions)),
    );
    if (unrevoked.length === 0) return 'revoked';
    return unrevoked.some((path) => this.areCovered(path, leaf, now))
      ? undefined
      : 'revocation_unknown';
  }

  private holds(shown: ShownCertificate, path: Path, leaf: Extensions, now: Date): boolean {
    return (
      path.every(({ extensions }) => isNow(extensions, now) && !this.lists.names(extensions)) &&
      (shown.isVerifiedByTls === true || !path.some(({ extensions }) => extensions.limitsNames)) &&
      this.areCovered(path, leaf, now)
    );
  }

  /** Whether each certificate below the last has a list that would name it. */
  private areCovered(path: Path, leaf: Extensions, now: Date): boolean {
    if (this.lists.isEmpty) return true;
    return path.every(({ certificate }, n) =>
      this.lists.cover(n === 0 ? leaf : (path[n - 1]?.extensions ?? leaf), certificate, now),
    );
  }

  private examine(shown: ShownCertificate): Examined | 'unreadable' {
    const known = this.examined.get(shown);
    if (known !== undefined) return known;
    const fresh = this.examineAnew(shown);
    this.examined.set(shown, fresh);
    return fresh;
  }

  private examineAnew({ leaf, others }: ShownCertificate): Examined | 'unreadable' {
    try {
      const between = others
        .map((certificate) => ({ certificate, extensions: extensionsOf(certificate) }))
        .filter(({ extensions }) => extensions.isCa && !extensions.isStrange);
      return { leaf: extensionsOf(leaf), paths: this.pathsAbove(leaf, between, []) };
    } catch {
      return 'unreadable';
    }
  }

  /** Every way up whose signatures hold, be it valid now or not. */
  private pathsAbove(below: X509Certificate, others: readonly Link[], path: Path): Path[] {
    if (path.length === MOST_AUTHORITIES) return [];
    const issuers = [...this.authorities, ...others].filter(
      (link) =>
        !path.includes(link) &&
        (link.extensions.pathLength ?? MOST_AUTHORITIES) >= path.length &&
        below.checkIssued(link.certificate) &&
        below.verify(link.certificate.publicKey),
    );
    return issuers.flatMap((link) => {
      const longer = [...path, link];
      const rest = others.filter((other) => other !== link);
      if (this.isLast(link)) return [longer];
      return this.pathsAbove(link.certificate, rest, longer);
    });
  }

  /** Whether it is one of the configured, and none of the others of these has issued it. */
  private isLast(link: Link): boolean {
    return (
      this.authorities.includes(link) &&
      !this.authorities.some(
        (other) =>
          other !== link &&
          !link.certificate.checkIssued(link.certificate) &&
          link.certificate.checkIssued(other.certificate),
      )
    );
  }
}

function isNow({ notBefore, notAfter }: Extensions, now: Date): boolean {
  return notBefore <= now && now < notAfter;
}

function oneLine(subject: string): string {
  return subject.replaceAll('\n', ', ');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
