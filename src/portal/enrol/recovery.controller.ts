import { HttpCode, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { leadTo } from '../leading.js';
import { CurrentPage, PageController, Takes } from '../page.decorators.js';
import type { Page } from '../page.js';
import { renderPage } from '../render.js';
import { RecoveryCodes } from './recovery-codes.js';
import { recoveryContent } from './recovery.page.js';

/** Making recovery codes. They are nowhere to be read again, so the page with them is the form's own answer. */
@PageController('enrol/recovery', 'enrol', 'manage')
export class RecoveryController {
  constructor(private readonly recoveryCodes: RecoveryCodes) {}

  @Takes('')
  @HttpCode(200)
  async make(@CurrentPage() page: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    const made = await this.recoveryCodes.make(page.visit);
    if (made !== undefined) return renderPage(reply, page, recoveryContent(page, made));
    leadTo(reply, page, 'enrol');
    return undefined;
  }
}
