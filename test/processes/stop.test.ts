/** SIGTERM and SIGINT under load. What drops a request when a replica is replaced? */
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import {
  installation,
  startProcess,
  until,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

/** A status; or why there was none: the connection was refused, or it broke. */
type Outcome = number | 'not taken' | 'dropped';

const KEPT_ALIVE = 16;
const FRESH = 4;

let environment: Environment;
let asked = 0;
beforeAll(async () => {
  environment = { ...(await installation()), WATCHWORD_DRAIN_SECONDS: '1' };
});

it.each([
  { signal: 'SIGTERM', workers: '1' },
  { signal: 'SIGINT', workers: '1' },
  { signal: 'SIGTERM', workers: '2' },
] as const)(
  'S129: $signal drops no request of $workers worker(s), and the process ends well',
  async ({ signal, workers }) => {
    const service = await startProcess({ ...environment, WATCHWORD_WORKERS: workers });
    const keptAlive = new Agent({ keepAlive: true, maxSockets: KEPT_ALIVE });
    const fresh = new Agent({ keepAlive: false });
    const outcomes: Outcome[] = [];
    let going = true;
    let isReady = true;
    const client = async (agent: Agent, goesOn: () => boolean) => {
      while (goesOn()) outcomes.push(await ask(service, agent));
    };
    const clients = [
      ...Array.from({ length: KEPT_ALIVE }, () => client(keptAlive, () => going)),
      // As a load balancer does it: a connection for each request, and none once readiness says so.
      // Whoever goes on connecting is cut if the kernel takes the connection just as the port closes.
      ...Array.from({ length: FRESH }, () => client(fresh, () => isReady)),
    ];
    await until(() => Promise.resolve(outcomes.length > 200));
    const ended = service.end(signal);
    await until(async () => (await readiness(service)) !== 'ready');
    isReady = false;
    // It says so while it still takes requests: that is what sends clients elsewhere.
    expect(await readiness(service)).toBe('stopping');
    expect(await ask(service, fresh)).toBe(422);
    expect(await ended).toBe(0);
    going = false;
    await Promise.all(clients);
    // A connection that was refused carried no request; every other one was answered, and not by a 5xx.
    expect(new Set(outcomes.filter((outcome) => outcome !== 'not taken'))).toEqual(new Set([422]));
    expect(outcomes).toContain('not taken');
  },
  60_000,
);

it('S129: a request that is half sent when the port closes is answered', async () => {
  const service = await startProcess(environment);
  const body = '{"code":"000000"}';
  const socket = await opened(service);
  socket.write(
    [
      'POST /v1/users/somebody/verify HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${environment['WATCHWORD_BOOTSTRAP_API_KEY'] ?? ''}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body.slice(0, 5),
    ].join('\r\n'),
  );
  const received = text(socket);
  const ended = service.end('SIGTERM');
  await until(async () => (await readiness(service)) === undefined);
  socket.write(body.slice(5));
  expect(await received).toMatch(/^HTTP\/1\.1 422 [\s\S]*code_incorrect/);
  expect(await ended).toBe(0);
}, 60_000);

/** A wrong code, each for another user: the whole way, with what the database writes at its end. */
function ask({ url }: ServiceProcess, agent: Agent): Promise<Outcome> {
  return new Promise((resolve) => {
    const outgoing = request(
      `${url}/v1/users/user-${asked++}/verify`,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${environment['WATCHWORD_BOOTSTRAP_API_KEY'] ?? ''}`,
        },
      },
      (reply) => {
        reply.on('error', () => resolve('dropped'));
        reply.resume().on('end', () => resolve(reply.statusCode ?? 'dropped'));
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' ? 'not taken' : 'dropped');
    });
    outgoing.end('{"code":"000000"}');
  });
}

/** @returns what it says of itself, or undefined where it takes no connection */
async function readiness({ url }: ServiceProcess): Promise<string | undefined> {
  const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
  if (answer === undefined) return undefined;
  const { status } = (await answer.json()) as { status: string };
  if ((status === 'ready') !== (answer.status === 200)) throw new Error('status and code differ');
  return status;
}

function opened({ url }: ServiceProcess): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

function text(socket: Socket): Promise<string> {
  let received = '';
  return new Promise((resolve) => {
    socket.on('data', (part: Buffer) => (received += part.toString()));
    socket.on('close', () => resolve(received));
  });
}
