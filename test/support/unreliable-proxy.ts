/** A proxy before a real server that does, request after request, what a bad network does. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Mishap =
  /** The connection breaks before anything arrives. */
  | 'cut before'
  /** The server has answered, and nothing of it arrives. */
  | 'cut after'
  /** The server has answered, and half of it arrives. */
  | 'cut within'
  /** The proxy's own refusal. */
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export interface UnreliableProxy {
  readonly url: string;
  /** The Idempotency-Key of each request, in the order in which they came. */
  readonly keys: (string | undefined)[];
  /** What will happen to the next requests, one each; those after them pass. */
  expect(...mishaps: Mishap[]): void;
  close(): Promise<void>;
}

export async function startProxy(port: number): Promise<UnreliableProxy> {
  const keys: (string | undefined)[] = [];
  let coming: Mishap[] = [];
  const server = createServer((incoming, outgoing) => {
    keys.push(incoming.headers['idempotency-key'] as string | undefined);
    void pass(port, incoming, outgoing, coming.shift());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    expect(...mishaps) {
      coming = mishaps;
      keys.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pass(
  port: number,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  mishap: Mishap | undefined,
): Promise<void> {
  const sent = await bytesOf(incoming);
  if (mishap === 'cut before') return void outgoing.destroy();
  if (typeof mishap === 'object')
    return void outgoing.writeHead(mishap.status, mishap.headers).end(mishap.body ?? '');
  const { method, url, headers } = incoming;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ port, host: '127.0.0.1', method, path: url, headers }, resolve)
      .once('error', reject)
      .end(sent);
  });
  const body = await bytesOf(answer);
  if (mishap === 'cut after') return void outgoing.destroy();
  outgoing.writeHead(answer.statusCode!, answer.headers);
  if (mishap === undefined) return void outgoing.end(body);
  outgoing.write(body.subarray(0, body.length / 2), () => outgoing.destroy());
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
