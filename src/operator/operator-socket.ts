/**
 * A door for the operator of a running embedded service: a socket in the data folder, which is the
 * owner's alone (0700), as is the socket (0600). Whoever can open it could read the database too, so
 * it asks for no key.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { relative } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { OperatorError } from '../applications/applications.service.js';
import { operations, type OperationName } from './operations.js';

/** The longest path that fits into a socket's address on every system. */
const LONGEST_PATH = 100;
const MOST_BYTES = 1024 * 1024;
/** No folder, or no service that has it open. */
const nobodyListens = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED']);

type Answer = { readonly result: unknown } | { readonly refusal: string };

/**
 * Listens for an operator. The caller holds the data folder's lock, so a socket file that is there
 * belongs to a dead process.
 *
 * @returns undefined where the folder's path is too long for a socket
 */
export async function listenForOperator(
  socket: string,
  context: INestApplicationContext,
): Promise<Server | undefined> {
  const path = reachable(socket);
  if (path === undefined) return undefined;
  await rm(path, { force: true });
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, context).then((given) => outgoing.end(JSON.stringify(given)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  await chmod(path, 0o600);
  return server;
}

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

async function answer(
  incoming: IncomingMessage,
  context: INestApplicationContext,
): Promise<Answer> {
  try {
    const { name, input } = JSON.parse(await readAll(incoming)) as { name: string; input: unknown };
    const run = Object.hasOwn(operations, name) ? operations[name as OperationName] : undefined;
    if (run === undefined) return { refusal: `The running service does not know "${name}".` };
    return { result: (await run(context, input)) ?? null };
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  }
}

async function readAll(stream: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new OperatorError('The message is too long.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function reachable(socket: string): string | undefined {
  const fromHere = relative(process.cwd(), socket);
  const shorter = fromHere.length < socket.length ? fromHere : socket;
  return Buffer.byteLength(shorter) <= LONGEST_PATH ? shorter : undefined;
}
