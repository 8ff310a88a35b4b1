/** The built service as a process of its own, on the database that the project is for. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keyring } from '../../src/crypto/keyring.js';
import { newApiKey } from '../../src/applications/api-key.js';
import { createDatabase } from './postgres.js';

export const mainFile = join(__dirname, '../../dist/main.js');
export const cliFile = join(__dirname, '../../dist/watchword.js');

export type Environment = Record<string, string>;

export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  output(): string;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply>;
  /** Sends the signal and answers the exit code, or null after a kill. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface Reply {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

/** What several starts of one installation share: database or data folder, keys, first API key. */
export async function installation(databaseUrl?: string): Promise<Environment> {
  const shared = {
    PATH: process.env['PATH'] ?? '',
    WATCHWORD_DATA_DIR: await mkdtemp(join(tmpdir(), 'watchword-')),
    WATCHWORD_BOOTSTRAP_API_KEY: newApiKey(),
    WATCHWORD_ENCRYPTION_KEYS: Keyring.generate(),
    WATCHWORD_DRAIN_SECONDS: '0',
  };
  const url = databaseUrl ?? (await emptyDatabase());
  return url === undefined ? shared : { ...shared, WATCHWORD_DATABASE_URL: url };
}

/** An empty database on the suite's PostgreSQL, or undefined where the project is for PGlite. */
async function emptyDatabase(): Promise<string | undefined> {
  if (process.env['WATCHWORD_TEST_DATABASE'] !== 'postgres') return undefined;
  return createDatabase(process.env['WATCHWORD_TEST_POSTGRES_URL'] ?? '');
}

/** Starts the service and answers once it is ready. */
export async function startProcess(environment: Environment): Promise<ServiceProcess> {
  const port = environment['WATCHWORD_PORT'] ?? String(await freePort());
  const child = spawn(process.execPath, [mainFile], {
    env: { ...environment, WATCHWORD_PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const url = `http://127.0.0.1:${port}`;
  const key = environment['WATCHWORD_BOOTSTRAP_API_KEY'] ?? '';
  const service: ServiceProcess = {
    url,
    child,
    output,
    async call(method, path, body, headers = {}) {
      const answer = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
    },
    async end(signal) {
      child.kill(signal);
      return exitOf(child);
    },
  };
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output()}`);
    return fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return service;
}

/** Runs a program to its end. */
export async function run(
  file: string,
  args: readonly string[],
  environment: Environment,
  input = '',
) {
  const child = spawn(file, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  child.stdin.end(input);
  const code = await exitOf(child);
  return { code, stdout, stderr };
}

/** Runs the command line. */
export const runWatchword = (environment: Environment, ...args: readonly string[]) =>
  run(process.execPath, [cliFile, ...args], environment);

/** Runs a command that must succeed. @returns its JSON, as what the test expects it to be */
export async function watchwordJson<Result = unknown>(
  environment: Environment,
  ...args: readonly string[]
): Promise<Result> {
  const { code, stdout, stderr } = await runWatchword(environment, '--json', ...args);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Result;
}

/** Runs a start that ends by itself, with these variables alone. */
export const runStart = (environment: Environment) =>
  run(process.execPath, [mainFile], { PATH: process.env['PATH'] ?? '', ...environment });

/** Asks again and again until it holds; for things that have no event to wait for. */
export async function until(holds: () => Promise<boolean>, patienceMs = 30_000): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come about in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
  child.stderr?.on('data', (part: Buffer) => (text += part.toString()));
  return () => text;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('close', (code) => resolve(code)));
}
