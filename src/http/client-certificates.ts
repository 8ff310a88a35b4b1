import { X509Certificate } from 'node:crypto';
import { BlockList, isIP, type Socket } from 'node:net';
import { TLSSocket, type DetailedPeerCertificate } from 'node:tls';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import {
  certificateIn,
  shown,
  type CertificateFault,
  type Judgement,
  type ShownCertificate,
} from '../certificates/certificate.js';
import { TlsFiles } from '../certificates/tls-files.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config.js';

/** A certificate that came with a request, as it is to be judged now. */
export interface JudgedCertificate extends Judgement {
  readonly thumbprint: string;
}

const unreadable = {
  thumbprint: '',
  fault: 'unreadable' satisfies CertificateFault,
  isTrusted: false,
  dnsNames: [],
  uris: [],
} as const;

/** How many headers are remembered: those of the connections that proxies hold. */
const MOST_HEADERS = 1_000;

/**
 * The client's certificate of a request: of its connection, where that is the client's own, or of the header
 * that a proxy has set. The header counts from the configured proxies alone, and from them nothing else
 * does: the certificate that a proxy shows itself is nobody's who stands behind it (S109).
 */
@Injectable()
export class ClientCertificates {
  private readonly header: string | undefined;
  private readonly proxies: BlockList;
  private readonly ofSockets = new WeakMap<TLSSocket, ShownCertificate | null>();
  private readonly ofHeaders = new Map<string, ShownCertificate | null>();

  constructor(
    private readonly files: TlsFiles,
    private readonly clock: Clock,
    @Inject(CONFIG) { tlsClientCertHeader, trustedProxies }: Config,
  ) {
    this.header = tlsClientCertHeader;
    this.proxies = networksOf(trustedProxies);
  }

  /** @returns undefined where there is none, or where none are asked for */
  of({ raw: { socket, headers } }: FastifyRequest): JudgedCertificate | undefined {
    const { trust } = this.files;
    if (trust === undefined) return undefined;
    const { header } = this;
    const found =
      header !== undefined && isOneOf(this.proxies, socket)
        ? this.inHeader(headers[header])
        : this.ofSocket(socket);
    if (found === undefined) return undefined;
    if (found === null) return unreadable;
    return { ...trust.judge(found, this.clock.now()), thumbprint: found.thumbprint };
  }

  /** @returns null where there is a header, and no certificate in it */
  private inHeader(value: string | string[] | undefined): ShownCertificate | null | undefined {
    if (value === undefined || value === '') return undefined;
    // Two of them are one too many, joined by a comma or not.
    if (typeof value !== 'string') return null;
    const known = this.ofHeaders.get(value);
    if (known !== undefined) return known;
    const certificate = certificateIn(value);
    const found = certificate === undefined ? null : shown(certificate);
    if (this.ofHeaders.size >= MOST_HEADERS) this.ofHeaders.clear();
    this.ofHeaders.set(value, found);
    return found;
  }

  private ofSocket(socket: unknown): ShownCertificate | undefined {
    if (!(socket instanceof TLSSocket)) return undefined;
    const known = this.ofSockets.get(socket);
    if (known !== undefined) return known ?? undefined;
    const leaf = socket.getPeerX509Certificate();
    const found = leaf && shown(leaf, othersOf(socket), socket.authorized);
    this.ofSockets.set(socket, found ?? null);
    return found;
  }
}

/** What stands above the leaf, as far as Node tells: what the client sent, and what TLS knew. */
function othersOf(socket: TLSSocket): X509Certificate[] {
  const others: X509Certificate[] = [];
  let next = above(socket.getPeerCertificate(true));
  const seen = new Set<string>();
  // A root stands above itself.
  while (next !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    others.push(new X509Certificate(next.raw));
    next = above(next);
  }
  return others;
}

function above(certificate: DetailedPeerCertificate): DetailedPeerCertificate | undefined {
  // There is none where the client has not sent it and nobody knows it.
  return certificate.issuerCertificate;
}

/** @param written IP addresses and CIDR ranges */
function networksOf(written: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const text of written) {
    const [address = '', bits] = text.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) networks.addAddress(address, family);
    else networks.addSubnet(address, Number(bits), family);
  }
  return networks;
}

/** Whether whoever is connected himself is in a network, whatever he says he speaks for. */
function isOneOf(networks: BlockList, { remoteAddress = '' }: Socket): boolean {
  const version = isIP(remoteAddress);
  return version !== 0 && networks.check(remoteAddress, version === 4 ? 'ipv4' : 'ipv6');
}
