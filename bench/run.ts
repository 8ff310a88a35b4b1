/** One figure for now: TOTP logins a second, and what they cost. */
import { startPostgres } from '../test/support/postgres.js';
import { cpuSecondsOf } from './cpu.js';
import { closedLoop, percentile, post } from './load.js';
import { addPeople } from './people.js';
import { KEY, KEYS, startWatchword } from './service.js';

const argument = (name: string, fallback: number) =>
  Number(process.argv.find((text) => text.startsWith(`--${name}=`))?.split('=')[1] ?? fallback);

const postgres = await startPostgres({ durable: true });
const flags = process.argv.includes('--profile') ? ['--cpu-prof', '--cpu-prof-dir=/tmp/prof'] : [];
const service = await startWatchword(3900, { WATCHWORD_DATABASE_URL: postgres.url }, flags);
console.log(`ready after ${service.readyMs.toFixed(0)} ms`);
const people = await addPeople(postgres.url, KEYS, argument('users', 200_000));
let at = 0;
let code = people.code();
setInterval(() => (code = people.code()), 200).unref();
const next = () => {
  at = (at + 1) % people.userIds.length;
  return post(`/v1/users/${people.userIds[at] ?? ''}/verify`, KEY, { code });
};
for (let round = 0; round < argument('rounds', 5); round++) {
  const [node, pg] = [service.cpuSeconds(), cpuSecondsOf(postgres.pid)];
  const { statuses, seconds, times } = await closedLoop({
    port: 3900,
    connections: 64,
    next,
    seconds: argument('seconds', 5),
  });
  const logins = statuses.get(200) ?? 0;
  const micros = (used: number) => ((used * 1e6) / logins).toFixed(0);
  console.log(
    `${(logins / seconds).toFixed(0)} logins/s, Node ${micros(service.cpuSeconds() - node)} us, PostgreSQL ${micros(cpuSecondsOf(postgres.pid) - pg)} us, p50 ${percentile(times, 0.5).toFixed(1)} p99 ${percentile(times, 0.99).toFixed(1)} ms, ${JSON.stringify([...statuses])}, ${service.residentMb().toFixed(0)} MB`,
  );
}
await service.stop();
await postgres.stop();
process.exit(0);
