/** What PostgreSQL does by itself with the transaction that a login needs: read the factor, use its step up. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = (realmId: string, people: number) => `
\\set n random(1, ${people})
BEGIN;
SELECT id AS factor, secret, parameters, last_step FROM factors
  WHERE realm_id = '${realmId}' AND user_id = 'user-' || :n::text AND status = 'active' AND type = 'totp' \\gset
UPDATE factors SET last_step = last_step, drift_steps = 0, last_used_at = now()
  WHERE id = :factor AND status = 'active' AND last_step < 9000000000 RETURNING user_id;
COMMIT;
`;

/** @returns transactions a second, with 64 clients and prepared statements */
export function pgbench(url: string, realmId: string, people: number, seconds: number): number {
  const file = join(mkdtempSync(join(tmpdir(), 'watchword-bench-')), 'login.sql');
  writeFileSync(file, script(realmId, people));
  const args = [
    '-n',
    '-M',
    'prepared',
    '-c',
    '64',
    '-j',
    '2',
    '-T',
    String(seconds),
    '-f',
    file,
    url,
  ];
  const { stdout, stderr, status } = spawnSync(programme(), args, { encoding: 'utf8' });
  const tps = /tps = ([\d.]+)/.exec(stdout)?.[1];
  if (status !== 0 || tps === undefined) throw new Error(`pgbench failed: ${stderr}`);
  return Number(tps);
}

function programme(): string {
  const versions = (() => {
    try {
      return readdirSync('/usr/lib/postgresql').sort((one, other) => Number(other) - Number(one));
    } catch {
      return [];
    }
  })();
  const places = [
    ...versions.map((version) => `/usr/lib/postgresql/${version}/bin/pgbench`),
    'pgbench',
  ];
  const found = places.find((place) => spawnSync(place, ['--version']).status === 0);
  if (found === undefined)
    throw new Error(
      'pgbench is needed, and comes with PostgreSQL: apt-get install postgresql-contrib',
    );
  return found;
}
