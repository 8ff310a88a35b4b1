import { WatchwordError } from '../errors.js';

/** A double click and an impatient third; whoever asks for more of the same at once does not mean it. */
const MOST_WAITING = 3;

interface Queue {
  /** Settles when everybody in the queue is done; never rejects. */
  last: Promise<unknown>;
  length: number;
}

/**
 * Does what is costly for one user at a time, in the order in which it was asked for. So nobody fills the queue
 * that all users share, and of two clicks the second is answered last, with what is good from then on.
 *
 * By process: on another replica the same user has a turn as well.
 */
export class TurnsOfUsers {
  private readonly queues = new Map<string, Queue>();

  /** @throws WatchwordError `overloaded` where too much of this user's is waiting already */
  async take<Result>(
    realmId: string,
    userId: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const user = JSON.stringify([realmId, userId]);
    const queue = this.queues.get(user) ?? { last: Promise.resolve(), length: 0 };
    if (queue.length > MOST_WAITING) throw new WatchwordError('overloaded');
    this.queues.set(user, queue);
    queue.length += 1;
    const turn = queue.last.then(work);
    queue.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      queue.length -= 1;
      if (queue.length === 0) this.queues.delete(user);
    }
  }
}
