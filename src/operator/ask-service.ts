/**
 * The command line's side of the operator's socket. It loads nothing of the service, so that a command
 * beside a running one answers at once.
 */
import { request, type IncomingMessage } from 'node:http';
import { relative } from 'node:path';
import { OperatorError } from '../errors.js';
import type { OperationName } from './operations.js';

/** The longest path that fits into a socket's address on every system. */
const LONGEST_PATH = 100;
const MOST_BYTES = 4 * 1024 * 1024;
/** No folder, or no service that has it open. */
const nobodyListens = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED']);

export type Answer = { readonly result: unknown } | { readonly refusal: string };

/**
 * Has the running service run an operation.
 *
 * @returns undefined where no service listens
 * @throws OperatorError what the service refused
 */
export async function askService(
  socket: string,
  name: OperationName,
  input: unknown,
): Promise<{ result: unknown } | undefined> {
  const path = reachable(socket);
  if (path === undefined) return undefined;
  const text = await post(path, JSON.stringify({ name, input }));
  if (text === undefined) return undefined;
  const given = JSON.parse(text) as Answer;
  if ('refusal' in given) throw new OperatorError(given.refusal);
  return given;
}

function post(socketPath: string, body: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method: 'POST', path: '/' }, (incoming) => {
      readAll(incoming).then(resolve, reject);
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (nobodyListens.has(error.code ?? '')) resolve(undefined);
      else reject(error);
    });
    outgoing.end(body);
  });
}

/** All that a side says, up to a bound. */
export async function readAll(stream: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new OperatorError('The message is too long.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The path by which a socket can be addressed from here, or undefined where none is short enough. */
export function reachable(socket: string): string | undefined {
  const fromHere = relative(process.cwd(), socket);
  const shorter = fromHere.length < socket.length ? fromHere : socket;
  return Buffer.byteLength(shorter) <= LONGEST_PATH ? shorter : undefined;
}
