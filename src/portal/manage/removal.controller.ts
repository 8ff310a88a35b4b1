import { Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ValidBody, ValidParam, ValidQuery } from '../../input.js';
import { leadTo } from '../leading.js';
import { CurrentPage, PageController, Shows, Takes } from '../page.decorators.js';
import type { Page } from '../page.js';
import { renderPage } from '../render.js';
import { Proving } from '../verify/proving.js';
import { Renewing } from '../verify/renewing.js';
import { TrustedBrowser } from '../verify/trusted-browser.js';
import { VerifyState } from '../verify/verify-state.js';
import { codeBody, keyBody, resendBody, wayBody } from '../verify/verify.controller.js';
import { factorId, saidQuery } from './manage.controller.js';
import { ManageState } from './manage-state.js';
import { Managing } from './managing.js';
import { proofContent, removalContent, removalPath } from './removal.page.js';

const removalBody = z.object({ understood: z.string().optional() });

/** Removing a factor: a proof of who wants it, where there is no fresh one, and the question whether it is meant. */
@PageController('manage/factor/:factor/remove', 'manage')
export class RemovalController {
  constructor(
    private readonly managing: Managing,
    private readonly state: ManageState,
    private readonly proving: Proving,
    private readonly verifyState: VerifyState,
    private readonly trusted: TrustedBrowser,
    private readonly renewing: Renewing,
  ) {}

  @Shows()
  async show(
    @CurrentPage() page: Page,
    @ValidParam('factor', factorId) id: string,
    @ValidQuery(saidQuery) { said }: z.output<typeof saidQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const removal = await this.state.removal(page.visit, id);
    if (removal === undefined) {
      leadTo(reply, page, 'manage');
      return undefined;
    }
    const content = removal.isProven
      ? removalContent(page, removal, said)
      : proofContent(page, removal, await this.verifyState.of(page.visit));
    return renderPage(reply, page, content);
  }

  /** Where the wish begins: a proof that is needed is begun with the way that was used last. */
  @Takes('begin')
  async begin(
    @CurrentPage() page: Page,
    @ValidParam('factor', factorId) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const removal = await this.state.removal(page.visit, id);
    if (removal?.isProven === false) await this.proving.begin(page.visit, page.address);
    leadTo(reply, page, removalPath(id));
  }

  @Takes('confirm', 'understood')
  async confirm(
    @CurrentPage() page: Page,
    @ValidParam('factor', factorId) id: string,
    @ValidBody(removalBody) { understood }: z.output<typeof removalBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const became = await this.managing.remove(page.visit, id, understood !== undefined);
    if (became === 'removed') leadTo(reply, page, 'manage?said=removed');
    else if (became === 'unproven') leadTo(reply, page, removalPath(id));
    else leadTo(reply, page, `${removalPath(id)}?said=${became}`);
  }

  @Shows('delivery')
  async delivery(@CurrentPage() { visit }: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    void reply.header('Cache-Control', 'no-store');
    return { failed: (await this.verifyState.of(visit)).isUndelivered };
  }

  @Takes('code', 'code')
  async code(
    @CurrentPage() page: Page,
    @ValidParam('factor', factorId) id: string,
    @ValidBody(codeBody) { code }: z.output<typeof codeBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const browser = await this.trusted.of(page);
    const answered = await this.proving.answer(page.visit, code, page.address, browser);
    this.trusted.handOver(reply, page, browser, answered?.device);
    await this.renewing.prove(reply, page, code, answered);
    leadTo(reply, page, removalPath(id));
  }

  @Takes('key', 'response')
  async key(
    @CurrentPage() page: Page,
    @ValidParam('factor', factorId) id: string,
    @ValidBody(keyBody) { response }: z.output<typeof keyBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const browser = await this.trusted.of(page);
    const answered = await this.proving.answerKey(page.visit, response, page.address, browser);
    this.trusted.handOver(reply, page, browser, answered?.device);
    await this.renewing.prove(reply, page, response, answered);
    leadTo(reply, page, removalPath(id));
  }

  @Takes('way', 'way')
  async way(
    @CurrentPage() page: Page,
    @ValidParam('factor', factorId) id: string,
    @ValidBody(wayBody) { way }: z.output<typeof wayBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.proving.choose(page.visit, way, page.address);
    leadTo(reply, page, removalPath(id));
  }

  @Takes('resend', 'channel')
  async resend(
    @CurrentPage() page: Page,
    @ValidParam('factor', factorId) id: string,
    @ValidBody(resendBody) { channel }: z.output<typeof resendBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.proving.resend(page.visit, channel, page.address);
    leadTo(reply, page, removalPath(id));
  }
}
