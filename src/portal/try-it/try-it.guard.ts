import {
  applyDecorators,
  Inject,
  Injectable,
  Post,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Open } from '../../applications/access.js';
import { isLocal, originAsked } from '../../applications/local-request.js';
import { CONFIG, type Config } from '../../config.js';
import { sameBytes, sha256 } from '../../crypto/digest.js';
import { WatchwordError } from '../../errors.js';
import { routeConfig } from '../../input.js';
import { isCrossSite } from '../../sessions/cross-site.js';
import { FORM_TOKEN } from '../form-token.js';
import { problemPage } from '../problem.page.js';
import { Demonstration } from './demonstration.js';
import { formTokenFor, VisitorCookie, type Visitor } from './visitor.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who tries the service out, as try-it.guard.ts found it. */
    visitor?: Visitor;
  }
}

/** Lets in forms of the page alone, from the browser that it was shown in, on this machine. */
@Injectable()
export class TryItGuard implements CanActivate {
  constructor(
    private readonly demonstration: Demonstration,
    private readonly cookie: VisitorCookie,
    @Inject(CONFIG) private readonly config: Pick<Config, 'publicUrl'>,
  ) {}

  /** @throws WatchwordError `not_found`, `cross_site_refused` */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { publicUrl } = this.config;
    if (!this.demonstration.isShown || !isLocal(request, publicUrl))
      throw new WatchwordError('not_found');
    const { method, headers } = request;
    const { [FORM_TOKEN]: token, ...body } = (request.body ?? {}) as Record<string, unknown>;
    const visitor = this.cookie.read(headers.cookie);
    const isForeign = isCrossSite({ method, headers, origin: originAsked(request, publicUrl) });
    if (isForeign || visitor === undefined || !isTokenOf(visitor, token))
      throw new WatchwordError('cross_site_refused');
    request.visitor = visitor;
    request.body = body;
    return true;
  }
}

function isTokenOf(visitor: Visitor, token: unknown): boolean {
  return typeof token === 'string' && sameBytes(sha256(token), sha256(formTokenFor(visitor)));
}

/** What a form of the page does; it has these members. */
export const Tries = (path: string, ...members: string[]) =>
  applyDecorators(
    Post(path),
    Open(),
    UseGuards(TryItGuard),
    routeConfig({ form: [...members, FORM_TOKEN], problemPage }),
  );
