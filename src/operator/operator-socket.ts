/**
 * A door for the operator of a running embedded service: a socket in the data folder, which is the
 * owner's alone (0700), as is the socket (0600). Whoever can open it could read the database too, so
 * it asks for no key.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { reachable, readAll, type Answer } from './ask-service.js';
import { operations, type OperationName } from './operations.js';

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
