import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../applications/access.js';
import type { Caller, Holder } from '../applications/application.js';
import { Callers } from '../applications/callers.js';
import { credentialOf, type Credential } from '../applications/credential.js';
import { WatchwordError } from '../errors.js';
import { ClientTokens } from '../tokens/client-tokens.js';
import { Limits } from './limits.js';

/** Probes; and a proxy's questions, which come from one address for everybody, and where nothing can be guessed. */
const uncounted = /^\/(health|metrics|v1\/forward-auth)(\/|$)/;
/** What the framework itself serves: the pages of the API's description. */
const docs = /^\/(docs|openapi\.(json|yaml))(\/|$)/;

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
    private readonly limits: Limits,
  ) {}

  /** @throws WatchwordError `unauthenticated`, `scope_missing`, `rate_limited`, `overloaded` */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const url = request.routeOptions.url ?? '';
    const access = accessOf(request, url);
    const credential = credentialOf(request.headers.authorization);
    const isAccepted = credential !== undefined && this.callers.hasAccepted(credential.name);
    if (!uncounted.test(url)) {
      if (!isAccepted || access === 'open') this.countUnvouched(request, reply);
      // A service behind the same proxy as a guesser is not shut out with it.
      if (!isAccepted) await this.limits.refuseAddress(request.ip);
    }
    if (access === 'open') return;
    try {
      request.caller = await this.identify(request, credential, access);
    } catch (error) {
      // A key that was good until now, or is good for something else, vouches for nothing.
      if (isAccepted) this.countUnvouched(request, reply);
      throw error;
    }
  }

  private async identify(
    request: FastifyRequest,
    credential: Credential | undefined,
    anyOf: Exclude<Access, 'open'>,
  ): Promise<Caller> {
    const holder = credential && (await this.holderOf(credential));
    if (holder === undefined) throw new WatchwordError('unauthenticated');
    if (!holder.scopes.some((scope) => anyOf.includes(scope)))
      throw new WatchwordError('scope_missing', { scopes: anyOf });
    return { ...holder, requestId: request.id };
  }

  private async holderOf(credential: Credential): Promise<Holder | undefined> {
    if (credential.kind === 'client_token') {
      const holder = await this.clientTokens.identify(credential);
      return holder?.certificate === null ? holder : undefined;
    }
    const { name, applicationId } = credential;
    const holder = await this.callers.ofKey(name);
    const isTheirs = applicationId === undefined || holder?.application.id === applicationId;
    return isTheirs ? holder : undefined;
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

function accessOf(request: FastifyRequest, url: string): Access {
  // What is not there asks for nothing; the answer is 404 to everybody.
  if (request.is404 || docs.test(url)) return 'open';
  return request.routeOptions.config.access ?? [];
}
