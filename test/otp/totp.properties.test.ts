import fc from 'fast-check';
import { MAX_DRIFT_STEPS, stepAt, verifyTotp } from '../../src/otp/totp.js';
import { parameterSets, referenceCode, secrets } from './reference.js';

const drifts = fc.integer({ min: -MAX_DRIFT_STEPS, max: MAX_DRIFT_STEPS });
const moments = fc.integer({ min: 10_000, max: 1e11 }).map((seconds) => new Date(seconds * 1000));
const situations = fc.record({
  secret: secrets,
  parameters: parameterSets,
  now: moments,
  driftSteps: drifts,
});
type Situation = typeof situations extends fc.Arbitrary<infer T> ? T : never;

function codeAt({ secret, parameters }: Situation, step: number): string {
  return referenceCode(secret, step, parameters.digits, parameters.algorithm);
}

function stepOf({ now, parameters }: Situation): number {
  return stepAt(now, parameters.periodSeconds);
}

function later(situation: Situation, steps: number): Situation {
  const milliseconds = steps * situation.parameters.periodSeconds * 1000;
  return { ...situation, now: new Date(situation.now.getTime() + milliseconds) };
}

const runs = { numRuns: 500 };

describe('verifyTotp, whatever comes', () => {
  it('S7: a code of a step in the window verifies, of any other never', () => {
    const property = fc.property(situations, fc.integer({ min: -50, max: 50 }), (s, distance) => {
      const centre = stepOf(s) + s.driftSteps;
      const code = codeAt(s, centre + distance);
      const window = [-1, 0, 1];
      // A code shared by chance with a step of the window is right, whichever step it came from.
      fc.pre(Math.abs(distance) <= 1 || window.every((d) => codeAt(s, centre + d) !== code));
      const match = verifyTotp({ ...s, code, lastStep: null });
      if (Math.abs(distance) > 1) expect(match).toBeNull();
      else expect(match).not.toBeNull();
    });
    fc.assert(property, runs);
    // Close by, where the window ends, more often than chance would have it.
    const near = fc.integer({ min: -3, max: 3 });
    fc.assert(
      fc.property(situations, near, (s, distance) => {
        const centre = stepOf(s) + s.driftSteps;
        const match = verifyTotp({ ...s, code: codeAt(s, centre + distance), lastStep: null });
        if (match) expect(Math.abs(match.step - centre)).toBeLessThanOrEqual(1);
        if (Math.abs(distance) <= 1) expect(match).not.toBeNull();
      }),
      runs,
    );
  });

  it('S23: once its step is stored the same code never verifies again', () => {
    const waits = fc.integer({ min: -10, max: 10 });
    const property = fc.property(
      situations,
      fc.constantFrom(-1, 0, 1),
      fc.array(fc.tuple(waits, drifts), { minLength: 1, maxLength: 10 }),
      (s, distance, replays) => {
        const code = codeAt(s, stepOf(s) + s.driftSteps + distance);
        const match = verifyTotp({ ...s, code, lastStep: null });
        expect(match).not.toBeNull();
        const lastStep = match?.step ?? 0;
        for (let ahead = 1; ahead <= 20; ahead++) fc.pre(codeAt(s, lastStep + ahead) !== code);
        for (const [steps, driftSteps] of replays) {
          const replay = { ...later(s, steps), code, lastStep, driftSteps };
          expect(verifyTotp(replay)).toBeNull();
        }
      },
    );
    fc.assert(property, runs);
  });

  it('S24 S127: accepted steps only ever rise, also when the clock jumps', () => {
    const tries = fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }));
    const property = fc.property(situations, fc.array(tries, { maxLength: 40 }), (start, all) => {
      let situation = start;
      let lastStep: number | null = null;
      for (const [jump, offset] of all) {
        situation = later(situation, jump);
        const code = codeAt(situation, stepOf(situation) + offset);
        const match = verifyTotp({ ...situation, code, lastStep });
        if (!match) continue;
        if (lastStep !== null) expect(match.step).toBeGreaterThan(lastStep);
        lastStep = match.step;
        situation = { ...situation, driftSteps: match.driftSteps };
      }
    });
    fc.assert(property, runs);
  });

  it('S9: drift stays bounded and moves by one at most, for any sequence', () => {
    const tries = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -5, max: 5 }));
    let furthest = 0;
    const property = fc.property(situations, fc.array(tries, { maxLength: 40 }), (start, all) => {
      let situation = start;
      for (const [wait, offset] of all) {
        situation = later(situation, wait);
        const code = codeAt(situation, stepOf(situation) + offset);
        const match = verifyTotp({ ...situation, code, lastStep: null });
        if (!match) continue;
        expect(Math.abs(match.driftSteps)).toBeLessThanOrEqual(MAX_DRIFT_STEPS);
        expect(Math.abs(match.driftSteps - situation.driftSteps)).toBeLessThanOrEqual(1);
        const seen = match.step - stepOf(situation);
        const towards = Math.sign(seen - situation.driftSteps);
        expect([0, towards]).toContain(Math.sign(match.driftSteps - situation.driftSteps));
        furthest = Math.max(furthest, Math.abs(match.driftSteps));
        situation = { ...situation, driftSteps: match.driftSteps };
      }
    });
    fc.assert(property, runs);
    expect(furthest).toBe(MAX_DRIFT_STEPS);
  });
});
