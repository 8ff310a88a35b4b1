/**
 * One application that asks for too much: a loop, a retry storm, a stolen key. It waits for its own
 * requests; the others do not wait for it, and when it calms down all its places are free again.
 */
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { FactorsService } from '../../src/factors/factors.service.js';
import type { Factor } from '../../src/factors/factor.js';
import {
  startApplication,
  type Answer,
  type Registered,
  type TestApplication,
} from '../support/application.js';

const PLACES = 3;

const list = (service: TestApplication, key: string) =>
  service.call('GET', '/v1/users/x/factors', undefined, { key });

describe('at once', () => {
  let service: TestApplication;
  let noisy: Registered;
  let quiet: Registered;

  beforeAll(async () => {
    service = await startApplication({
      environment: { WATCHWORD_CONCURRENCY_PER_APPLICATION: String(PLACES) },
    });
    noisy = await service.register('one realm', 'noisy');
    quiet = await service.register('one realm', 'quiet');
  });
  afterAll(() => service.close());
  afterEach(() => jest.restoreAllMocks());

  /** Holds every list of factors until it is let go, or failed. */
  const holdLists = () => {
    const held: { go: () => void; fail: () => void }[] = [];
    jest.spyOn(service.app.get(FactorsService), 'list').mockImplementation(
      () =>
        new Promise<Factor[]>((resolve, reject) => {
          held.push({ go: () => resolve([]), fail: () => reject(new Error('broken')) });
        }),
    );
    return held;
  };
  /** Waits some turns of the event loop: a request that never comes must fail the test, not hang it. */
  const untilHeld = async (held: readonly unknown[], count: number) => {
    for (let turn = 0; held.length < count && turn < 10_000; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(held).toHaveLength(count);
  };

  it('S110: over its places it is refused at once, and another application is not', async () => {
    const held = holdLists();
    const waiting = Array.from({ length: PLACES }, () => list(service, noisy.key));
    await untilHeld(held, PLACES);
    const refused = await list(service, noisy.key);
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
    expect(refused.headers['retry-after']).toBe('1');
    const other = list(service, quiet.key);
    await untilHeld(held, PLACES + 1);
    held.forEach(({ go }) => go());
    expect((await other).status).toBe(200);
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
    jest.restoreAllMocks();
    expect((await list(service, noisy.key)).status).toBe(200);
  });

  it('S110: a place is free again however the request ended', async () => {
    const endings = [
      () => service.call('GET', '/v1/factors/x', undefined, { key: noisy.key }),
      () => service.call('POST', '/v1/users/x/verify', {}, { key: noisy.key }),
      () => service.call('POST', '/v1/users/x/verify', { code: '000000' }, { key: noisy.key }),
      () =>
        service.call(
          'POST',
          '/v1/challenges',
          { user_id: 'x', type: 'totp' },
          { key: noisy.key, headers: { 'idempotency-key': 'same' } },
        ),
      () =>
        service.call(
          'POST',
          '/v1/challenges',
          {},
          {
            key: noisy.key,
            headers: { 'idempotency-key': ' ' },
          },
        ),
    ];
    for (const ending of endings)
      for (let n = 0; n < PLACES * 2; n++)
        expect((await ending()).body.code).not.toBe('rate_limited');
    const held = holdLists();
    const failing = Array.from({ length: PLACES }, () => list(service, noisy.key));
    await untilHeld(held, PLACES);
    held.forEach(({ fail }) => fail());
    for (const { status } of await Promise.all(failing)) expect(status).toBe(500);
    jest.restoreAllMocks();
    expect((await list(service, noisy.key)).status).toBe(200);
  });

  it('S46: where the limiter fails the answer is 503, and the place is free again', async () => {
    for (let n = 0; n < PLACES * 2; n++) {
      jest.spyOn(RateLimiterMemory.prototype, 'consume').mockRejectedValueOnce(new Error('gone'));
      const answer = await list(service, noisy.key);
      expect([answer.status, answer.body.code]).toEqual([503, 'overloaded']);
      expect(answer.text).not.toContain('gone');
    }
    expect((await list(service, noisy.key)).status).toBe(200);
  });

  it('S110: a refused request takes no idempotency key with it', async () => {
    const held = holdLists();
    const waiting = Array.from({ length: PLACES }, () => list(service, noisy.key));
    await untilHeld(held, PLACES);
    const open = (): Promise<Answer> =>
      service.call(
        'POST',
        '/v1/challenges',
        { user_id: 'y', type: 'totp' },
        { key: noisy.key, headers: { 'idempotency-key': 'crowded-out' } },
      );
    expect((await open()).status).toBe(429);
    held.forEach(({ go }) => go());
    await Promise.all(waiting);
    expect((await open()).status).toBe(201);
  });
});

describe('in ten seconds', () => {
  const RATE = 12;
  let service: TestApplication;
  let quiet: Registered;

  beforeAll(async () => {
    service = await startApplication({
      environment: { WATCHWORD_RATE_PER_APPLICATION: String(RATE) },
    });
    quiet = await service.register(service.first.application.realmName, 'quiet');
  });
  afterAll(() => service.close());

  it('S110: it gets its rate and no more, over all its routes; another gets its own', async () => {
    const calls = Array.from({ length: RATE * 3 }, (_, n) =>
      n % 2
        ? list(service, service.first.key)
        : service.call('POST', '/v1/challenges', { user_id: `u${n}`, type: 'totp' }),
    );
    const answers = await Promise.all(calls);
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.length - refused.length).toBe(RATE);
    for (const { headers, body } of refused) {
      expect(body.code).toBe('rate_limited');
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(10);
    }
    for (let n = 0; n < RATE; n++) expect((await list(service, quiet.key)).status).toBe(200);
  });

  it('S110: a second key of the same application is no second share', async () => {
    const { ApplicationsService } = await import('../../src/applications/applications.service.js');
    const { key } = await service.app
      .get(ApplicationsService)
      .createKey(quiet.application.id, ['enrol']);
    expect((await list(service, key)).status).toBe(429);
  });
});
