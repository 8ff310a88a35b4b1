import {
  applyDecorators,
  Controller,
  createParamDecorator,
  Get,
  Post,
  SetMetadata,
  UseGuards,
  type ExecutionContext,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Open } from '../applications/access.js';
import { WatchwordError } from '../errors.js';
import { routeConfig } from '../input.js';
import type { LinkPurpose } from '../links/link.js';
import { FORM_TOKEN } from './form-token.js';
import { PageGuard, PURPOSES, WHEN_DONE } from './page.guard.js';
import { problemPage } from './problem.page.js';

/** Pages of links, at /p/{link id}/{path}, for these purposes; page.guard.ts lets their browser in alone. */
export const PageController = (path: string, ...purposes: LinkPurpose[]) =>
  applyDecorators(
    ApiExcludeController(),
    Controller(`p/:id/${path}`),
    UseGuards(PageGuard),
    SetMetadata(PURPOSES, purposes),
  );

/** A page: nothing is changed by looking at it (S102). What goes wrong is told by a page too. */
export const Shows = (path = '') =>
  applyDecorators(Get(path), Open(), routeConfig({ problemPage }));

/** What a form of a page does; it has these members, and those that are missing stay undefined. */
export const Takes = (path: string, ...members: string[]) =>
  applyDecorators(Post(path), Open(), routeConfig({ form: [...members, FORM_TOKEN], problemPage }));

/** The route is there for links that are done, too. */
export const WhenDone = () => SetMetadata(WHEN_DONE, true);

/** The page that the request is for. */
export const CurrentPage = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { page } = context.switchToHttp().getRequest<FastifyRequest>();
  if (page === undefined) throw new WatchwordError('wrong_browser');
  return page;
});
