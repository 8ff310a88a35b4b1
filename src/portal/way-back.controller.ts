import { HttpCode, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ValidBody } from '../input.js';
import { Visits } from '../links/visits.js';
import { Proving } from './verify/proving.js';
import { CurrentPage, PageController, Takes, WhenDone } from './page.decorators.js';
import type { Page } from './page.js';

/** Why somebody leaves without what the link was for, and what the application is told. */
const errorOf = {
  not_me: 'access_denied',
  gave_up: 'access_denied',
  no_way: 'unmet_authentication_requirements',
  unavailable: 'temporarily_unavailable',
} as const;

const leaveBody = z.object({
  reason: z.enum(Object.keys(errorOf) as [keyof typeof errorOf]).default('gave_up'),
});

/** The ways back to the application that all pages have. */
@PageController('', 'verify', 'enrol', 'manage')
export class WayBackController {
  constructor(
    private readonly visits: Visits,
    private readonly proving: Proving,
  ) {}

  /** “This was not me”, and every other way to leave: what was begun is ended, and the application told. */
  @Takes('leave', 'reason')
  @HttpCode(303)
  async leave(
    @CurrentPage() { visit }: Page,
    @ValidBody(leaveBody) { reason }: z.output<typeof leaveBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const address = await this.visits.breakOff(visit, errorOf[reason]);
    await this.proving.cancel(visit);
    void reply.header('Cache-Control', 'no-store').header('Location', address);
  }

  /** The way back again, where it was lost. */
  @Takes('continue')
  @WhenDone()
  @HttpCode(303)
  async goOn(
    @CurrentPage() { visit }: Page,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const address = await this.visits.goBackAgain(visit);
    void reply.header('Cache-Control', 'no-store').header('Location', address);
  }
}
