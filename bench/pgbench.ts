/** What PostgreSQL does by itself, with the statements of one login or of one code by SMS at a time. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const readAndUse = (realmId: string) => `
SELECT id AS factor, secret, parameters, last_step FROM factors
  WHERE realm_id = '${realmId}' AND user_id = 'user-' || :n::text AND status = 'active' AND type = 'totp' \\gset
UPDATE factors SET last_step = last_step, drift_steps = 0, last_used_at = now()
  WHERE id = :factor AND status = 'active' AND last_step < 9000000000 RETURNING user_id;
`;

const charge = (realmId: string, user: string, kind: string) => `
INSERT INTO attempt_budgets AS b
    (realm_id, user_id, kind, consecutive, slow_count, slow_since, granted)
  VALUES ('${realmId}', ${user}, '${kind}', 1, 1, now(), true)
  ON CONFLICT (realm_id, user_id, kind) DO UPDATE
  SET consecutive = b.consecutive + 1, slow_count = b.slow_count + 1
  WHERE b.locked_until IS NULL OR b.locked_until <= now() RETURNING consecutive;
`;

const giveBack = (realmId: string, user: string, kind: string) => `
UPDATE attempt_budgets SET consecutive = 0, slow_count = greatest(slow_count - 1, 0), locked_until = NULL
  WHERE realm_id = '${realmId}' AND user_id = ${user} AND kind = '${kind}';
`;

/** Ids that grow, as ours do. */
const newId = (prefix: string) =>
  `'${prefix}_' || to_char(extract(epoch FROM clock_timestamp()) * 1000000, 'FM0000000000000000') || '_' || :client_id`;

const audit = (realmId: string, type: string, user: string) => `
INSERT INTO audit_events (id, at, realm_id, type, application_id, actor, user_id, request_id, detail)
  VALUES (${newId('aud')}, now(), '${realmId}', '${type}', 'app', 'key', ${user}, 'request',
    '{"factor_type": "totp", "transaction_hash": null, "failures_before": 0}');
`;

const user = "'user-' || :n::text";

/** The login that the design counts in: the factor read, its step used up, committed. */
export const shortLogin = (realmId: string, people: number) => `
\\set n random(1, ${people})
BEGIN;${readAndUse(realmId)}COMMIT;
`;

/** The login as the service has it: charged and committed, then used up, given back, audited and committed. */
export const wholeLogin = (realmId: string, people: number) => `
\\set n random(1, ${people})
${charge(realmId, user, 'totp')}
BEGIN;${readAndUse(realmId)}${giveBack(realmId, user, 'totp')}${audit(realmId, 'verification.approved', user)}COMMIT;
`;

const caller = "'caller-' || :n::text";
const counters = (realmId: string) =>
  `('day/bench', 'day/bench/${realmId}', 'number/bench/' || :n::text, 'application/bench', ` +
  `'prefix/bench/' || (:n / 10000)::text, 'country/bench', 'user/bench/' || :n::text)`;

/** A challenge by SMS as the service has it: counted, opened, handed over, charged, used up. */
export const phonePair = (realmId: string, people: number) => `
\\set n random(1, ${people})
BEGIN;
SELECT id AS factor FROM factors WHERE realm_id = '${realmId}' AND user_id = ${caller} AND type = 'phone' AND status = 'active' \\gset
SELECT key FROM send_counters WHERE key IN ${counters(realmId)} ORDER BY key FOR UPDATE;
UPDATE send_counters SET used = used + 1 WHERE key IN ${counters(realmId)};
INSERT INTO challenges (id, realm_id, application_id, user_id, type, factor_id, purpose, status, first_factor, created_at, expires_at, code_hash, sends)
  VALUES (${newId('chl')}, '${realmId}', 'app', ${caller}, 'phone', :factor, 'verify', 'pending', '{}', now(), now() + interval '5 minutes', '\\x00', 1) RETURNING id AS challenge \\gset
INSERT INTO messages (id, realm_id, challenge_id, channel, country, content, status, claim, claimed_until, budget_keys, cost_micros, created_at, expires_at, updated_at)
  VALUES (${newId('msg')}, '${realmId}', :challenge, 'sms', 'DE', repeat('x', 200)::bytea, 'queued', 'c', now() + interval '10 seconds', '{a,b}', 100000, now(), now() + interval '5 minutes', now()) RETURNING id AS message \\gset
${audit(realmId, 'challenge.created', caller)}COMMIT;
UPDATE messages SET tried = tried || 'webhook'::text, in_hand = true, claimed_until = now() + interval '10 seconds' WHERE id = :message;
UPDATE messages SET status = 'sent', provider = 'webhook', in_hand = false, content = NULL, claim = NULL, claimed_until = NULL WHERE id = :message;
SELECT * FROM challenges WHERE id = :challenge \\gset shown_
BEGIN;
UPDATE challenges SET attempts_used = attempts_used + 1 WHERE id = :challenge AND status = 'pending';
${charge(realmId, caller, 'phone')}COMMIT;
BEGIN;
UPDATE challenges SET status = 'approved', ended_at = now(), code_hash = NULL WHERE id = :challenge AND status = 'pending';
UPDATE factors SET last_used_at = now() WHERE id = :factor AND status = 'active';
${giveBack(realmId, caller, 'phone')}
UPDATE send_counters SET verified = verified + 1 WHERE key IN ('number/bench/' || :n::text, 'prefix/bench/' || (:n / 10000)::text, 'country/bench');
${audit(realmId, 'verification.approved', caller)}COMMIT;
`;

/** The rows that `phonePair` counts in. */
export const phoneCounters = (realmId: string, people: number) => `
INSERT INTO send_counters (key, since, used, spent_micros, verified, recent)
SELECT key, now(), 0, 0, 0, '{}' FROM (
  SELECT unnest(ARRAY['day/bench', 'day/bench/${realmId}', 'application/bench', 'country/bench', 'prefix/bench/0']) AS key
  UNION ALL SELECT 'number/bench/' || n FROM generate_series(1, ${people}) n
  UNION ALL SELECT 'user/bench/' || n FROM generate_series(1, ${people}) n) k
ON CONFLICT DO NOTHING`;

/** @returns transactions a second, with 64 clients and prepared statements */
export function pgbench(url: string, script: string, seconds: number): number {
  const file = join(mkdtempSync(join(tmpdir(), 'watchword-bench-')), 'script.sql');
  writeFileSync(file, script);
  const args = `-n -M prepared -c 64 -j 2 -T ${seconds} -f ${file} ${url}`.split(' ');
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
