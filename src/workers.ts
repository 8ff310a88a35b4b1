/**
 * Several processes on one port (WATCHWORD_WORKERS). Each is to the others what a replica is: they share the
 * database and nothing else, so what is counted in memory is counted by each. This one starts them, hands
 * them connections in turn, replaces one that dies, and ends when the last has ended.
 */
import cluster, { type Worker } from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import type { Config } from './config.js';
import { answerMetrics } from './http/metrics-of-all.js';

const READY = 'watchword:ready';
/** One that cannot live is not started again at once. */
const REPLACED_AFTER_MS = 1_000;

/** How many processes a configuration asks for; the embedded database has room for one. */
export function workersOf({ workers, databaseUrl }: Config): number {
  if (databaseUrl === undefined) return 1;
  return workers === 'auto' ? availableParallelism() : workers;
}

/** Tells the process that has started this one that it takes requests. */
export function tellReady(): void {
  process.send?.(READY);
}

/**
 * Starts that many of this programme and answers when all take requests. The first starts alone: it brings
 * the schema up to date, makes the first key, and says what is wrong where something is; then this process
 * ends as it did.
 */
export async function startWorkers(count: number, log: Logger): Promise<void> {
  const alive = new Set<Worker>();
  let hasBegun = false;
  let isStopping = false;
  let exitCode = 0;

  const start = async () => {
    const worker = cluster.fork();
    alive.add(worker);
    await new Promise<void>((resolve) => {
      worker.on('message', (message) => {
        if (message === READY) resolve();
      });
    });
  };
  const stop = (signal: NodeJS.Signals) => {
    isStopping = true;
    for (const worker of alive) worker.process.kill(signal);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  cluster.on('exit', (worker, code: number | null, signal: string | null) => {
    alive.delete(worker);
    if (isStopping || !hasBegun) {
      // One that is told to stop while it starts has no handler yet, and ends by the signal.
      exitCode ||= code ?? (isStopping ? 0 : 1);
      if (alive.size === 0) process.exit(exitCode);
      return;
    }
    log.error({ pid: worker.process.pid, code, signal }, 'a worker died and is replaced');
    setTimeout(() => {
      if (!isStopping) void start();
    }, REPLACED_AFTER_MS);
  });

  answerMetrics();
  await start();
  hasBegun = true;
  await Promise.all(Array.from({ length: count - 1 }, start));
}
