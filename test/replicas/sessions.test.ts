/**
 * Two replicas on one PostgreSQL, and refresh tokens that reach both of them at once. What stops a family
 * from having two newest tokens, and a stolen one from outliving its theft on the replica that heard of it
 * last?
 */
import { auditCounts, populate, type Citizen } from '../support/population.js';
import {
  installation,
  startProcess,
  type Environment,
  type ServiceProcess,
} from '../support/service-process.js';

const FAMILIES = 25;

let shared: Environment;
let replicas: ServiceProcess[];
let citizens: Citizen[];

beforeAll(async () => {
  shared = await installation();
  replicas = await Promise.all([startProcess(shared), startProcess(shared)]);
  const { WATCHWORD_DATABASE_URL: url = '', WATCHWORD_ENCRYPTION_KEYS: keys = '' } = shared;
  citizens = await populate(url, keys, 3 * FAMILIES);
}, 60_000);
afterAll(() => Promise.all(replicas.map((replica) => replica.end('SIGTERM'))));

const call = (n: number, path: string, body: object) =>
  replicas[n % 2]?.call('POST', path, body) ?? Promise.reject(new Error('no replica'));
const refresh = (n: number, refresh_token: string) =>
  call(n, '/v1/tokens/refresh', { refresh_token });

/** Families of refresh tokens, one a user. */
async function begin(turn: number) {
  const users = citizens.slice(turn * FAMILIES, (turn + 1) * FAMILIES);
  return Promise.all(
    users.map(async ({ userId, code }, n) => {
      const body = { code: code(), session: 'refresh_token' };
      const reply = await call(n, `/v1/users/${userId}/verify`, body);
      expect(reply.status).toBe(200);
      return { userId, token: reply.body.refresh_token as string };
    }),
  );
}

it('S92: twenty requests with one token on both make one successor', async () => {
  const families = await begin(0);
  const rounds = await Promise.all(
    families.map(({ token }) =>
      Promise.all(Array.from({ length: 20 }, (_, n) => refresh(n, token))),
    ),
  );
  for (const replies of rounds) {
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(replies.map(({ body }) => body.refresh_token as string)).size).toBe(1);
  }
  // One rotation is one line in the audit; and the one successor is good.
  for (const [n, { userId }] of families.entries()) {
    const counts = await auditCounts(shared['WATCHWORD_DATABASE_URL'] ?? '', userId);
    expect(counts).toMatchObject({ 'session.created': 1, 'session.refreshed': 1 });
    expect((await refresh(n, rounds[n]?.[0]?.body.refresh_token as string)).status).toBe(200);
  }
}, 60_000);

it('S91: an old token on one and the newest on the other: the family is dead on both', async () => {
  const families = await begin(1);
  await Promise.all(
    families.map(async ({ token, userId }) => {
      const second = (await refresh(0, token)).body.refresh_token as string;
      const third = (await refresh(1, second)).body.refresh_token as string;
      const replies = await Promise.all([
        refresh(0, third),
        refresh(1, token),
        refresh(0, token),
        refresh(1, third),
      ]);
      expect(replies[1].status).toBe(400);
      expect(replies[2].status).toBe(400);
      const earned = replies.flatMap(
        ({ body }) => (body.refresh_token as string | undefined) ?? [],
      );
      for (const dead of [third, second, ...earned])
        for (const n of [0, 1]) expect((await refresh(n, dead)).status).toBe(400);
      const introspected = replies.map(({ body }) => body.access_token as string | undefined);
      for (const access of introspected)
        if (access !== undefined)
          expect((await call(1, '/v1/tokens/introspect', { token: access })).body.active).toBe(
            false,
          );
      const counts = await auditCounts(shared['WATCHWORD_DATABASE_URL'] ?? '', userId);
      expect(counts['session.ended token_reused']).toBe(1);
    }),
  );
}, 60_000);

it('S90: a session that ends on one while it is refreshed on the other has ended', async () => {
  const families = await begin(2);
  await Promise.all(
    families.map(async ({ token }, n) => {
      const [reply, ended] = await Promise.all([
        refresh(n, token),
        call(n + 1, '/v1/tokens/revoke', { token }),
      ]);
      expect(ended.status).toBe(204);
      const tokens = [
        token,
        ...((reply.body.refresh_token as string | undefined)
          ? [reply.body.refresh_token as string]
          : []),
      ];
      for (const dead of tokens)
        for (const one of [0, 1]) expect((await refresh(one, dead)).status).toBe(400);
    }),
  );
}, 60_000);
