import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

/** How long a connection that has nothing to say is kept, once no new one is taken. */
const IDLE_MS = 1_000;
/** A crowd that never pauses cannot hold the port open. */
const MOST_TURNS = 10_000;

/**
 * Stops a server without dropping a request (S129). For some seconds it goes on as before, while
 * readiness sends clients elsewhere. Then it takes no new connection, answers what still comes over the
 * open ones, asking that each be closed after its answer, and closes those that stay silent.
 *
 * http.Server's own close() would cut connections whose request is on its way: to it they are idle.
 *
 * @returns when the last connection is closed
 */
export async function drain(server: Server, seconds: number): Promise<void> {
  await wait(seconds * 1000);
  await quietTurn(server);
  const ended = new Promise<void>((resolve) => {
    NetServer.prototype.close.call(server, () => {
      resolve();
    });
  });
  server.prependListener('request', (_request, reply) => {
    reply.setHeader('Connection', 'close');
  });
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, IDLE_MS);
  await ended;
  clearInterval(sweep);
}

/**
 * Waits for a turn of the event loop in which nothing happened: what the kernel has taken and we have not
 * is cut when the port is closed, so it is closed while there is nothing in between, and at once.
 */
async function quietTurn(server: Server): Promise<void> {
  let happened = 0;
  const note = () => happened++;
  server.on('connection', note);
  server.on('request', (_request, reply) => {
    note();
    reply.once('close', note);
  });
  for (let turns = 0, before = -1; before !== happened && turns < MOST_TURNS; turns++) {
    before = happened;
    await turn();
  }
}
