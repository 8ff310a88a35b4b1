/**
 * `npm run bench -- tokens`: what a request costs whose user is known by cookie, by token, or by a token that
 * is asked about. Prints a table; docs/tokens.md has its figures. Loopback only.
 */
import { createVerifier } from '../src/verify/verifier.js';
import { Book } from './book.js';
import { openBenchDatabase } from './database.js';
import { closedLoop, okOf, open, post } from './load.js';
import { addPeople, codeNow } from './people.js';
import { KEY, KEYS, startWatchword } from './service.js';
import { printed } from './table.js';

const ROUNDS = 5;
const SECONDS = 3;
const PEOPLE = 500;
const CHECKS = 5_000;
const PORT = 3900;

const book = new Book();
const database = await openBenchDatabase();
const url = await database.create('tokens');
const first = await startWatchword(PORT, { WATCHWORD_DATABASE_URL: url });
await first.stop();
const { userIds } = await addPeople(url, KEYS, PEOPLE);
const service = await startWatchword(PORT, { WATCHWORD_DATABASE_URL: url });

const cookies: string[] = [];
const tokens: string[] = [];
const connection = await open(PORT);
for (const userId of userIds) {
  const body = { code: codeNow(), session: 'cookie', first_factor: ['pwd'] };
  const answer = await connection.ask(post(`/v1/users/${userId}/verify`, KEY, body));
  tokens.push((JSON.parse(answer.body()) as { access_token: string }).access_token);
  cookies.push(/__Host-watchword=[^;]+/.exec(answer.head())?.[0] ?? '');
}
connection.close();

const line = (name: string, value: string | undefined) => `${name}: ${value ?? ''}\r\n`;
const get = (path: string, header: string) =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\nX-Forwarded-Method: GET\r\n${header}\r\n`);
const turning = (requests: readonly Buffer[]) => {
  let turn = 0;
  return () => requests[(turn = (turn + 1) % requests.length)];
};
const ways = {
  'cookie, forward auth': cookies.map((id) => get('/v1/forward-auth', line('Cookie', id))),
  'token, forward auth': tokens.map((token) =>
    get('/v1/forward-auth', line('Authorization', `Bearer ${token}`)),
  ),
  'token, introspection': tokens.map((token) => post('/v1/tokens/introspect', KEY, { token })),
};
book.note('the cookie’s line', 'bytes', line('Cookie', cookies[0]).length);
book.note('the token’s line', 'bytes', line('Authorization', `Bearer ${tokens[0] ?? ''}`).length);

const issuer = `http://localhost:${PORT}`;
const { aud } = JSON.parse(Buffer.from(tokens[0]?.split('.')[1] ?? '', 'base64url').toString()) as {
  aud: string;
};
const verifier = createVerifier({ issuer, audience: aud });
await check(CHECKS);
for (let number = 1; number <= ROUNDS; number++) {
  console.log(`round ${number} of ${ROUNDS}`);
  for (const [name, requests] of Object.entries(ways)) await ask(name, turning(requests));
  const before = process.cpuUsage();
  await check(CHECKS);
  const { user, system } = process.cpuUsage(before);
  book.note('token, checked by the kit: its CPU', 'us', (user + system) / CHECKS);
}
await service.stop();
await database.stop();
console.log(`\n${printed(book.all)}\n`);
process.exit(0);

async function ask(name: string, next: () => Buffer | undefined): Promise<void> {
  const before = [service.cpuSeconds(), database.cpuSeconds()] as const;
  const outcome = await closedLoop({ port: PORT, connections: 64, next, seconds: SECONDS });
  const count = okOf(outcome);
  book.note(`${name}: the service’s CPU`, 'us', ((service.cpuSeconds() - before[0]) * 1e6) / count);
  book.note(`${name}: PostgreSQL’s CPU`, 'us', ((database.cpuSeconds() - before[1]) * 1e6) / count);
  book.note(name, 'a second', count / outcome.seconds);
}

async function check(times: number): Promise<void> {
  for (let n = 0; n < times; n++) await verifier.verify(tokens[n % tokens.length]);
}
