/** SIGTERM under load. What drops a request when a replica is replaced? */
import { Agent, request } from 'node:http';
import { installation, startProcess, until } from '../support/service-process.js';

type Outcome = 'answered' | 'not taken' | 'dropped';

it('S129: SIGTERM drops no request, and the process ends well', async () => {
  const environment = { ...(await installation()), WATCHWORD_DRAIN_SECONDS: '1' };
  const service = await startProcess(environment);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const outcomes: Outcome[] = [];
  let going = true;
  const client = async () => {
    while (going) outcomes.push(await ask(service.url, agent));
  };
  const clients = Array.from({ length: 16 }, client);
  await until(() => Promise.resolve(outcomes.length > 200));
  const ended = service.end('SIGTERM');
  await until(async () => (await readiness(service.url)) !== 200);
  expect(await ended).toBe(0);
  going = false;
  await Promise.all(clients);
  expect(outcomes.filter((outcome) => outcome === 'dropped')).toHaveLength(0);
  expect(outcomes.filter((outcome) => outcome === 'answered').length).toBeGreaterThan(200);
}, 60_000);

/** A wrong code for somebody: the whole way, with the database at its end. */
function ask(url: string, agent: Agent): Promise<Outcome> {
  return new Promise((resolve) => {
    const outgoing = request(
      `${url}/v1/users/somebody/verify`,
      { method: 'POST', agent },
      (reply) => {
        reply.resume().on('end', () => resolve('answered'));
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that was refused carried no request.
      resolve(error.code === 'ECONNREFUSED' ? 'not taken' : 'dropped');
    });
    outgoing.setHeader('content-type', 'application/json');
    outgoing.setHeader('authorization', 'Bearer ww_'.padEnd(50, 'x'));
    outgoing.end('{"code":"000000"}');
  });
}

async function readiness(url: string): Promise<number> {
  return fetch(`${url}/health/ready`).then(
    ({ status }) => status,
    () => 0,
  );
}
