import { Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ValidBody, ValidParam, ValidQuery } from '../../input.js';
import { Visits } from '../../links/visits.js';
import { leadAway, leadTo } from '../leading.js';
import { CurrentPage, PageController, Shows, Takes, WhenDone } from '../page.decorators.js';
import type { Page } from '../page.js';
import { renderPage } from '../render.js';
import { factorContent } from './factor.page.js';
import { manageContent } from './manage.page.js';
import { ManageState } from './manage-state.js';
import { Managing } from './managing.js';

export const factorId = z.string().max(64);
/**
 * What a form before has to say. It stands in the address and not in the link, for each tab has its own; it
 * may be any of these words, and the page shows none of its letters.
 */
export const saidQuery = z.object({
  said: z
    .enum(['renamed', 'name_unusable', 'removed', 'signed_out', 'not_understood'])
    .optional()
    .catch(undefined),
});
type SaidQuery = z.output<typeof saidQuery>;

const nameBody = z.object({ name: z.string().max(1024).default('') });
const keptBody = z.object({ kept: z.string().max(64).optional() });
const deviceBody = z.object({ device: z.string().max(64).default('') });
const sessionBody = z.object({ session: z.string().max(64).default('') });

/** The pages on which a user sees and changes what there is: factors and sessions. */
@PageController('manage', 'manage')
export class ManageController {
  constructor(
    private readonly managing: Managing,
    private readonly state: ManageState,
    private readonly visits: Visits,
  ) {}

  @Shows()
  async show(
    @CurrentPage() page: Page,
    @ValidQuery(saidQuery) { said }: SaidQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return renderPage(reply, page, manageContent(page, await this.state.all(page.visit), said));
  }

  @Shows('factor/:factor')
  async showFactor(
    @CurrentPage() page: Page,
    @ValidParam('factor', factorId) id: string,
    @ValidQuery(saidQuery) { said }: SaidQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const factor = await this.state.one(page.visit, id);
    if (factor === undefined) {
      leadTo(reply, page, 'manage');
      return undefined;
    }
    return renderPage(reply, page, factorContent(page, factor, said));
  }

  @Takes('factor/:factor/name', 'name')
  async rename(
    @CurrentPage() page: Page,
    @ValidParam('factor', factorId) id: string,
    @ValidBody(nameBody) { name }: z.output<typeof nameBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const said = await this.managing.rename(page.visit, id, name);
    if (said === 'name_unusable') leadTo(reply, page, `manage/factor/${id}?said=${said}`);
    else leadTo(reply, page, said === undefined ? 'manage' : `manage?said=${said}`);
  }

  @Takes('sign-out', 'session')
  async signOut(
    @CurrentPage() page: Page,
    @ValidBody(sessionBody) { session }: z.output<typeof sessionBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.managing.signOut(page.visit, session);
    leadTo(reply, page, 'manage?said=signed_out');
  }

  @Takes('sign-out-all', 'kept')
  async signOutAll(
    @CurrentPage() page: Page,
    @ValidBody(keptBody) { kept }: z.output<typeof keptBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.managing.signOutAll(page.visit, kept ?? null);
    leadTo(reply, page, 'manage?said=signed_out');
  }

  @Takes('forget', 'device')
  async forget(
    @CurrentPage() page: Page,
    @ValidBody(deviceBody) { device }: z.output<typeof deviceBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.managing.forget(page.visit, device);
    leadTo(reply, page, 'manage?said=removed');
  }

  @Takes('done')
  @WhenDone()
  async done(
    @CurrentPage() { visit }: Page,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    leadAway(reply, await this.visits.finish(visit, null));
  }
}
