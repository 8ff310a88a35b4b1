import * as fc from 'fast-check';
import { hotp } from '../../src/otp/hotp.js';
import { matchHotp, resyncHotp } from '../../src/otp/hotp-window.js';
import { resyncTotp, stepAt, totp } from '../../src/otp/totp.js';
import rfc4226 from './rfc4226.vectors.json' with { type: 'json' };

const secret = new TextEncoder().encode(rfc4226.secret);
const parameters = { secret, digits: 6, algorithm: 'SHA1' } as const;
const codeOf = (counter: number) => hotp(secret, counter, 6, 'SHA1');

describe('RFC 4226 section 7.4, look-ahead, with the codes of appendix D', () => {
  it.each(rfc4226.codes.map((code, counter) => ({ code, counter })))(
    'S10: $code is of counter $counter, for every server that is up to ten behind',
    ({ code, counter }) => {
      for (let lastCounter = -1; lastCounter < counter; lastCounter++)
        expect(matchHotp(code, { ...parameters, lastCounter }, 10)).toBe(counter);
    },
  );

  it('S23, S24: a code that was accepted, and all before it, are spent', () => {
    rfc4226.codes.forEach((code, counter) => {
      for (let lastCounter = counter; lastCounter < 10; lastCounter++)
        expect(matchHotp(code, { ...parameters, lastCounter }, 10)).toBeNull();
    });
  });

  it('S10: the window ends where it is said to end', () => {
    for (const lookAhead of [1, 5, 20]) {
      const state = { ...parameters, lastCounter: 99 };
      expect(matchHotp(codeOf(99 + lookAhead), state, lookAhead)).toBe(99 + lookAhead);
      expect(matchHotp(codeOf(100 + lookAhead), state, lookAhead)).toBeNull();
    }
  });

  it('S23: a code that the window has twice is good for the nearer, and then spent', () => {
    // Found by search: counters of the RFC's secret, at most ten apart, with one code between them.
    const twins = twinsWithin(10, 3_000_000);
    const state = { ...parameters, lastCounter: twins.near - 1 };
    expect(matchHotp(twins.code, state, 10)).toBe(twins.near);
    expect(matchHotp(twins.code, { ...state, lastCounter: twins.near }, 10)).toBeNull();
  });

  it('S10: two codes in a row find a token that is up to a thousand ahead', () => {
    const state = { ...parameters, lastCounter: 7 };
    for (const ahead of [1, 11, 500, 1000])
      expect(resyncHotp([codeOf(7 + ahead), codeOf(8 + ahead)], state)).toBe(8 + ahead);
    expect(resyncHotp([codeOf(1008), codeOf(1009)], state)).toBeNull();
  });

  it('S10: two codes that do not follow each other, or are spent, find nothing', () => {
    const state = { ...parameters, lastCounter: 50 };
    const pairs = [
      [60, 62],
      [61, 60],
      [60, 60],
      [49, 50],
      [50, 51],
    ] as const;
    for (const [first, second] of pairs)
      expect(resyncHotp([codeOf(first), codeOf(second)], state)).toBeNull();
  });

  it('S23: whatever is typed, what was accepted is not accepted again', () => {
    const presses = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 2 ** 40 }), presses, (start, skips) => {
        let lastCounter = start;
        let counter = start + 1;
        for (const skipped of skips) {
          counter += skipped;
          const code = codeOf(counter++);
          const matched = matchHotp(code, { ...parameters, lastCounter }, 10);
          if (matched === null) continue;
          expect(matched).toBeGreaterThan(lastCounter);
          expect(matched - lastCounter).toBeLessThanOrEqual(10);
          lastCounter = matched;
          expect(matchHotp(code, { ...parameters, lastCounter }, 10)).toBeNull();
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('RFC 6238 section 6, resynchronisation of a clock', () => {
  const now = new Date(Date.UTC(2030, 0, 1));
  const clock = { algorithm: 'SHA1', digits: 6, periodSeconds: 30 } as const;
  const step = stepAt(now, 30);
  const pair = (at: number) => [totp(secret, at, clock), totp(secret, at + 1, clock)] as const;
  const attempt = { secret, parameters: clock, now, lastStep: null };

  it('S9: two codes in a row find a clock that is up to a day off, either way', () => {
    for (const drift of [-2880, -500, -1, 0, 1, 500, 2880])
      expect(resyncTotp(pair(step + drift - 1), attempt)).toEqual({
        step: step + drift,
        driftSteps: drift,
      });
    for (const drift of [-2881, 2881])
      expect(resyncTotp(pair(step + drift - 1), attempt)).toBeNull();
  });

  it('S23, S24: neither of them may be spent', () => {
    const lastStep = step - 100;
    for (const first of [-102, -101, -100])
      expect(resyncTotp(pair(step + first), { ...attempt, lastStep })).toBeNull();
    expect(resyncTotp(pair(step - 99), { ...attempt, lastStep })?.step).toBe(step - 98);
  });
});

function twinsWithin(distance: number, most: number) {
  const seen: string[] = [];
  for (let counter = 0; counter < most; counter++) {
    const code = codeOf(counter);
    const near = seen.indexOf(code);
    if (near !== -1) return { code, near: counter - seen.length + near, far: counter };
    seen.push(code);
    if (seen.length > distance) seen.shift();
  }
  throw new Error('no twins among these counters');
}
