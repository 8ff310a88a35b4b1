import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Open } from '../../applications/access.js';
import { isOwnHost } from '../../applications/local-request.js';
import { CONFIG, type Config } from '../../config.js';
import { Inbox } from '../../delivery/inbox.js';
import { WatchwordError } from '../../errors.js';
import { renderPage } from '../render.js';
import { developerSetting } from '../workshop.js';
import { inboxContent } from './inbox.page.js';

/**
 * The console provider's inbox: a page for people, JSON for programs, nothing in production. Who reaches the
 * port reads it, a foreign site does not (local-request.ts).
 */
@ApiExcludeController()
@Controller('dev/inbox')
export class InboxController {
  constructor(
    private readonly inbox: Inbox,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @Open()
  async show(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const { production, smsProviders, publicUrl } = this.config;
    if (production || !smsProviders.includes('console') || !isOwnHost(request, publicUrl))
      throw new WatchwordError('not_found');
    const entries = await this.inbox.list();
    void reply.headers({ 'Cache-Control': 'no-store', Vary: 'Accept' });
    if (request.headers.accept?.includes('text/html') === true)
      return renderPage(reply, developerSetting, inboxContent(entries));
    return {
      data: entries.map(({ id, to, body, sentAt, channel, code, purpose }) => ({
        ...{ id, to, body, channel, code, purpose },
        sent_at: sentAt.toISOString(),
      })),
    };
  }
}
