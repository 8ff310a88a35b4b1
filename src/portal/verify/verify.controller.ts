import { HttpCode, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { channels } from '../../delivery/channel.js';
import { ValidBody } from '../../input.js';
import { Visits } from '../../links/visits.js';
import { leadAway, leadTo } from '../leading.js';
import { CurrentPage, PageController, Shows, Takes } from '../page.decorators.js';
import type { Page } from '../page.js';
import { renderPage } from '../render.js';
import { Proving, type Answered } from './proving.js';
import { Renewing } from './renewing.js';
import { TrustedBrowser, type Browser } from './trusted-browser.js';
import { VerifyState } from './verify-state.js';
import { verifyContent } from './verify.page.js';

export const codeBody = z.object({ code: z.string().max(256).default('') });
/** What scripts/key.js puts there: JSON. */
export const keyBody = z.object({ response: z.string().max(40_000).default('') });
const answerBody = codeBody.extend({ trust: z.string().optional() });
const keyAnswerBody = keyBody.extend({ trust: z.string().optional() });
export const wayBody = z.object({ way: z.string().max(64).default('') });
export const resendBody = z.object({ channel: z.enum(channels).optional() });

/**
 * The page on which a factor is proved: to the application, or before another one is set up. Each form leads
 * back to it, so that a reload sends nothing twice.
 */
@PageController('verify', 'verify', 'enrol', 'manage')
export class VerifyController {
  constructor(
    private readonly proving: Proving,
    private readonly state: VerifyState,
    private readonly trusted: TrustedBrowser,
    private readonly renewing: Renewing,
    private readonly visits: Visits,
  ) {}

  @Shows()
  async show(@CurrentPage() page: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    return renderPage(reply, page, verifyContent(page, await this.state.of(page.visit)));
  }

  /** What became of the message, for the script that watches it. */
  @Shows('delivery')
  async delivery(@CurrentPage() { visit }: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    void reply.header('Cache-Control', 'no-store');
    return { failed: (await this.state.of(visit)).isUndelivered };
  }

  @Takes('code', 'code', 'trust')
  @HttpCode(303)
  async code(
    @CurrentPage() page: Page,
    @ValidBody(answerBody) { code, trust }: z.output<typeof answerBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { visit, address } = page;
    const browser = await this.browserOf(page, trust);
    const answered = await this.proving.answer(visit, code, address, browser);
    await this.lead(reply, page, browser, code, answered);
  }

  @Takes('key', 'response', 'trust')
  @HttpCode(303)
  async key(
    @CurrentPage() page: Page,
    @ValidBody(keyAnswerBody) { response, trust }: z.output<typeof keyAnswerBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { visit, address } = page;
    const browser = await this.browserOf(page, trust);
    const answered = await this.proving.answerKey(visit, response, address, browser);
    await this.lead(reply, page, browser, response, answered);
  }

  @Takes('way', 'way')
  @HttpCode(303)
  async way(
    @CurrentPage() page: Page,
    @ValidBody(wayBody) { way }: z.output<typeof wayBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.proving.choose(page.visit, way, page.address);
    leadTo(reply, page, 'verify');
  }

  @Takes('resend', 'channel')
  @HttpCode(303)
  async resend(
    @CurrentPage() page: Page,
    @ValidBody(resendBody) { channel }: z.output<typeof resendBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.proving.resend(page.visit, channel, page.address);
    leadTo(reply, page, 'verify');
  }

  private browserOf(page: Page, trust: string | undefined): Promise<Browser> {
    return this.trusted.of(page, trust !== undefined && page.visit.link.purpose === 'verify');
  }

  private async lead(
    reply: FastifyReply,
    page: Page,
    browser: Browser,
    answer: string,
    answered: Answered,
  ): Promise<void> {
    const { visit } = page;
    const { purpose } = visit.link;
    this.trusted.handOver(reply, page, browser, answered?.device);
    if (purpose !== 'verify') {
      const isProven = await this.renewing.prove(reply, page, answer, answered);
      leadTo(reply, page, isProven ? 'enrol' : 'verify');
    } else if (answered === undefined) leadTo(reply, page, 'verify');
    else leadAway(reply, await this.visits.finish(visit, answered.proof));
  }
}
