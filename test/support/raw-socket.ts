/** HTTP as bytes, for what no client library would send. */
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { TestApplication } from './application.js';

/** @returns the port on which the application listens from now on */
export async function listen({ app }: TestApplication): Promise<number> {
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  // The server may cut the connection as it likes: the tests look at what it said before.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends the bytes and answers all that comes back until the server closes the connection. */
export async function exchange(port: number, bytes: string | Buffer): Promise<string> {
  const socket = await open(port);
  socket.write(bytes);
  return untilClosed(socket);
}

/** All that a connection brings until it is closed. */
export async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
  // Not `once()`, which an error ends early: a write that met the server's cut is one.
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** The one answer in a text. */
export function readAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}
