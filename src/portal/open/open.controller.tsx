import { Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Open } from '../../applications/access.js';
import { CONFIG, type Config } from '../../config.js';
import { routeConfig, ValidBody } from '../../input.js';
import { Visits } from '../../links/visits.js';
import { SettingUp } from '../enrol/setting-up.js';
import { pageCookies, type PageCookies } from '../page-cookie.js';
import { problemPage } from '../problem.page.js';
import { renderPage } from '../render.js';
import { textsFor } from '../texts.js';
import { Proving } from '../verify/proving.js';
import { openContent } from './open.page.js';

/** The token by itself, or the whole link as somebody has copied it. */
const openBody = z.object({
  token: z
    .string()
    .max(4096)
    .default('')
    .transform((text) => text.trim().replace(/^.*#/s, '')),
});

/**
 * Where links are opened. Looking uses nothing up, so whoever previews a link does no harm (S102): it is the
 * form that opens it, posted by scripts/open.js with what stands behind the `#`, or by the application's own
 * page.
 */
@ApiExcludeController()
@Controller('open')
export class OpenController {
  private readonly cookies: PageCookies;

  constructor(
    private readonly visits: Visits,
    private readonly proving: Proving,
    private readonly settingUp: SettingUp,
    @Inject(CONFIG) { publicUrl }: Pick<Config, 'publicUrl'>,
  ) {
    this.cookies = pageCookies(publicUrl);
  }

  @Get()
  @Open()
  @routeConfig({ problemPage })
  show(@Req() { headers }: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const texts = textsFor(null, headers['accept-language'], null);
    const setting = { texts, look: null, frameOrigins: [], formOrigins: [] };
    return renderPage(reply, setting, openContent(texts));
  }

  /**
   * Opens a link in the browser that sends this. It may come from the application's page, so where it comes
   * from is not looked at: it does nothing but what the link's owner has made the link for.
   */
  @Post()
  @Open()
  @routeConfig({ form: ['token'], problemPage })
  @HttpCode(303)
  async open(
    @ValidBody(openBody) { token }: z.output<typeof openBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { headers, id: requestId, ip } = request;
    const pageIdOf = (linkId: string) => this.cookies.idOf(headers.cookie, linkId);
    const { pageId, ...visit } = await this.visits.open(token, pageIdOf, requestId);
    const { link, caller } = visit;
    void reply.header('Cache-Control', 'no-store');
    void reply.header('Location', `/p/${link.id}/${link.purpose}`);
    if (pageId === undefined) return;
    const isFramed = caller.application.frameOrigins.length > 0;
    void reply.header('Set-Cookie', this.cookies.line(link.id, pageId, isFramed));
    if (link.purpose === 'verify') await this.proving.begin(visit, ip);
    if (link.purpose === 'enrol') await this.settingUp.open(visit);
  }
}
