/** The rules of lockout.ts; budget-model.test.ts holds the database's arithmetic against them. */
import fc from 'fast-check';
import {
  attemptsLeft,
  CONSECUTIVE_LIMIT,
  delayAfter,
  delayLadder,
  LONGEST_DELAY_SECONDS,
  retryAfter,
  SLOW_LIMIT,
} from '../../src/challenges/lockout.js';

describe('the rules', () => {
  it('S32: five failures are free, then 30 s doubling to an hour, then an operator', () => {
    expect([1, 2, 3, 4].map(delayAfter)).toEqual([0, 0, 0, 0]);
    expect([5, 6, 7, 11, 12, 13, 89].map(delayAfter)).toEqual([
      30, 60, 120, 1920, 3600, 3600, 3600,
    ]);
    expect(delayAfter(CONSECUTIVE_LIMIT)).toBe(Infinity);
    expect(delayLadder).toHaveLength(CONSECUTIVE_LIMIT - 1);
  });

  it('a further failure never shortens the wait, and no wait is longer than an hour before the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 88 }), (n) => {
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
