import type { FastifyReply } from 'fastify';
import { pathOf } from './controls.js';
import type { Page } from './page.js';

/** Has a form lead to a page of its link, so that a reload sends nothing twice. @param to as `verify` */
export function leadTo(reply: FastifyReply, page: Page, to: string): void {
  leadAway(reply, pathOf(page, to));
}

/** The same to any address, as the application's. */
export function leadAway(reply: FastifyReply, address: string): void {
  void reply.status(303).header('Cache-Control', 'no-store').header('Location', address);
}
