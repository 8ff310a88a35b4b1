/**
 * `npm run bench -- imports [--tokens=100000]`: what `watchword tokens import` takes for a box of tokens and for
 * the apps of as many users, on a durable PostgreSQL and on the embedded database, in seconds and in memory of
 * the command. The second time everything is there already.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSecret } from '../src/otp/secret.js';
import { openBenchDatabase } from './database.js';
import { KEYS } from './service.js';

const given = process.argv.find((text) => text.startsWith('--tokens='))?.split('=')[1];
const TOKENS = Number(given ?? 100_000);
const cli = new URL('../watchword.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'watchword-imports-'));

const rows = (row: (number: number) => string) =>
  Array.from({ length: TOKENS }, (_, number) => row(number)).join('\n');
const files = {
  'tokens, OATH CSV': rows((n) => `FT${n},${randomBytes(20).toString('hex')},hotp,6`),
  'apps, key URIs': rows(
    (n) => `otpauth://totp/Bench:user-${n}?secret=${encodeSecret(randomBytes(20))}&issuer=Bench`,
  ),
  'apps, Authelia': `totp_configurations:\n${rows((n) =>
    [
      `    - username: someone-${n}`,
      ...['issuer: Bench', 'algorithm: SHA1', 'digits: 6', 'period: 30'],
      `secret: ${Buffer.from(encodeSecret(randomBytes(20))).toString('base64')}`,
    ].join('\n      '),
  )}\n`,
};

const database = await openBenchDatabase();
const environments = {
  PostgreSQL: { WATCHWORD_DATABASE_URL: await database.create('imports') },
  embedded: {},
};
try {
  for (const [place, environment] of Object.entries(environments)) {
    const shared = {
      PATH: process.env['PATH'] ?? '',
      WATCHWORD_DATA_DIR: mkdtempSync(join(folder, 'data-')),
      WATCHWORD_ENCRYPTION_KEYS: KEYS,
      ...environment,
    };
    await watchword(shared, 'applications', 'create', '--realm', 'bench', '--name', 'bench');
    for (const [what, text] of Object.entries(files)) {
      const file = join(folder, 'file');
      writeFileSync(file, text);
      for (const time of ['first', 'again']) {
        const { seconds, megabytes } = await watchword(shared, 'tokens', 'import', file);
        const rate = Math.round(TOKENS / seconds);
        console.log(
          `${place}, ${what}, ${time}: ${seconds.toFixed(1)} s, ${rate} a second, ${megabytes} MB`,
        );
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
  await database.stop();
}

/** Runs the command line. @returns what it took, with the most memory that it held at once */
async function watchword(env: Record<string, string>, ...args: readonly string[]) {
  const start = performance.now();
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  const child = spawn(process.execPath, [cli, '--json', ...args], { env, stdio: [...stdio] });
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString()));
  let kilobytes = 0;
  const watch = setInterval(() => {
    const [, peak] = /VmHWM:\s+(\d+)/.exec(statusOf(child.pid ?? 0)) ?? [];
    kilobytes = Math.max(kilobytes, Number(peak ?? 0));
  }, 100);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(said);
  return {
    seconds: (performance.now() - start) / 1000,
    megabytes: Math.round(kilobytes / 1024),
  };
}

/** Empty once it has ended, and where there is no /proc. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
