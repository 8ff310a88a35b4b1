/** The service behind its own TLS, and clients with certificates. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { Answer, TestApplication } from './application.js';
import { type Authority, ExtendedKeyUsage, type Issued } from './certificates.js';

/** PEM files that the service reads, and reads again. */
export class TlsFolder {
  private constructor(private readonly folder: string) {}

  static async make(contents: Readonly<Record<string, string>>): Promise<TlsFolder> {
    const made = new TlsFolder(await mkdtemp(join(tmpdir(), 'watchword-tls-')));
    for (const [name, content] of Object.entries(contents)) await made.write(name, content);
    return made;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, content: string): Promise<void> {
    await writeFile(this.path(name), content);
  }
}

/** A certificate for a server on this machine. */
export const serverCertificate = (authority: Authority): Promise<Issued> =>
  authority.issue('localhost', {
    dns: ['localhost'],
    ips: ['127.0.0.1'],
    usage: ExtendedKeyUsage.serverAuth,
  });

/** Listens on a free port, where it does not yet. */
export async function listenSecurely(service: TestApplication): Promise<number> {
  const server = service.app.getHttpServer();
  if (!server.listening) await service.app.listen(0, '127.0.0.1');
  return (server.address() as AddressInfo).port;
}

export interface SecureAnswer extends Answer {
  /** What it came over. */
  readonly socket: TLSSocket;
}

export interface SecureClient {
  readonly agent: Agent;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<SecureAnswer>;
}

/**
 * A client of a port on this machine.
 *
 * @param ca whom it believes
 * @param shows its certificate, with what stands above it
 */
export function secureClient(
  port: number,
  ca: string,
  shows?: Pick<Issued, 'cert' | 'key'>,
  options = {},
): SecureClient {
  const agent = new Agent({ ca, ...shows, keepAlive: true, maxSockets: 1, ...options });
  return {
    agent,
    call: (method, path, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const sent = request(
          {
            host: '127.0.0.1',
            port,
            path,
            method,
            agent,
            headers: {
              ...(text !== undefined && {
                'content-type': 'application/json',
                'content-length': Buffer.byteLength(text),
              }),
              ...headers,
            },
          },
          (reply) => {
            let answer = '';
            const socket = reply.socket as TLSSocket;
            reply.on('data', (part: Buffer) => (answer += part.toString()));
            reply.on('end', () => {
              const isJson = String(reply.headers['content-type']).includes('json');
              resolve({
                status: reply.statusCode ?? 0,
                headers: reply.headers,
                text: answer,
                socket,
                body: isJson && answer ? (JSON.parse(answer) as unknown) : undefined,
              });
            });
          },
        );
        sent.on('error', reject).end(text);
      }),
  };
}
