/** What `watchword secrets reencrypt` and `watchword doctor` do, in this process. */
import type { Finding } from '../../src/operator/doctor.js';
import { operations } from '../../src/operator/operations.js';
import type { BatchOutcome } from '../../src/operator/reencryption.js';
import { sealedColumnNames } from '../../src/storage/sealed-columns.js';
import type { TestApplication } from './application.js';

/** Seals everything again, and stops after so many batches as if it had been killed. */
export async function reencrypt(
  { app }: TestApplication,
  batches = Infinity,
): Promise<{ resealed: number; unreadable: number }> {
  let [resealed, unreadable, done] = [0, 0, 0];
  for (const column of sealedColumnNames) {
    let after: BatchOutcome['next'] = null;
    do {
      if (done === batches) return { resealed, unreadable };
      const batch = (await operations['secrets.batch'](app, { column, after })) as BatchOutcome;
      resealed += batch.resealed;
      unreadable += batch.unreadable;
      after = batch.next;
      done += 1;
    } while (after !== null);
  }
  return { resealed, unreadable };
}

/** What doctor says of the master keys. */
export async function masterKeyFindings({ app }: TestApplication): Promise<Finding[]> {
  const findings = (await operations.doctor(app, {})) as Finding[];
  return findings.filter(({ check }) => check === 'encryption keys');
}
