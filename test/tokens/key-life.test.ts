/** The life of a signing key by its times alone. */
import fc from 'fast-check';
import {
  firstSignature,
  isDue,
  isOver,
  isPublished,
  JWKS_KEPT_SECONDS,
  LONGEST_TOKEN_SECONDS,
  nextChange,
  PENDING_SECONDS,
  RELOAD_SECONDS,
  RETIRING_SECONDS,
  signerOf,
  SKEW_SECONDS,
  stateOf,
  type KeyTimes,
} from '../../src/tokens/key-life.js';

const START = Date.UTC(2030, 0, 1);
const at = (seconds: number) => new Date(START + seconds * 1000);
const key = (kid: string, signsAt: number, retiresAt?: number, revokedAt?: number): KeyTimes => ({
  kid,
  publishedAt: at(Math.max(0, signsAt - PENDING_SECONDS)),
  signsAt: at(signsAt),
  retiresAt: retiresAt === undefined ? null : at(retiresAt),
  revokedAt: revokedAt === undefined ? null : at(revokedAt),
});

describe('three keys in a row', () => {
  const day = 86_400;
  const keys = [key('a', 0, 30 * day), key('b', 30 * day, 60 * day), key('c', 60 * day)];
  const states = (seconds: number) => keys.map((one) => stateOf(one, keys, at(seconds)));

  it.each([
    [0, ['active', 'pending', 'pending']],
    [30 * day - 1, ['active', 'pending', 'pending']],
    [30 * day, ['retiring', 'active', 'pending']],
    [30 * day + RETIRING_SECONDS - 1, ['retiring', 'active', 'pending']],
    [30 * day + RETIRING_SECONDS, ['gone', 'active', 'pending']],
    [60 * day, ['gone', 'retiring', 'active']],
    [600 * day, ['gone', 'gone', 'active']],
  ])('are after %d s %j', (seconds, expected) => {
    expect(states(seconds)).toEqual(expected);
  });

  it('the last one signs on where nothing has renewed it', () => {
    expect(signerOf(keys, at(6_000 * day))?.kid).toBe('c');
  });

  it('the first one signs for a replica whose clock is behind the one that made it', () => {
    expect(signerOf(keys, at(-1))?.kid).toBe('a');
    expect(stateOf(key('a', 0), [key('a', 0)], at(-1))).toBe('active');
  });

  it('the choice of the signer holds to the next change', () => {
    expect(nextChange(keys, at(0))).toEqual(at(30 * day));
    expect(nextChange(keys, at(30 * day))).toEqual(at(60 * day));
    expect(nextChange(keys, at(60 * day))).toBeUndefined();
  });
});

it('S88: a key is pending for longer than anybody keeps an older set of keys', () => {
  expect(firstSignature(at(0))).toEqual(at(PENDING_SECONDS));
  // One served late, kept by a cache and then by a checker: ours keeps it for a quarter of an hour at most.
  expect(PENDING_SECONDS).toBeGreaterThan(RELOAD_SECONDS + JWKS_KEPT_SECONDS + 900 + SKEW_SECONDS);
});

it('S88: a key is published until the last of its tokens is over for everybody', () => {
  const [old, next] = [key('old', 0, 1_000), key('next', 1_000)];
  // Signed by a replica whose clock is behind, believed by a checker who bears with clocks.
  const end = 1_000 + SKEW_SECONDS + LONGEST_TOKEN_SECONDS + SKEW_SECONDS;
  expect(stateOf(old, [old, next], at(end))).toBe('retiring');
});

it('S89: a set of keys may be kept for no longer than two keys overlap', () => {
  expect(JWKS_KEPT_SECONDS).toBeLessThan(Math.min(PENDING_SECONDS, RETIRING_SECONDS));
});

it('S90: one that was revoked is gone, whatever it was', () => {
  for (const revoked of [key('a', 0, undefined, 5), key('a', 0, 3, 5), key('a', 9, undefined, 5)])
    expect([isPublished(revoked, at(5)), signerOf([revoked], at(5))]).toEqual([false, undefined]);
});

it('the next one is due so early that it signs when the days are over', () => {
  const one = key('a', 0);
  const end = 30 * 86_400;
  expect(isDue(one, 30, at(end - PENDING_SECONDS - 1))).toBe(false);
  expect(isDue(one, 30, at(end - PENDING_SECONDS))).toBe(true);
});

it('a row is over when the tokens of its key are, and never while the key has no successor', () => {
  expect(isOver(key('a', 0), at(1e9))).toBe(false);
  expect(isOver(key('a', 0, 100), at(99 + RETIRING_SECONDS))).toBe(false);
  expect(isOver(key('a', 0, 100), at(100 + RETIRING_SECONDS))).toBe(true);
  expect(isOver(key('a', 0, undefined, 50), at(50 + RETIRING_SECONDS))).toBe(true);
});

it('whatever the gaps between successions: one key signs, and it and all that signed lately are published', () => {
  const gaps = fc.array(fc.integer({ min: PENDING_SECONDS, max: 3e6 }), { maxLength: 8 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: -100, max: 3e7 }), (between, seconds) => {
      const starts = between.reduce((times, gap) => [...times, (times.at(-1) ?? 0) + gap], [0]);
      const keys = starts.map((start, n) => key(String(n), start, starts[n + 1]));
      const now = at(seconds);
      const states = keys.map((one) => stateOf(one, keys, now));
      expect(states.filter((state) => state === 'active')).toHaveLength(1);
      const lately = new Set(
        [0, LONGEST_TOKEN_SECONDS].map((ago) => signerOf(keys, at(seconds - ago))?.kid),
      );
      for (const one of keys.filter(({ kid }) => lately.has(kid)))
        expect(isPublished(one, now)).toBe(true);
    }),
  );
});
