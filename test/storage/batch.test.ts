import { Batch } from '../../src/storage/batch.js';

interface Item {
  readonly key: string;
  readonly value: number;
}

const gone = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** A batch whose statements wait until they are let go. */
function held() {
  const batches: Item[][] = [];
  const releases: (() => void)[] = [];
  const batch = new Batch<Item, number>(
    async (items) => {
      batches.push(items);
      await new Promise<void>((resolve) => releases.push(resolve));
      return items.map(({ value }) => value * 2);
    },
    ({ key }) => key,
    4,
  );
  return { batch, batches, release: () => releases.shift()?.() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('carries what arrived while the last batch was under way in one', async () => {
  const { batch, batches, release } = held();
  const first = batch.submit({ key: 'a', value: 1 });
  await turn();
  const others = ['b', 'c', 'd'].map((key, n) => batch.submit({ key, value: n }));
  expect(batches).toHaveLength(1);
  release();
  expect(await first).toBe(2);
  await turn();
  expect(batches[1]?.map(({ key }) => key)).toEqual(['b', 'c', 'd']);
  release();
  expect(await Promise.all(others)).toEqual([0, 2, 4]);
});

it('S30: a key stands once in a batch; its other items wait their turn, in order', async () => {
  const { batch, batches, release } = held();
  const answers = [1, 2, 3].map((value) => batch.submit({ key: 'same', value }));
  const other = batch.submit({ key: 'other', value: 9 });
  for (let n = 0; n < 3; n++) {
    await turn();
    release();
    await answers[n];
  }
  expect(batches.map((items) => items.map(({ value }) => value))).toEqual([[1, 9], [2], [3]]);
  expect(await other).toBe(18);
});

it('holds no more than it may', async () => {
  const { batch, batches, release } = held();
  const answers = Array.from({ length: 6 }, (_, n) => batch.submit({ key: String(n), value: n }));
  await turn();
  release();
  await answers[0];
  await turn();
  release();
  await Promise.all(answers);
  expect(batches.map(({ length }) => length)).toEqual([4, 2]);
});

it('a bad item is refused alone', async () => {
  const batch = new Batch<Item, number>(
    (items) =>
      items.some(({ value }) => value < 0)
        ? Promise.reject(new Error('bad item'))
        : Promise.resolve(items.map(({ value }) => value)),
    ({ key }) => key,
  );
  const answers = await Promise.allSettled(
    [1, -1, 2].map((value) => batch.submit({ key: String(value), value })),
  );
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('S46: a batch that lost its database is not run again', async () => {
  let runs = 0;
  const batch = new Batch<Item, number>(
    () => {
      runs++;
      return Promise.reject(gone);
    },
    ({ key }) => key,
  );
  const answers = await Promise.allSettled(
    ['a', 'b'].map((key) => batch.submit({ key, value: 1 })),
  );
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(runs).toBe(1);
  // And the next one is.
  await expect(batch.submit({ key: 'c', value: 1 })).rejects.toBe(gone);
  expect(runs).toBe(2);
});
