/**
 * An import that is killed halfway, the command as well as the service, and run again: what stands in the file
 * is in the database, and nothing twice.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { CountingToken } from '../support/hard-token.js';
import {
  cliFile,
  installation,
  startProcess,
  until,
  watchwordJson,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

const isEmbedded = process.env['WATCHWORD_TEST_DATABASE'] === 'pglite';
const BATCH = 500;
const ROWS = 2000;
/** Of every two tokens one is in stock and one in use; every fifth row is somebody's app. */
const rows = Array.from({ length: ROWS }, (_, n) => ({
  serial: n % 5 === 0 ? '' : `K${String(n).padStart(5, '0')}`,
  user: n % 2 === 0 || n % 5 === 0 ? `user-${n}` : '',
  secret: randomBytes(20).toString('hex'),
}));
const known = new CountingToken();
rows[0] = { serial: '', user: 'user-0', secret: Buffer.from(known.secret).toString('hex') };
const content = [
  'serial,key,user',
  ...rows.map(({ serial, user, secret }) => `${serial},${secret},${user}`),
].join('\n');
const withSerial = rows.filter(({ serial }) => serial !== '');

interface Summary {
  readonly imported: number;
  readonly present: number;
  readonly refused: number;
}

async function setUp() {
  const environment = await installation();
  const file = join(environment['WATCHWORD_DATA_DIR'] ?? '', '..', `tokens-${process.pid}.csv`);
  await writeFile(file, content);
  return { environment, file };
}

/** Runs the import and calls back when some of it is done. @returns once it has ended */
async function importing(
  environment: Environment,
  file: string,
  onProgress: (kill: () => void) => void,
) {
  const args = [cliFile, 'tokens', 'import', file, '--assign-users'];
  const child = spawn(process.execPath, args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.resume();
  child.stderr.on('data', (part: Buffer) => {
    if (said === '') onProgress(() => child.kill('SIGKILL'));
    said += part.toString();
  });
  await new Promise((resolve) => child.once('close', resolve));
  return said;
}

const again = (environment: Environment, file: string) =>
  watchwordJson<Summary>(environment, 'tokens', 'import', file, '--assign-users');

/** Of the whole inventory and of some users: what is in the file, once, and usable. */
async function expectAllOnce(service: ServiceProcess): Promise<void> {
  const seen: Record<string, unknown>[] = [];
  let after: string | null = '';
  while (after !== null) {
    const path = `/v1/hardware-tokens${after && `?after=${after}`}`;
    const { body } = await service.call('GET', path);
    seen.push(...(body.data as Record<string, unknown>[]));
    after = body.next as string | null;
  }
  expect(seen.map(({ serial, status, user_id }) => [serial, status, user_id])).toEqual(
    withSerial.map(({ serial, user }) =>
      user === '' ? [serial, 'stock', undefined] : [serial, 'active', user],
    ),
  );
  for (const index of [0, 2, 5, BATCH, ROWS / 2, ROWS - 5, ROWS - 2]) {
    const { body } = await service.call('GET', `/v1/users/user-${index}/factors`);
    expect([index, body.data]).toEqual([index, [expect.objectContaining({ status: 'active' })]]);
  }
  const login = await service.call('POST', '/v1/users/user-0/verify', { code: known.codeOf(1) });
  expect(login.status).toBe(200);
}

/**
 * Kills the service in the middle of a batch: its tokens are written, and of the factors that they are none is,
 * for nobody may write one.
 */
async function killBetweenTokensAndFactors(
  service: ServiceProcess,
  url: string,
  body: object,
): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  const count = async (query: string) => Number((await client.query(query)).rows[0]?.count);
  await client.query('BEGIN');
  await client.query('LOCK TABLE factors IN SHARE MODE');
  const answer = service.call('POST', '/v1/tokens-import', body).catch(() => undefined);
  const waiting = `SELECT count(*) FROM pg_locks
    WHERE relation = 'factors'::regclass AND mode = 'RowExclusiveLock' AND NOT granted`;
  await until(async () => (await count(waiting)) > 0);
  service.child.kill('SIGKILL');
  await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  await client.query('ROLLBACK');
  await client.end();
  expect(await answer).toBeUndefined();
}

it('the command is killed', async () => {
  const { environment, file } = await setUp();
  // The first start makes the first application, and its realm.
  await (await startProcess(environment)).end('SIGTERM');
  await importing(environment, file, (kill) => kill());
  const { imported, present, refused } = await again(environment, file);
  expect([present > 0, present % BATCH]).toEqual([true, 0]);
  expect([imported + present, refused]).toEqual([ROWS, 0]);
  expect(await again(environment, file)).toMatchObject({ imported: 0, present: ROWS, refused: 0 });
  const service = await startProcess(environment);
  await expectAllOnce(service);
  await service.end('SIGTERM');
}, 180_000);

it('the service is killed', async () => {
  const { environment, file } = await setUp();
  const first = await startProcess(environment);
  const body = { content, assign_users: true };
  if (isEmbedded) {
    // The command has the running service do it.
    await importing(environment, file, () => first.child.kill('SIGKILL'));
  } else {
    const [head = '', ...lines] = content.split('\n');
    const start = [head, ...lines.slice(0, BATCH)].join('\n');
    await first.call('POST', '/v1/tokens-import', { ...body, content: start });
    const url = environment['WATCHWORD_DATABASE_URL'] ?? '';
    await killBetweenTokensAndFactors(first, url, body);
  }
  await first.end('SIGKILL');
  const second = await startProcess(environment);
  const { status, body: report } = await second.call('POST', '/v1/tokens-import', body);
  expect([status, report.refused]).toEqual([200, 0]);
  if (isEmbedded) expect((report.present as number) % BATCH).toBe(0);
  else expect(report.present).toBe(BATCH);
  expect((report.imported as number) + (report.present as number)).toBe(ROWS);
  await expectAllOnce(second);
  await second.end('SIGTERM');
}, 180_000);
