import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CONFIG, type Config } from '../../config.js';
import { Visits } from '../../links/visits.js';
import { pageCookies, type PageCookies } from '../page-cookie.js';
import type { Page } from '../page.js';
import type { Answered } from './proving.js';

/** Keeps what was proved on pages that go on, and gives their browser a new id (S98). */
@Injectable()
export class Renewing {
  private readonly cookies: PageCookies;

  constructor(
    private readonly visits: Visits,
    @Inject(CONFIG) { publicUrl }: Pick<Config, 'publicUrl'>,
  ) {
    this.cookies = pageCookies(publicUrl);
  }

  /**
   * Whoever clicks twice without scripts loses the answer to the first click, and its cookie. So the same answer
   * with the old id is given a new id once more; whoever has planted an id does not know the answer.
   *
   * @param answer as it was sent
   * @returns whether it has proved something, now or a moment ago
   */
  async prove(
    reply: FastifyReply,
    page: Page,
    answer: string,
    answered: Answered,
  ): Promise<boolean> {
    const { visit, formToken, frameOrigins } = page;
    const { link } = visit;
    const proof =
      answered?.proof ?? (await this.visits.repeated(link.id, formToken, answer))?.proof;
    if (proof == null) return false;
    const pageId = await this.visits.proveHere(visit, proof, formToken, answer);
    void reply.header('Set-Cookie', this.cookies.line(link.id, pageId, frameOrigins.length > 0));
    return true;
  }
}
