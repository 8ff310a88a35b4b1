/**
 * Two replicas on one PostgreSQL. What stops a code from being good once on each of them, and a guesser
 * from having a budget on each?
 */
import { auditCounts, populate, type Citizen } from '../support/population.js';
import {
  installation,
  startProcess,
  type Environment,
  type Reply,
  type ServiceProcess,
} from '../support/service-process.js';

describe('two replicas', () => {
  let shared: Environment;
  let replicas: ServiceProcess[];
  let url: string;

  beforeAll(async () => {
    shared = await installation();
    url = shared['WATCHWORD_DATABASE_URL'] ?? '';
    // At once, on an empty database: both migrate, one of them makes the first application.
    replicas = await Promise.all([startProcess(shared), startProcess(shared)]);
  }, 60_000);
  afterAll(() => Promise.all(replicas.map((replica) => replica.end('SIGTERM'))));

  const replica = (index: number) => {
    const chosen = replicas[index % replicas.length];
    if (chosen === undefined) throw new Error('there is no replica');
    return chosen;
  };
  const verify = (index: number, { userId }: Citizen, code: string) =>
    replica(index).call('POST', `/v1/users/${userId}/verify`, { code });
  const challenge = async (index: number, { userId }: Citizen) => {
    const body = { user_id: userId, type: 'totp' };
    return (await replica(index).call('POST', '/v1/challenges', body)).body.id as string;
  };
  const approved = (replies: Reply[]) => replies.filter(({ status }) => status === 200);

  it('agree on one signing key and one first application', async () => {
    const seen = await Promise.all(
      replicas.map((one) => one.call('GET', '/.well-known/jwks.json')),
    );
    expect(seen[0]?.body.keys).toHaveLength(1);
    expect(seen[1]?.body).toEqual(seen[0]?.body);
  });

  it('S25: of 1,000 requests with 50 codes on both replicas exactly 50 succeed', async () => {
    const citizens = await populate(url, shared['WATCHWORD_ENCRYPTION_KEYS'] ?? '', 50);
    const attempts = citizens.map((citizen) => ({ citizen, code: citizen.code() }));
    const replies = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => {
        const attempt = attempts[n % 50];
        if (attempt === undefined) throw new Error('out of range');
        return verify(Math.floor(n / 50), attempt.citizen, attempt.code);
      }),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 422, 429]));
    const winners = approved(replies).map(({ body }) => body.user_id as string);
    expect(winners).toHaveLength(50);
    expect(new Set(winners).size).toBe(50);
  }, 60_000);

  it('S25: a code for two challenges on two replicas is good for one', async () => {
    const citizens = await populate(url, shared['WATCHWORD_ENCRYPTION_KEYS'] ?? '', 40);
    for (const citizen of citizens) {
      const ids = [await challenge(0, citizen), await challenge(1, citizen)];
      const code = citizen.code();
      const replies = await Promise.all(
        ids.map((id, n) => replica(n).call('POST', `/v1/challenges/${id}/verify`, { code })),
      );
      expect(approved(replies)).toHaveLength(1);
    }
  }, 60_000);

  it('S30, S31, S36: 1,000 guesses over many challenges are compared five times at most', async () => {
    const [citizen] = await populate(url, shared['WATCHWORD_ENCRYPTION_KEYS'] ?? '', 1);
    if (citizen === undefined) throw new Error('nobody there');
    const right = new Set([-1, 0, 1, 2].map((steps) => citizen.code(steps)));
    const wrong = ['111111', '222222', '333333', '444444', '555555'].find(
      (code) => !right.has(code),
    );
    const ids = await Promise.all(Array.from({ length: 200 }, (_, n) => challenge(n, citizen)));
    const replies = await Promise.all(
      Array.from({ length: 1000 }, (_, n) =>
        n % 2 === 0
          ? verify(n >> 1, citizen, wrong ?? '')
          : replica(n >> 1).call('POST', `/v1/challenges/${ids[n % 200] ?? ''}/verify`, {
              code: wrong,
            }),
      ),
    );
    expect(approved(replies)).toHaveLength(0);
    const counts = await auditCounts(url, citizen.userId);
    expect(counts['verification.refused incorrect']).toBe(5);
    // S40: and now the right code is answered like a wrong one.
    expect((await verify(0, citizen, citizen.code())).body.code).toBe('locked');
    expect((await verify(1, citizen, wrong ?? '')).body.code).toBe('locked');
  }, 60_000);

  it('S18: a factor revoked on one replica is dead on the other', async () => {
    const [citizen] = await populate(url, shared['WATCHWORD_ENCRYPTION_KEYS'] ?? '', 1);
    if (citizen === undefined) throw new Error('nobody there');
    expect((await replica(0).call('DELETE', `/v1/factors/${citizen.factorId}`)).status).toBe(204);
    expect((await verify(1, citizen, citizen.code())).body.code).toBe('code_incorrect');
  });
});
