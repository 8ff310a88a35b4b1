import type { Config } from '../config.js';
import { OperatorError } from '../errors.js';
import type { BatchOutcome } from '../operator/reencryption.js';
import type { ReencryptionPlan } from '../operator/secret-operations.js';
import { showProgress } from './progress.js';
import { withOperations, type Run } from './run-operation.js';

/** What a run has come to. */
interface Reencryption {
  readonly key: string;
  readonly resealed: number;
  readonly unreadable: number;
  /** Values that still stand under another key. */
  readonly left: number;
}

/**
 * Seals everything under the first key, batch by batch. It may be stopped at any time, and run again.
 *
 * @throws OperatorError where values are left that do not open, or that were written under an older key since
 */
export function reencrypt(config: Config): Promise<Reencryption> {
  return withOperations(config, async (run) => {
    const plan = (await run('secrets.plan', {})) as ReencryptionPlan;
    const total = sum(plan.columns.map(({ values }) => sum(Object.values(values))));
    const stale = staleIn(plan);
    if (stale === 0) return { key: plan.key, resealed: 0, unreadable: 0, left: 0 };
    await run('secrets.begin', { values: stale });
    const progress = showProgress(process.stderr, `sealed under "${plan.key}"`, total);
    const { resealed, unreadable } = await resealAll(run, plan, (seen) => {
      progress.advance(seen);
    }).finally(() => {
      progress.stop();
    });
    const left = staleIn((await run('secrets.plan', {})) as ReencryptionPlan);
    if (left > 0) throw new OperatorError(remedyOf({ key: plan.key, resealed, unreadable, left }));
    return { key: plan.key, resealed, unreadable, left };
  });
}

async function resealAll(run: Run, { columns }: ReencryptionPlan, onSeen: (seen: number) => void) {
  let [resealed, unreadable] = [0, 0];
  for (const { column } of columns) {
    let after: BatchOutcome['next'] = null;
    do {
      const batch = (await run('secrets.batch', { column, after })) as BatchOutcome;
      resealed += batch.resealed;
      unreadable += batch.unreadable;
      onSeen(batch.seen);
      after = batch.next;
    } while (after !== null);
  }
  return { resealed, unreadable };
}

function remedyOf({ key, resealed, unreadable, left }: Reencryption): string {
  const done = `${resealed} values were sealed under "${key}", and ${left} are still not.`;
  return unreadable > 0
    ? `${done} ${unreadable} do not open. Run: watchword doctor`
    : `${done} Another replica still writes under an older key: give "${key}" the first place everywhere, then run this again.`;
}

function staleIn({ key, columns }: ReencryptionPlan): number {
  return sum(columns.map(({ values }) => sum(Object.values(values)) - (values[key] ?? 0)));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
