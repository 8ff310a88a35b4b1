/** The rules of lockout.ts, and the database's arithmetic against them, step by step. */
import fc from 'fast-check';
import {
  attemptsLeft,
  CONSECUTIVE_LIMIT,
  delayAfter,
  delayLadder,
  FREE_ATTEMPTS,
  LONGEST_DELAY_SECONDS,
  retryAfter,
  SLOW_LIMIT,
  SLOW_WINDOW_SECONDS,
} from '../../src/challenges/lockout.js';
import { UsersService } from '../../src/users/users.service.js';
import { startApplication, type Answer, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';

describe('the rules', () => {
  it('S32: five failures are free, then 30 s doubling to an hour, then an operator', () => {
    expect([1, 2, 3, 4].map(delayAfter)).toEqual([0, 0, 0, 0]);
    expect([5, 6, 7, 11, 12, 13, 99].map(delayAfter)).toEqual([
      30, 60, 120, 1920, 3600, 3600, 3600,
    ]);
    expect(delayAfter(CONSECUTIVE_LIMIT)).toBe(Infinity);
    expect(delayLadder).toHaveLength(CONSECUTIVE_LIMIT - 1);
  });

  it('a further failure never shortens the wait, and no wait is longer than an hour before the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 98 }), (n) => {
        expect(delayAfter(n + 1)).toBeGreaterThanOrEqual(delayAfter(n));
        expect(delayAfter(n)).toBeLessThanOrEqual(LONGEST_DELAY_SECONDS);
      }),
    );
  });

  it('counts down what is left, and says when to come back in whole seconds', () => {
    expect(attemptsLeft({ consecutive: 2, slowCount: 2, lockedUntil: null })).toBe(3);
    expect(attemptsLeft({ consecutive: 1, slowCount: SLOW_LIMIT - 1, lockedUntil: null })).toBe(1);
    expect(attemptsLeft({ consecutive: 50, slowCount: 50, lockedUntil: null })).toBe(0);
    const now = new Date(1_000_000);
    expect(retryAfter({ lockedUntil: new Date(1_000_001) }, now)).toBe(1);
    expect(retryAfter({ lockedUntil: now }, now)).toBeUndefined();
    expect(retryAfter({ lockedUntil: null }, now)).toBeUndefined();
  });
});

describe('the budget of a user', () => {
  let service: TestApplication;
  beforeAll(async () => {
    service = await startApplication();
  });
  afterAll(() => service.close());

  const guess = (userId: string, code = '000000', key?: string): Promise<Answer> =>
    service.call('POST', `/v1/users/${userId}/verify`, { code }, { key });

  it('S30, S40: each failure is counted, and while locked right and wrong look alike', async () => {
    const app = await enrol(service, 'amy');
    service.clock.advance(60);
    const left = [];
    for (let n = 0; n < FREE_ATTEMPTS; n++)
      left.push((await guess('amy')).body.attempts_left as number);
    expect(left).toEqual([4, 3, 2, 1, 0]);
    const wrong = await guess('amy');
    const right = await guess('amy', app.code());
    expect(wrong.status).toBe(429);
    expect(wrong.headers['retry-after']).toBe('30');
    expect({ ...right.body, request_id: '' }).toEqual({ ...wrong.body, request_id: '' });
    service.clock.advance(30);
    expect((await guess('amy', app.code())).status).toBe(200);
    expect((await guess('amy')).body.attempts_left).toBe(4);
  });

  it('S31, S35: challenges and the direct call share it, and a new challenge resets nothing', async () => {
    await enrol(service, 'ben');
    for (let n = 0; n < FREE_ATTEMPTS; n++) {
      const body = { user_id: 'ben', type: 'totp' };
      const { id } = (await service.call('POST', '/v1/challenges', body)).body as { id: string };
      await (n % 2
        ? guess('ben')
        : service.call('POST', `/v1/challenges/${id}/verify`, { code: '000000' }));
    }
    expect((await guess('ben')).body.code).toBe('locked');
  });

  it('S34: one budget whatever the spelling, the application or the idempotency key', async () => {
    const other = await service.register(service.first.application.realmName, 'other');
    await guess('jos%C3%A9');
    await guess('jose%CC%81');
    await guess('%6Aos%C3%A9');
    await guess('jos%C3%A9', '000000', other.key);
    await service.call(
      'POST',
      '/v1/users/jos%C3%A9/verify',
      { code: '000000' },
      { headers: { 'idempotency-key': 'x' } },
    );
    expect((await guess('jos%C3%A9')).body.code).toBe('locked');
  });

  it('S39: lockout ends the pending challenge', async () => {
    await enrol(service, 'cat');
    const body = { user_id: 'cat', type: 'totp' };
    const { id } = (await service.call('POST', '/v1/challenges', body)).body as { id: string };
    for (let n = 0; n < FREE_ATTEMPTS; n++) await guess('cat');
    await service.call('POST', `/v1/challenges/${id}/verify`, { code: '000000' });
    expect((await service.call('GET', `/v1/challenges/${id}`)).body.status).toBe('failed');
  });

  it('a challenge bears five wrong codes, and then has failed', async () => {
    await enrol(service, 'dan');
    const body = { user_id: 'dan', type: 'totp' };
    const { id } = (await service.call('POST', '/v1/challenges', body)).body as { id: string };
    for (let n = 0; n < 5; n++)
      await service.call('POST', `/v1/challenges/${id}/verify`, { code: '000000' });
    const answer = await service.call('POST', `/v1/challenges/${id}/verify`, { code: '000000' });
    expect(answer.body).toMatchObject({ code: 'challenge_ended', challenge_status: 'failed' });
  });

  it('S32: after 100 failures in a row only an operator helps', async () => {
    const app = await enrol(service, 'eli');
    for (let n = 0; n < CONSECUTIVE_LIMIT; n++) {
      expect((await guess('eli')).status).toBe(422);
      service.clock.advance(LONGEST_DELAY_SECONDS);
    }
    service.clock.advance(SLOW_WINDOW_SECONDS * 12);
    expect((await guess('eli', app.code())).body.code).toBe('locked');
    await service.app.get(UsersService).unlock(service.first.application.realmId, 'eli');
    expect((await guess('eli', app.code())).status).toBe(200);
  });

  it('S44: success clears the row of failures, and not the slow count', async () => {
    const app = await enrol(service, 'fay');
    let guesses = 0;
    for (let day = 0; guesses < SLOW_LIMIT; day++) {
      service.clock.advance(60);
      for (let n = 0; n < 4 && guesses < SLOW_LIMIT; n++, guesses++) await guess('fay');
      if (guesses < SLOW_LIMIT) expect((await guess('fay', app.code())).status).toBe(200);
    }
    const locked = await guess('fay', app.code());
    expect(locked.body.code).toBe('locked');
    expect(locked.body.retry_after).toBeGreaterThan(SLOW_WINDOW_SECONDS - 86_400);
    service.clock.advance(SLOW_WINDOW_SECONDS);
    expect((await guess('fay', app.code())).status).toBe(200);
  });

  it('follows the rules over any history of guesses, logins and waits', async () => {
    const app = await enrol(service, 'gil');
    service.clock.advance(60);
    let consecutive = 0;
    let lockedUntil = 0;
    // Waits around the rungs of the ladder; a fixed history, so that a failure can be looked at.
    const waits = [0, 29, 30, 31, 60, 0, 120, 1, 300, 7, 600, 31, 2000, 3600];
    for (let step = 0; step < 120; step++) {
      service.clock.advance(waits[(step * 5) % waits.length] ?? 0);
      const now = service.clock.now().getTime();
      const isRight = step % 9 === 8;
      const { status } = await guess('gil', isRight ? app.code() : '000000');
      if (now < lockedUntil) {
        expect(status).toBe(429);
        continue;
      }
      consecutive += 1;
      expect(status === 429).toBe(false);
      if (status === 200) consecutive = 0;
      lockedUntil = status === 200 ? 0 : now + delayAfter(consecutive) * 1000;
    }
    const row = await service.database.kysely
      .selectFrom('attempt_budgets')
      .selectAll()
      .where('user_id', '=', 'gil')
      .executeTakeFirstOrThrow();
    expect(row.consecutive).toBe(consecutive);
    expect(row.locked_until?.getTime() ?? 0).toBe(consecutive < FREE_ATTEMPTS ? 0 : lockedUntil);
  });
});
