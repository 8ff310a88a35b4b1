import { Headers, HttpCode, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Clock } from '../../clock.js';
import { channels } from '../../delivery/channel.js';
import { WatchwordError } from '../../errors.js';
import { ValidBody } from '../../input.js';
import { Visits } from '../../links/visits.js';
import { leadAway, leadTo } from '../leading.js';
import { shownNotice } from '../notice.js';
import { CurrentPage, PageController, Shows, Takes } from '../page.decorators.js';
import type { Page } from '../page.js';
import { renderPage } from '../render.js';
import { Proving } from '../verify/proving.js';
import { keyBody } from '../verify/verify.controller.js';
import { RecentProof } from '../verify/recent-proof.js';
import { likelyCountry } from './countries.js';
import { EnrolState } from './enrol-state.js';
import { enrolContent, numberContent } from './enrol.page.js';
import type { NumberForm } from './phone-steps.js';
import { SettingUp } from './setting-up.js';

const codeBody = z.object({ code: z.string().max(256).default('') });
const numberBody = z.object({
  country: z.string().max(8).default(''),
  number: z.string().max(64).default(''),
});
const resendBody = z.object({ channel: z.enum(channels).optional() });
const doneBody = z.object({
  name: z
    .string()
    .max(256)
    .default('')
    .transform((name) => name.trim()),
  next: z.enum(['more', 'leave']).default('leave'),
});

/**
 * The pages on which a factor is set up: chosen, begun, proved by its first code, named. Those to manage lead here
 * for another one, and are led back to.
 */
@PageController('enrol', 'enrol', 'manage')
export class EnrolController {
  constructor(
    private readonly settingUp: SettingUp,
    private readonly state: EnrolState,
    private readonly proving: Proving,
    private readonly recentProof: RecentProof,
    private readonly visits: Visits,
    private readonly clock: Clock,
  ) {}

  @Shows()
  async show(
    @CurrentPage() page: Page,
    @Headers('accept-language') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const view = await this.state.of(page.visit);
    return renderPage(reply, page, await enrolContent(page, view, this.numberForm(page, accept)));
  }

  /** Asks for a number, also while another one waits for its code. */
  @Shows('phone')
  async number(
    @CurrentPage() page: Page,
    @Headers('accept-language') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (!(await this.settingUp.types(page.visit)).includes('phone'))
      throw new WatchwordError('not_found');
    const told = { notice: undefined, status: undefined, isUndelivered: false };
    return renderPage(reply, page, numberContent(page, told, this.numberForm(page, accept)));
  }

  /** What became of the message, for the script that watches it. */
  @Shows('delivery')
  async delivery(@CurrentPage() { visit }: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    void reply.header('Cache-Control', 'no-store');
    return { failed: (await this.state.of(visit)).isUndelivered };
  }

  /** Leads to the proof that has to come first. */
  @Takes('prove')
  async prove(@CurrentPage() page: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    await this.proving.begin(page.visit, page.address);
    leadTo(reply, page, 'verify');
  }

  @Takes('app')
  async app(@CurrentPage() page: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    await this.beginHere(page, 'totp');
    leadTo(reply, page, 'enrol');
  }

  @Takes('key')
  async key(@CurrentPage() page: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    await this.beginHere(page, 'webauthn');
    leadTo(reply, page, 'enrol');
  }

  /** The key is made. */
  @Takes('made', 'response')
  async made(
    @CurrentPage() page: Page,
    @ValidBody(keyBody) { response }: z.output<typeof keyBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.settingUp.answerKey(page.visit, response);
    leadTo(reply, page, 'enrol');
  }

  /**
   * Sends the first code to a number. One that is refused has changed nothing, so the page with what was typed
   * is the answer: a number is not kept for being shown again.
   */
  @Takes('phone', 'country', 'number')
  @HttpCode(200)
  async phone(
    @CurrentPage() page: Page,
    @ValidBody(numberBody) typed: z.output<typeof numberBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { visit, texts, address } = page;
    if (!(await this.settingUp.types(visit)).includes('phone'))
      throw new WatchwordError('not_found');
    if (await this.recentProof.isMissing(visit)) {
      leadTo(reply, page, 'enrol');
      return undefined;
    }
    const refused = await this.settingUp.beginPhone(visit, typed, texts.locale, address);
    if (refused === undefined) {
      leadTo(reply, page, 'enrol');
      return undefined;
    }
    const notice = shownNotice(refused, this.clock.now());
    const told = { notice, status: undefined, isUndelivered: false };
    const form = { typed, countries: this.settingUp.countries(texts.locale) };
    return renderPage(reply, page, numberContent(page, told, form));
  }

  @Takes('code', 'code')
  async code(
    @CurrentPage() page: Page,
    @ValidBody(codeBody) { code }: z.output<typeof codeBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.settingUp.answer(page.visit, code);
    leadTo(reply, page, 'enrol');
  }

  @Takes('resend', 'channel')
  async resend(
    @CurrentPage() page: Page,
    @ValidBody(resendBody) { channel }: z.output<typeof resendBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.proving.resend(page.visit, channel, page.address);
    leadTo(reply, page, 'enrol');
  }

  @Takes('other')
  async other(@CurrentPage() page: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    await this.settingUp.startOver(page.visit);
    leadTo(reply, page, 'enrol');
  }

  /** Begins with another factor, from the list of those that there are. */
  @Takes('begin')
  async begin(@CurrentPage() page: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    await this.settingUp.startOver(page.visit);
    await this.settingUp.open(page.visit);
    leadTo(reply, page, 'enrol');
  }

  /** Leaves what was begun, for the list. */
  @Takes('back')
  async back(@CurrentPage() page: Page, @Res({ passthrough: true }) reply: FastifyReply) {
    await this.settingUp.startOver(page.visit);
    leadTo(reply, page, 'manage');
  }

  /** Names what was set up, and goes on: to a second one, or back to where the user came from. */
  @Takes('done', 'name', 'next')
  async done(
    @CurrentPage() page: Page,
    @ValidBody(doneBody) { name, next }: z.output<typeof doneBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { visit } = page;
    const { deeds, purpose } = visit.link;
    if (deeds.length === 0 || !(await this.settingUp.name(visit, name)))
      leadTo(reply, page, 'enrol');
    else if (next === 'leave' && purpose === 'enrol')
      leadAway(reply, await this.visits.finish(visit, null));
    else {
      await this.settingUp.startOver(visit);
      leadTo(reply, page, next === 'leave' ? 'manage' : 'enrol');
    }
  }

  private async beginHere({ visit }: Page, type: 'totp' | 'webauthn'): Promise<void> {
    const isMissing = await this.recentProof.isMissing(visit);
    if (!isMissing && (await this.settingUp.types(visit)).includes(type))
      await this.settingUp.beginHere(visit, type);
  }

  private numberForm({ visit, texts }: Page, accept: string | undefined): NumberForm {
    const country = likelyCountry(visit.link.locale, accept);
    return {
      typed: { country, number: '' },
      countries: this.settingUp.countries(texts.locale),
    };
  }
}
