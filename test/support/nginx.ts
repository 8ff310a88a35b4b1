/** A real nginx in front, with TLS and a configuration of the test's. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from './service-process.js';

export interface Page {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

export interface Nginx {
  readonly port: number;
  get(path: string, options?: RequestOptions): Promise<Page>;
  close(): Promise<void>;
}

/** @param blocks what stands in `http { … }`, given the lines that make a server listen with TLS */
export async function startNginx(blocks: (listen: string) => string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  const port = await freePort();
  const made =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost';
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  execFileSync('openssl', [...made.split(' '), ...files], { stdio: 'ignore' });
  const listen = `listen 127.0.0.1:${port} ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;`;
  await writeFile(join(folder, 'nginx.conf'), configuration(blocks(listen)));
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'];
  const child = spawn('nginx', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (part: Buffer) => (log += part.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once('close', resolve);
    child.once('error', () => {
      log = 'There is no nginx here. Install it: apt-get install nginx-light';
      resolve();
    });
  });
  let isRunning = true;
  void ended.then(() => (isRunning = false));
  const get = (path: string, options: RequestOptions = {}) => fetchPage(port, path, options);
  await until(async () => {
    if (!isRunning) throw new Error(log);
    return get('/').then(
      () => true,
      () => false,
    );
  });
  return {
    port,
    get,
    async close() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

function configuration(blocks: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off; master_process off; pid nginx.pid; error_log stderr;
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${name};`).join('\n')}
      ${blocks}
    }`;
}

function fetchPage(port: number, path: string, options: RequestOptions): Promise<Page> {
  return new Promise((resolve, reject) => {
    // The certificate is the test's own, of a minute ago.
    const where = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false };
    const sent = request({ ...options, ...where }, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => (text += part.toString()));
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }),
      );
    });
    sent.once('error', reject).end();
  });
}
