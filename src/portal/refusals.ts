import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { errorTable, WatchwordError } from '../errors.js';
import type { Notice } from '../links/link.js';
import type { Change } from '../links/links.repository.js';
import { Visits, type Visit } from '../links/visits.js';

/** What the domain refuses on a page is said by the page that is shown next. */
@Injectable()
export class Refusals {
  constructor(
    private readonly visits: Visits,
    private readonly clock: Clock,
  ) {}

  /**
   * Does something, and remembers why it was refused.
   *
   * @param where what is remembered beside the reason
   * @throws what is no answer to the user: that is a page of its own
   */
  async told(visit: Visit, where: Change, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.visits.remember(visit, { ...where, notice: this.noticeOf(error) });
    }
  }

  noticeOf({ code, members }: WatchwordError): Notice {
    const { attempts_left: attemptsLeft, retry_after: seconds } = members;
    return {
      code,
      ...(attemptsLeft !== undefined && { attemptsLeft }),
      ...(seconds !== undefined && {
        until: new Date(this.clock.now().getTime() + seconds * 1000).toISOString(),
      }),
    };
  }
}

/** Whether it is an answer to the user, and not something that has gone wrong here. */
export function isRefusal(error: unknown): error is WatchwordError {
  return error instanceof WatchwordError && errorTable[error.code].status < 500;
}
