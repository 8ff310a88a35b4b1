/** The peers: programs of their own under peers/, with packages of their own. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { codeNow, secret } from './people.js';
import { startProgram, type Program } from './service.js';

const folder = join(import.meta.dirname, '../../bench/peers');
/** More logins than it does in a second. */
const MOST_A_SECOND = 1_000;

export function startHandwritten(url: string, port: number): Promise<Program> {
  return startPeer('handwritten.js', url, port);
}

export interface BetterAuth {
  readonly program: Program;
  /** Opens as many challenges as it can possibly answer, and gives the requests that answer them. */
  logins(seconds: number): Promise<() => Buffer | undefined>;
}

export async function startBetterAuth(url: string, port: number): Promise<BetterAuth> {
  const program = await startPeer('better-auth.js', url, port);
  return {
    program,
    async logins(seconds) {
      const path = `/prepare?count=${seconds * MOST_A_SECOND}`;
      const cookies = (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as string[];
      return () => {
        const cookie = cookies.pop();
        return cookie === undefined ? undefined : verifyTotp(port, cookie);
      };
    },
  };
}

function verifyTotp(port: number, cookie: string): Buffer {
  const body = JSON.stringify({ code: codeNow() });
  return Buffer.from(
    `POST /api/auth/two-factor/verify-totp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
      `Origin: http://127.0.0.1:${port}\r\nCookie: ${cookie}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

function startPeer(file: string, url: string, port: number): Promise<Program> {
  if (!existsSync(join(folder, 'node_modules'))) {
    const installed = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: folder,
      stdio: 'inherit',
    });
    if (installed.status !== 0) throw new Error('the peers cannot be installed');
  }
  const environment = {
    DATABASE_URL: url,
    PORT: String(port),
    NODE_ENV: 'production',
    TOTP_SECRET: secret.toString(),
  };
  return startProgram([join(folder, file)], port, environment, '/ready');
}
