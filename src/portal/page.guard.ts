import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Realms } from '../applications/realms.js';
import { CONFIG, type Config } from '../config.js';
import { WatchwordError } from '../errors.js';
import type { LinkPurpose } from '../links/link.js';
import { Visits, type Visit } from '../links/visits.js';
import { isCrossSite } from '../sessions/cross-site.js';
import { isIdOf } from '../storage/ids.js';
import { pageCookies, type PageCookies } from './page-cookie.js';
import { formTokenOf, isFormToken, type Page } from './page.js';
import { textsFor } from './texts.js';

export const PURPOSES = Symbol('the purposes that a page is for');
export const WHEN_DONE = Symbol('a route for links that are done too');

/**
 * Lets the browser in that opened the link, and no other. A form has to come from a page of this service: by
 * what the browser says of it, and by the token in it (S100).
 */
@Injectable()
export class PageGuard implements CanActivate {
  private readonly cookies: PageCookies;
  private readonly origin: string;

  constructor(
    private readonly visits: Visits,
    private readonly realms: Realms,
    private readonly reflector: Reflector,
    @Inject(CONFIG) { publicUrl }: Pick<Config, 'publicUrl'>,
  ) {
    this.cookies = pageCookies(publicUrl);
    this.origin = new URL(publicUrl).origin;
  }

  /** @throws WatchwordError `wrong_browser`, `page_ended`, `cross_site_refused`, `not_found` */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { id } = request.params as { id: string };
    const pageId = this.cookies.idOf(request.headers.cookie, id);
    if (!isIdOf('lnk', id) || pageId === undefined) throw new WatchwordError('wrong_browser');
    const visit = await this.visitOf(request, id, pageId);
    const page = await this.pageOf(request, visit, pageId);
    // From here on it is this page that says what is wrong.
    request.page = page;
    this.refuseForeignForm(request, page);
    const [purposes, isForDone] = [
      this.reflector.getAllAndOverride<LinkPurpose[]>(PURPOSES, places(context)),
      this.reflector.getAllAndOverride<boolean | undefined>(WHEN_DONE, places(context)),
    ];
    if (!purposes.includes(visit.link.purpose)) throw new WatchwordError('not_found');
    if (visit.link.status !== 'open' && isForDone !== true) throw new WatchwordError('page_ended');
    return true;
  }

  /** A form that has just proved something may come again with the id that was good then (renewing.ts). */
  private async visitOf(request: FastifyRequest, id: string, pageId: string): Promise<Visit> {
    const body = (request.body ?? {}) as Record<string, unknown>;
    const answer = body['code'] ?? body['response'];
    try {
      return await this.visits.of(id, pageId, request.id);
    } catch (error) {
      const isOther = error instanceof WatchwordError && error.code === 'wrong_browser';
      if (!isOther || request.method !== 'POST' || typeof answer !== 'string') throw error;
      return this.visits.ofRepeat(id, formTokenOf(pageId), answer, request.id);
    }
  }

  private refuseForeignForm(request: FastifyRequest, page: Page): void {
    const { method, headers } = request;
    if (method === 'GET' || method === 'HEAD') return;
    const { form_token: token, ...body } = (request.body ?? {}) as Record<string, unknown>;
    const isForeign = isCrossSite({ method, headers, origin: this.origin });
    if (isForeign || !isFormToken(page, token)) throw new WatchwordError('cross_site_refused');
    request.body = body;
  }

  private async pageOf(request: FastifyRequest, visit: Visit, pageId: string): Promise<Page> {
    const { link, caller } = visit;
    const look = await this.realms.look(link.realmId);
    return {
      visit,
      look,
      texts: textsFor(link.locale, request.headers['accept-language'], look.locale),
      frameOrigins: caller.application.frameOrigins,
      formOrigins: [new URL(link.redirectUri).origin],
      formToken: formTokenOf(pageId),
      cookies: request.headers.cookie,
      address: request.ip,
    };
  }
}

function places(context: ExecutionContext) {
  return [context.getHandler(), context.getClass()];
}
