import crypto from 'node:crypto';
import { algorithms, defaultTotpParameters } from '../../src/otp/algorithm.js';
import { stepAt, totp, verifyTotp } from '../../src/otp/totp.js';
import { referenceCode } from './reference.js';
import rfc6238 from './rfc6238.vectors.json' with { type: 'json' };

const secret = new TextEncoder().encode(rfc6238.secrets.SHA1);
const parameters = defaultTotpParameters;
const stepNow = 58_000_000;
const now = new Date(stepNow * 30_000 + 12_345);
const codeOf = (step: number) => referenceCode(secret, step, 6, 'SHA1');
const attempt = { secret, parameters, now, lastStep: null, driftSteps: 0 };

describe('stepAt and totp', () => {
  const cases = rfc6238.vectors.flatMap((vector) =>
    algorithms.map((algorithm) => ({ ...vector, algorithm, code: vector[algorithm] })),
  );

  it.each(cases)(
    'S1 S2: gives $code for $algorithm at $seconds s, as RFC 6238 appendix B',
    ({ seconds, stepHex, algorithm, code }) => {
      const step = stepAt(new Date(seconds * 1000), 30);
      expect(step).toBe(Number.parseInt(stepHex, 16));
      const key = new TextEncoder().encode(rfc6238.secrets[algorithm]);
      expect(totp(key, step, { algorithm, digits: 8, periodSeconds: 30 })).toBe(code);
    },
  );

  it('S2: counts steps beyond 32 bits', () => {
    const late = new Date(8_640_000_000_000_000);
    const step = stepAt(late, 15);
    expect(step).toBe(576_000_000_000);
    expect(totp(secret, step, parameters)).toBe(codeOf(step));
    const code = codeOf(step);
    const verified = verifyTotp({
      ...attempt,
      code,
      now: late,
      parameters: { ...parameters, periodSeconds: 15 },
    });
    expect(verified).toEqual({ step, driftSteps: 0 });
  });

  it('begins a step on its first millisecond', () => {
    expect(stepAt(new Date(29_999), 30)).toBe(0);
    expect(stepAt(new Date(30_000), 30)).toBe(1);
  });

  it.each([0, 14, 121, 30.5, -30, NaN])('S5: refuses a period of %d s', (periodSeconds) => {
    expect(() => stepAt(now, periodSeconds)).toThrow(RangeError);
  });

  it.each([new Date(NaN), new Date(-1)])('refuses the time %p', (date) => {
    expect(() => stepAt(date, 30)).toThrow(RangeError);
  });
});

describe('verifyTotp', () => {
  it.each([-1, 0, 1])('S7: takes one step each way around a drift of %d', (driftSteps) => {
    const seen = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5].filter((offset) =>
      verifyTotp({ ...attempt, code: codeOf(stepNow + offset), driftSteps }),
    );
    expect(seen).toEqual([driftSteps - 1, driftSteps, driftSteps + 1]);
  });

  it('S23: refuses a code that was taken, and takes the next one', () => {
    const code = codeOf(stepNow);
    const first = verifyTotp({ ...attempt, code });
    expect(first).toEqual({ step: stepNow, driftSteps: 0 });
    expect(verifyTotp({ ...attempt, code, lastStep: stepNow })).toBeNull();
    const next = { ...attempt, code: codeOf(stepNow + 1), lastStep: stepNow };
    expect(verifyTotp(next)?.step).toBe(stepNow + 1);
  });

  it('S24: refuses an older code of the window after a newer one', () => {
    const code = codeOf(stepNow - 1);
    expect(verifyTotp({ ...attempt, code })?.step).toBe(stepNow - 1);
    expect(verifyTotp({ ...attempt, code, lastStep: stepNow })).toBeNull();
    expect(verifyTotp({ ...attempt, code, lastStep: stepNow + 1 })).toBeNull();
  });

  // Found by search: with this secret these two steps, neighbours or two apart, share a code.
  it.each([
    { first: 56_188_870, second: 56_188_871, code: '617002' },
    { first: 56_295_193, second: 56_295_195, code: '769717' },
  ])('S23: spends both steps $first and $second of one code', ({ first, second, code }) => {
    expect([codeOf(first), codeOf(second)]).toEqual([code, code]);
    const both = { ...attempt, code, now: new Date((first + 1) * 30_000) };
    const match = verifyTotp(both);
    expect(match?.step).toBe(second);
    expect(verifyTotp({ ...both, lastStep: second })).toBeNull();
    // The later step is a fresh code of its own when only the earlier was spent.
    expect(verifyTotp({ ...both, lastStep: first })?.step).toBe(second);
  });

  it.each([
    { driftSteps: 0, seen: 1, learned: 1 },
    { driftSteps: 1, seen: 0, learned: 0 },
    { driftSteps: 1, seen: 2, learned: 1 },
    { driftSteps: -1, seen: -2, learned: -1 },
    { driftSteps: 900, seen: 2, learned: 1 },
  ])('S9: learns drift $learned from $driftSteps, having seen $seen', (row) => {
    const code = codeOf(stepNow + row.seen);
    const match = verifyTotp({ ...attempt, code, driftSteps: row.driftSteps });
    expect(match).toEqual({ step: stepNow + row.seen, driftSteps: row.learned });
  });

  it.each([-1, 1])('S9: with a drift of %d the code shown now is still taken', (driftSteps) => {
    const match = verifyTotp({ ...attempt, code: codeOf(stepNow), driftSteps });
    expect(match).toEqual({ step: stepNow, driftSteps: 0 });
  });

  it('S9: a stored drift out of bounds opens no window out of bounds', () => {
    const code = codeOf(stepNow + 900);
    expect(verifyTotp({ ...attempt, code, driftSteps: 900 })).toBeNull();
    expect(() => verifyTotp({ ...attempt, code, driftSteps: NaN })).toThrow(RangeError);
  });

  it('does not fail in the first steps of 1970', () => {
    const start = { ...attempt, now: new Date(0), driftSteps: -1 };
    expect(verifyTotp({ ...start, code: codeOf(0) })).toEqual({ step: 0, driftSteps: 0 });
  });

  it('reads nothing but the digits themselves as digits', () => {
    const code = codeOf(stepNow);
    const lowBytes = String.fromCharCode(
      ...Array.from(code, (digit) => digit.charCodeAt(0) + 0x100),
    );
    for (const other of [lowBytes, '', ` ${code}`, `${code}0`, code.slice(1), `0${code}`]) {
      expect(verifyTotp({ ...attempt, code: other })).toBeNull();
    }
  });

  it.each([
    { name: 'the oldest step', code: codeOf(stepNow - 1), compared: 3 },
    { name: 'the newest step', code: codeOf(stepNow + 1), compared: 3 },
    { name: 'no step', code: '000000', compared: 3 },
    { name: 'no step, by its length', code: '00', compared: 0 },
  ])('S43: does the same work when $name matches', ({ code, compared }) => {
    const compute = jest.spyOn(crypto, 'hash');
    const compare = jest.spyOn(crypto, 'timingSafeEqual');
    verifyTotp({ ...attempt, code });
    verifyTotp({ ...attempt, code, lastStep: stepNow + 1 });
    // Two hashes a code, three codes a call.
    expect(compute).toHaveBeenCalledTimes(12);
    expect(compare).toHaveBeenCalledTimes(2 * compared);
    jest.restoreAllMocks();
  });
});
