/**
 * Turns many small statements into few large ones: what arrived while the last batch was under way
 * goes into the next, one batch at a time. Under load a batch grows by itself; alone, a request waits
 * for nothing.
 *
 * Rules:
 * - Within one batch a key stands once. Another item of the same key waits for the next batch, so a
 *   statement never meets one row twice, and guesses at one user run one after another.
 * - A batch that fails because of one bad item is run again item by item, so that only the bad one
 *   is refused. A batch that fails because the database is gone is not repeated: whether it was
 *   committed is unknown.
 */
import { isStorageUnavailable } from './failure.js';

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly key: string;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

export class Batch<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private underWay = false;

  /**
   * @param run answers the items in their order, one result for each
   * @param keyOf the row an item is about
   * @param most items in one batch
   */
  constructor(
    private readonly run: (items: Item[]) => Promise<Result[]>,
    private readonly keyOf: (item: Item) => string,
    private readonly most = 256,
  ) {}

  /** Answers when the batch that carried the item has been committed. */
  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, key: this.keyOf(item), resolve, reject });
      if (this.underWay) return;
      this.underWay = true;
      // Requests that were read in the same turn of the event loop join the first batch.
      setImmediate(() => void this.drain());
    });
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) await this.runOnce(this.take());
    this.underWay = false;
  }

  private take(): Waiting<Item, Result>[] {
    const batch: Waiting<Item, Result>[] = [];
    const later: Waiting<Item, Result>[] = [];
    const keys = new Set<string>();
    for (const entry of this.waiting) {
      const fits = batch.length < this.most && !keys.has(entry.key);
      if (fits) keys.add(entry.key);
      (fits ? batch : later).push(entry);
    }
    this.waiting = later;
    return batch;
  }

  private async runOnce(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.run(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error('a batch lost or gained results');
      results.forEach((result, index) => batch[index]?.resolve(result));
    } catch (error) {
      if (batch.length > 1 && !isStorageUnavailable(error)) {
        for (const entry of batch) await this.runOnce([entry]);
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  }
}

/** One moment for a whole batch; its members were made within milliseconds of each other. */
export function latestOf(items: readonly { readonly now: Date }[]): Date {
  return new Date(Math.max(0, ...items.map(({ now }) => now.getTime())));
}
