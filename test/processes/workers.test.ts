/** Several processes on one port: they count together, live on when one dies, and end together. */
import { execFileSync } from 'node:child_process';
import { Agent, get } from 'node:http';
import {
  freePort,
  installation,
  runStart,
  startProcess,
  until,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

const WORKERS = 3;
const REQUESTS = 60;

let environment: Environment;
let service: ServiceProcess;
beforeAll(async () => {
  environment = { ...(await installation()), WATCHWORD_WORKERS: String(WORKERS) };
  service = await startProcess(environment);
  await until(() => Promise.resolve(service.output().includes('Watchword is ready')));
});
afterAll(() => service.end('SIGKILL'));

it('are as many as were asked for, and say so once', () => {
  expect(workerIds()).toHaveLength(WORKERS);
  const lines = service.output().split('\n');
  expect(lines.filter((line) => line.includes('Watchword is ready'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('"workers":3'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('API key'))).toHaveLength(1);
});

it('count together, whichever is asked', async () => {
  for (let n = 0; n < REQUESTS; n++) expect(await statusOf('/.well-known/jwks.json')).toBe(200);
  for (let n = 0; n < 2 * WORKERS; n++)
    expect(await counted('/.well-known/jwks.json')).toBe(REQUESTS);
});

it('live on when one is killed, which is replaced', async () => {
  const [victim = 0, ...others] = workerIds();
  process.kill(victim, 'SIGKILL');
  await until(() => Promise.resolve(!workerIds().includes(victim)));
  for (let n = 0; n < REQUESTS; n++) expect(await statusOf('/health/live')).toBe(200);
  await until(() => Promise.resolve(workerIds().length === WORKERS));
  expect(workerIds()).toEqual(expect.arrayContaining(others));
  // Both what the new one counts and what the others have counted before are in the sum.
  await until(async () => (await counted('/health/live')) > 0);
});

it('end together, and nothing of them stays', async () => {
  const ids = workerIds();
  expect(await service.end('SIGTERM')).toBe(0);
  expect(ids.filter(isAlive)).toEqual([]);
});

it('are gone when the process that started them is killed', async () => {
  const started = await startProcess(environment);
  const ids = workerIds(started);
  expect(await started.end('SIGKILL')).toBeNull();
  await until(() => Promise.resolve(ids.every((id) => !isAlive(id))));
});

it('say what is wrong once, and the process ends as the first of them did', async () => {
  const taken = await startProcess({ ...environment, WATCHWORD_PORT: String(await freePort()) });
  const { port } = new URL(taken.url);
  const { code, stderr } = await runStart({ ...environment, WATCHWORD_PORT: port });
  await taken.end('SIGTERM');
  expect(code).toBe(1);
  expect(stderr.match(/The port is taken/g)).toHaveLength(1);
});

it('need PostgreSQL', async () => {
  const { WATCHWORD_DATABASE_URL: _url, ...embedded } = environment;
  const { code, stderr } = await runStart(embedded);
  expect(code).toBe(1);
  expect(stderr).toContain('WATCHWORD_WORKERS: the embedded database has room for one process');
});

function workerIds({ child } = service): number[] {
  const list = execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)]).toString();
  return list.split('\n').filter(Boolean).map(Number);
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

/** Over a connection of its own, so that each of them gets some. */
function statusOf(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(`${service.url}${path}`, { agent: new Agent({ keepAlive: false }) }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode));
    }).on('error', reject);
  });
}

async function counted(route: string): Promise<number> {
  const { body } = await service.call('GET', '/metrics');
  const line = new RegExp(
    `^watchword_http_request_duration_seconds_count\\{.*route="${route}".*\\} (\\d+)$`,
    'm',
  );
  return Number(line.exec(String(body))?.[1] ?? 0);
}
