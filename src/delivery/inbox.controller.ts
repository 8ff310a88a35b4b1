import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Open } from '../applications/access.js';
import { CONFIG, type Config } from '../config.js';
import { WatchwordError } from '../errors.js';
import { inboxPage, inboxPagePolicy } from './inbox-page.js';
import { Inbox } from './inbox.js';

/** The console provider's inbox: a page for people, JSON for programs, nothing in production. */
@ApiExcludeController()
@Controller('dev/inbox')
export class InboxController {
  constructor(
    private readonly inbox: Inbox,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @Open()
  async show(
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (this.config.production || !this.config.smsProviders.includes('console'))
      throw new WatchwordError('not_found');
    const entries = await this.inbox.list();
    void reply.header('Cache-Control', 'no-store');
    if (accept?.includes('text/html') !== true)
      return {
        data: entries.map(({ to, body, sentAt, channel }) => ({
          to,
          body,
          channel,
          sent_at: sentAt.toISOString(),
        })),
      };
    void reply.header('Content-Type', 'text/html; charset=utf-8');
    void reply.header('Content-Security-Policy', inboxPagePolicy);
    return inboxPage(entries);
  }
}
