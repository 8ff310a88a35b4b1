/** `watchword secrets reencrypt` beside a service, killed half-way, run again, and shown as it goes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client } from 'pg';
import { Keyring } from '../../src/crypto/keyring.js';
import type { Finding } from '../../src/operator/doctor.js';
import { populate, type Citizen } from '../support/population.js';
import {
  cliFile,
  installation,
  runWatchword,
  startProcess,
  watchwordJson,
  type Environment,
} from '../support/service-process.js';

const PEOPLE = 4_000;

let old: Environment;
let both: Environment;
let citizens: Citizen[];

beforeAll(async () => {
  old = await installation();
  const k1 = old['WATCHWORD_ENCRYPTION_KEYS'] ?? '';
  both = { ...old, WATCHWORD_ENCRYPTION_KEYS: `${Keyring.generate('k2')},${k1}` };
  const service = await startProcess(old);
  citizens = await populate(old['WATCHWORD_DATABASE_URL'] ?? '', k1, PEOPLE);
  await service.end('SIGTERM');
}, 60_000);

/** What doctor says of the old key. */
async function standing(): Promise<string> {
  const findings = await watchwordJson<Finding[]>(both, 'doctor');
  return findings.find(({ check }) => check === 'encryption keys')?.detail ?? '';
}

it('S112: killed half-way and run again it seals everything, while the service goes on', async () => {
  const service = await startProcess(both);
  expect(await standing()).toMatch(new RegExp(`^${PEOPLE} of factors.secret`));

  // Somebody is busy with the last factor, so it does not come to its end before it is killed.
  const busy = new Client({ connectionString: old['WATCHWORD_DATABASE_URL'] });
  await busy.connect();
  await busy.query('BEGIN');
  await busy.query('SELECT id FROM factors ORDER BY id DESC LIMIT 1 FOR UPDATE');
  const killed = spawn(process.execPath, [cliFile, 'secrets', 'reencrypt'], {
    env: both,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [line] = (await once(killed.stderr, 'data')) as [Buffer];
  expect(line.toString()).toMatch(/^sealed under "k2": \d+ of \d+\n/);
  killed.kill('SIGKILL');
  await once(killed, 'close');
  await busy.end();
  const [, left = ''] = /^(\d+) of factors\.secret/.exec(await standing()) ?? [];
  expect(Number(left)).toBeGreaterThan(0);
  expect(Number(left)).toBeLessThan(PEOPLE);

  const { code, stdout, stderr } = await runWatchword(both, 'secrets', 'reencrypt');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^key +k2\nresealed +\d+\n/)]);
  // No terminal: a line for each tenth, and nothing that only a terminal would understand.
  expect(stderr).toMatch(/^(sealed under "k2": \d+ of \d+\n){10}$/);
  expect(await standing()).toMatch(/^nothing is sealed under "k1"; keep it until/);
  const again = await watchwordJson(both, 'secrets', 'reencrypt');
  expect(again).toEqual({ key: 'k2', resealed: 0, unreadable: 0, left: 0 });

  for (const { userId, code: show } of citizens.filter((_, n) => n % 200 === 0)) {
    const path = `/v1/users/${userId}/verify`;
    expect((await service.call('POST', path, { code: show() })).status).toBe(200);
  }
  const { body } = await service.call('GET', '/v1/audit');
  const events = (body.data as { type: string; detail: unknown }[]).filter(
    ({ type }) => type === 'secrets.reencryption_begun',
  );
  expect(events.map(({ detail }) => detail)).toEqual([
    { key_id: 'k2', values: PEOPLE + 1 },
    { key_id: 'k2', values: Number(left) + 1 },
  ]);
  await service.end('SIGTERM');
}, 120_000);

it('a value whose key is not there any more is left, counted, and told with what to do', async () => {
  const [k2 = '', k1 = ''] = (both['WATCHWORD_ENCRYPTION_KEYS'] ?? '').split(',');
  await populate(old['WATCHWORD_DATABASE_URL'] ?? '', k1, 3);
  const without = { ...both, WATCHWORD_ENCRYPTION_KEYS: k2 };
  const { code, stdout, stderr } = await runWatchword(without, 'secrets', 'reencrypt');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('3 do not open. Run: watchword doctor');
  const doctor = await runWatchword(without, 'doctor');
  expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringContaining('Put "k1" back')]);
}, 60_000);
