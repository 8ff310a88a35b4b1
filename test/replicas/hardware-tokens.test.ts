/** Two replicas on one PostgreSQL, and tokens that count: what stops a code from being good once on each? */
import { CountingToken } from '../support/hard-token.js';
import {
  installation,
  startProcess,
  type Reply,
  type ServiceProcess,
} from '../support/service-process.js';

const TOKENS = 12;
const TIMES = 24;
let replicas: ServiceProcess[];

beforeAll(async () => {
  const shared = await installation();
  replicas = await Promise.all([startProcess(shared), startProcess(shared)]);
}, 60_000);
afterAll(() => Promise.all(replicas.map((replica) => replica.end('SIGTERM'))));

const replica = (index: number) => {
  const chosen = replicas[index % 2];
  if (chosen === undefined) throw new Error('there is no replica');
  return chosen;
};
const verify = (index: number, userId: string, code: string) =>
  replica(index).call('POST', `/v1/users/${userId}/verify`, { code });
const resync = (index: number, id: string, codes: readonly string[]) =>
  replica(index).call('POST', `/v1/factors/${id}/resync`, { codes });
const approved = (replies: readonly Reply[]) => replies.filter(({ status }) => status === 200);
const many = <Result>(work: (n: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: TIMES }, (_, n) => work(n)));

async function enrolled(userId: string) {
  const token = new CountingToken();
  const body = { type: 'hotp', secret: token.base32 };
  const made = await replica(0).call('POST', `/v1/users/${userId}/factors`, body);
  const id = made.body.id as string;
  await replica(1).call('POST', `/v1/factors/${id}/activate`, { code: token.press() });
  return { userId, id, token };
}
const all = (name: string) =>
  Promise.all(Array.from({ length: TOKENS }, (_, n) => enrolled(`${name}-${n}`)));

it('S23, S25: one code at both, many times at once, is good once', async () => {
  const owners = await all('login');
  const won = await Promise.all(
    owners.map(async ({ userId, token }) => {
      token.pressBlindly(3);
      const code = token.press();
      return approved(await many((n) => verify(n, userId, code))).length;
    }),
  );
  expect(won).toEqual(owners.map(() => 1));
}, 60_000);

it('S10, S25: two codes that find a token again do so once', async () => {
  const owners = await all('resync');
  const won = await Promise.all(
    owners.map(async ({ id, token }) => {
      token.pressBlindly(100);
      const pair = [token.press(), token.press()];
      return approved(await many((n) => resync(n, id, pair))).length;
    }),
  );
  expect(won).toEqual(owners.map(() => 1));
}, 60_000);

it('S23: a code that logs in at one while it finds the token at the other does one of both', async () => {
  const owners = await all('both');
  const won = await Promise.all(
    owners.map(async ({ userId, id, token }) => {
      token.pressBlindly(5);
      const [first, second] = [token.press(), token.press()];
      const replies = await many((n) =>
        n % 4 < 2 ? verify(n, userId, second) : resync(n, id, [first, second]),
      );
      return approved(replies).length;
    }),
  );
  expect(won).toEqual(owners.map(() => 1));
}, 60_000);
