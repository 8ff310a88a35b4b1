/** Which master keys are still needed, by what, and until when. */
import type { INestApplicationContext } from '@nestjs/common';
import { Clock } from '../clock.js';
import { Keyring } from '../crypto/keyring.js';
import { MasterKeys, NOTED_WITHIN_MS } from '../storage/master-keys.js';
import type { Finding } from './doctor.js';
import { standing, type Standing } from './reencryption.js';

/**
 * How long a keyed hash lives, but for those of refresh tokens: codes ten minutes, idempotent requests and the
 * shield's windows a day. What a factor is found by lives on and is made anew with its secret.
 */
const HASHES_LIVE_MS = 86_400_000;
const check = 'encryption keys';

/** A finding for each key that is not the one that writes, or one that says that there is none. */
export async function masterKeys(context: INestApplicationContext): Promise<Finding[]> {
  const { ids, currentId } = context.get(Keyring);
  const columns = await standing(context);
  const found = new Set(columns.flatMap(({ values }) => Object.keys(values)));
  const findings: Finding[] = [];
  for (const id of found) if (!ids.includes(id)) findings.push(lost(id, columns));
  for (const id of ids.filter((one) => one !== currentId))
    findings.push(found.has(id) ? needed(id, columns) : await waiting(context, id));
  if (findings.length > 0) return findings;
  return [{ check, state: 'ok', detail: `everything is sealed under "${currentId}"` }];
}

function lost(id: string, columns: readonly Standing[]): Finding {
  const detail =
    id === ''
      ? `${describe(id, columns)} are no sealed values: somebody has written to the database`
      : `${describe(id, columns)} are sealed under "${id}", which is not among the keys`;
  const remedy =
    id === ''
      ? 'Restore them from a backup, or have the factors enrolled anew.'
      : `Put "${id}" back as the last of WATCHWORD_ENCRYPTION_KEYS, then run: watchword secrets reencrypt`;
  return { check, state: 'failing', detail, remedy };
}

function needed(id: string, columns: readonly Standing[]): Finding {
  const detail = `${describe(id, columns)} are still sealed under "${id}"`;
  return { check, state: 'warning', detail, remedy: 'Run: watchword secrets reencrypt' };
}

/** Nothing is sealed under it any more; what was hashed with it may still be asked about. */
async function waiting(context: INestApplicationContext, id: string): Promise<Finding> {
  const keys = context.get(MasterKeys);
  const now = context.get(Clock).now();
  const wroteAt = (await keys.list()).get(id);
  if (wroteAt !== undefined) {
    const wroteUntil = new Date(wroteAt.getTime() + NOTED_WITHIN_MS);
    const hashesEnd = new Date(wroteUntil.getTime() + HASHES_LIVE_MS);
    const sessionsEnd = await keys.lastEndOfSessions(wroteUntil);
    if (sessionsEnd !== null && sessionsEnd > hashesEnd)
      return {
        check,
        state: 'ok',
        detail:
          `nothing is sealed under "${id}"; keep it until ${sessionsEnd.toISOString()}, for it tells refresh ` +
          'tokens that were stolen and used up before: without it they are refused, and no longer end the session',
      };
    if (hashesEnd > now)
      return {
        check,
        state: 'ok',
        detail: `nothing is sealed under "${id}"; keep it until ${hashesEnd.toISOString()}, for codes and requests under way`,
      };
  }
  const remedy = `Take "${id}" out of WATCHWORD_ENCRYPTION_KEYS, and keep it with the backups that need it.`;
  return { check, state: 'warning', detail: `nothing needs "${id}" any more`, remedy };
}

function describe(id: string, columns: readonly Standing[]): string {
  const parts = columns.flatMap(({ column, values }) =>
    values[id] === undefined ? [] : [`${values[id]} of ${column}`],
  );
  return parts.join(', ');
}
