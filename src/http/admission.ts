import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../applications/access.js';
import type { Caller, Holder } from '../applications/application.js';
import { Callers } from '../applications/callers.js';
import { credentialOf, type Credential } from '../applications/credential.js';
import { WatchwordError } from '../errors.js';
import { ClientTokens } from '../tokens/client-tokens.js';
import { ClientCertificates, type JudgedCertificate } from './client-certificates.js';
import { Limits } from './limits.js';

/**
 * Probes; a proxy's questions, which come from one address for everybody, and where nothing can be guessed; what
 * pages are made of, which is the same for everybody and read from memory.
 */
const uncounted = /^\/(health|metrics|v1\/forward-auth|p\/assets)(\/|$)/;
/** What the framework itself serves: the pages of the API's description. */
const docs = /^\/(docs|openapi\.(json|yaml))(\/|$)/;

/** What a request is judged by: its header, or else the certificate of its connection. */
type Brought =
  | Credential
  | {
      readonly kind: 'certificate';
      readonly name: string;
      readonly certificate: JudgedCertificate;
    };

/**
 * Lets a request in, before its body is read. It works by what the router has found and not by the path,
 * of which there is more than one spelling (S119); a route that does not say who may ask is closed.
 *
 * What nobody vouched for counts against its address, and no unknown credential of an address that has
 * used up its share comes as far as the database. Requests with an accepted one count against their
 * application instead: a service's whole traffic comes from one address.
 */
@Injectable()
export class Admission {
  constructor(
    private readonly callers: Callers,
    private readonly clientTokens: ClientTokens,
    private readonly certificates: ClientCertificates,
    private readonly limits: Limits,
  ) {}

  /**
   * @throws WatchwordError `unauthenticated`, `certificate_not_accepted`, `scope_missing`, `rate_limited`,
   *   `overloaded`
   */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const url = request.routeOptions.url ?? '';
    const access = accessOf(request, url);
    const brought = this.broughtBy(request);
    const isAccepted = brought !== undefined && this.callers.hasAccepted(brought.name);
    if (!uncounted.test(url)) {
      if (!isAccepted || access === 'open') this.countUnvouched(request, reply);
      // A service behind the same proxy as a guesser is not shut out with it.
      if (!isAccepted) await this.limits.refuseAddress(request.ip);
    }
    if (access === 'open') return;
    try {
      request.caller = await this.identify(request, brought, access);
    } catch (error) {
      // A key that was good until now, or is good for something else, vouches for nothing.
      if (isAccepted) this.countUnvouched(request, reply);
      // Another certificate takes another connection.
      if (error instanceof WatchwordError && error.code === 'certificate_not_accepted')
        void reply.header('Connection', 'close');
      throw error;
    }
  }

  /** Who says something in the header is judged by that, whatever his connection shows. */
  private broughtBy(request: FastifyRequest): Brought | undefined {
    const { authorization } = request.headers;
    if (authorization !== undefined) return credentialOf(authorization);
    const certificate = this.certificates.of(request);
    return certificate && { kind: 'certificate', name: nameOf(certificate), certificate };
  }

  private async identify(
    request: FastifyRequest,
    brought: Brought | undefined,
    anyOf: Exclude<Access, 'open'>,
  ): Promise<Caller> {
    const holder = brought && (await this.holderOf(request, brought));
    if (holder === undefined) throw new WatchwordError('unauthenticated');
    if (!holder.scopes.some((scope) => anyOf.includes(scope)))
      throw new WatchwordError('scope_missing', { scopes: anyOf });
    return { ...holder, requestId: request.id };
  }

  private async holderOf(request: FastifyRequest, brought: Brought): Promise<Holder | undefined> {
    switch (brought.kind) {
      case 'api_key': {
        const { name, applicationId } = brought;
        const holder = await this.callers.ofKey(name);
        const isTheirs = applicationId === undefined || holder?.application.id === applicationId;
        return isTheirs ? holder : undefined;
      }
      case 'client_token': {
        const holder = await this.clientTokens.identify(brought);
        if (holder !== undefined && holder.certificate !== null)
          await this.requireCertificate(request, holder);
        return holder;
      }
      case 'certificate':
        return this.ofCertificate(brought.certificate);
    }
  }

  /** A token that is bound to a certificate counts as long as that would count itself (RFC 8705 section 3). */
  private async requireCertificate(request: FastifyRequest, token: Holder): Promise<void> {
    const certificate = this.certificates.of(request);
    if (certificate === undefined) throw notAccepted('missing');
    if (certificate.thumbprint !== token.certificate) throw notAccepted('another_one');
    const { application } = await this.ofCertificate(certificate);
    if (application.id !== token.application.id) throw notAccepted('not_bound');
  }

  private async ofCertificate(certificate: JudgedCertificate): Promise<Holder> {
    const { fault, thumbprint, isTrusted, dnsNames, uris } = certificate;
    if (fault !== undefined) throw notAccepted(fault);
    const names = isTrusted ? { dnsNames, uris } : { dnsNames: [], uris: [] };
    const holder = await this.callers.ofCertificate(nameOf(certificate), { thumbprint, ...names });
    if (holder !== undefined) return holder;
    throw notAccepted(isTrusted ? 'not_bound' : 'untrusted');
  }

  private countUnvouched(request: FastifyRequest, reply: FastifyReply): void {
    // A closed connection forgets it.
    const address = request.ip;
    // Not onResponse, which never comes for a guesser who hangs up before the answer.
    reply.raw.once('close', () => {
      if (request.caller) return;
      this.limits.countAddress(address).catch(() => undefined);
    });
  }
}

/** One whose names are believed is another credential than the same one whose names are not. */
function nameOf({ thumbprint, isTrusted }: JudgedCertificate): string {
  return `${isTrusted ? 'named' : 'pinned'}-certificate/${thumbprint}`;
}

function notAccepted(reason: string): WatchwordError {
  return new WatchwordError('certificate_not_accepted', { reason });
}

function accessOf(request: FastifyRequest, url: string): Access {
  // What is not there asks for nothing; the answer is 404 to everybody.
  if (request.is404 || docs.test(url)) return 'open';
  return request.routeOptions.config.access ?? [];
}
