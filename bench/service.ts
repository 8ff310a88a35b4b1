/** The built service, on the database of a run. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuSecondsOf, residentMbOf } from './cpu.js';

export interface Program {
  readonly port: number;
  /** From its start to its readiness. */
  readonly readyMs: number;
  cpuSeconds(): number;
  residentMb(): number;
  stop(): Promise<void>;
}

export const KEY = `ww_${'benchmark-key-'.repeat(4)}`;
export const KEYS = `k1:${Buffer.alloc(32, 'the keys of a benchmark').toString('base64')}`;

const running = new Set<ChildProcess>();
// However the benchmark ends, nothing of it stays behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program that answers at a port, and waits until it says that it is ready. */
export async function startProgram(
  args: readonly string[],
  port: number,
  environment: Record<string, string>,
  readyPath: string,
): Promise<Program> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  running.add(child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${args.join(' ')} does not start`);
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}`);
    const ready = await fetch(`http://127.0.0.1:${port}${readyPath}`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) break;
    await delay(5);
  }
  return {
    port,
    readyMs: performance.now() - startedAt,
    cpuSeconds: () => cpuSecondsOf(pid),
    residentMb: () => residentMbOf(pid),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      running.delete(child);
    },
  };
}

export function startWatchword(
  port: number,
  environment: Record<string, string>,
  flags: readonly string[] = [],
): Promise<Program> {
  const main = join(import.meta.dirname, '../main.js');
  return startProgram(
    [...flags, main],
    port,
    {
      WATCHWORD_PORT: String(port),
      WATCHWORD_DATA_DIR: mkdtempSync(join(tmpdir(), 'watchword-bench-')),
      WATCHWORD_BOOTSTRAP_API_KEY: KEY,
      WATCHWORD_ENCRYPTION_KEYS: KEYS,
      WATCHWORD_LOG_LEVEL: 'warn',
      WATCHWORD_RATE_PER_APPLICATION: '10000000',
      WATCHWORD_DRAIN_SECONDS: '0',
      ...environment,
    },
    '/health/ready',
  );
}
