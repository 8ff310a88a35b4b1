/** The database's arithmetic against the pure rules of lockout.ts, step by step over long histories. */
import { AttemptsRepository, type Attempt } from '../../src/challenges/attempts.repository.js';
import {
  attemptsLeft,
  CONSECUTIVE_LIMIT,
  delayAfter,
  SLOW_LIMIT,
  SLOW_WINDOW_SECONDS,
  UNTIL_UNLOCKED,
} from '../../src/challenges/lockout.js';
import { newId } from '../../src/storage/ids.js';
import { UsersService } from '../../src/users/users.service.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { enrol } from '../support/authenticator.js';

let service: TestApplication;
let attempts: AttemptsRepository;

beforeAll(async () => {
  service = await startApplication();
  attempts = service.app.get(AttemptsRepository);
});
afterAll(() => service.close());

const DAY = 86_400;

/** A budget as the words of lockout.ts describe it. */
class Model {
  private consecutive = 0;
  private slowCount = 0;
  private slowSince = 0;
  lockedUntil = 0;
  private exists = false;

  /** Charges a failure. @returns whether it was let in */
  charge(now: number): boolean {
    if (now < this.lockedUntil) return false;
    this.consecutive += 1;
    const isOver = this.exists && this.slowSince <= now - SLOW_WINDOW_SECONDS * 1000;
    if (!this.exists || isOver) this.slowSince = now;
    this.slowCount = !this.exists || isOver ? 1 : this.slowCount + 1;
    this.exists = true;
    const delay = delayAfter(this.consecutive);
    if (delay === Infinity) this.lockedUntil = UNTIL_UNLOCKED.getTime();
    else if (this.slowCount >= SLOW_LIMIT)
      this.lockedUntil = this.slowSince + SLOW_WINDOW_SECONDS * 1000;
    else this.lockedUntil = delay > 0 ? now + delay * 1000 : 0;
    return true;
  }

  succeed(): void {
    this.consecutive = 0;
    this.slowCount = Math.max(0, this.slowCount - 1);
    this.lockedUntil = 0;
  }

  unlock(): void {
    Object.assign(this, new Model());
  }

  get view() {
    return {
      consecutive: this.consecutive,
      slowCount: this.slowCount,
      lockedUntil: this.lockedUntil,
      left: attemptsLeft({
        consecutive: this.consecutive,
        slowCount: this.slowCount,
        lockedUntil: null,
      }),
    };
  }
}

/** A generator of numbers that a failure can be looked at again with (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How a user behaves: waits in seconds between attempts, and how often the code is right. */
const behaviours = [
  { name: 'a hasty guesser', waits: [0, 1, 29, 30, 31], right: 0 },
  { name: 'a patient guesser', waits: [3600], right: 0 },
  { name: 'a guesser behind a busy user', waits: [0, 60, 3600], right: 0.3 },
  { name: 'a slow guesser', waits: [DAY / 12, DAY / 8], right: 0.2 },
  { name: 'anybody', waits: [0, 1, 30, 60, 1920, 3600, DAY, 29 * DAY, 30 * DAY], right: 0.15 },
  { name: 'a user whose clock is set back', waits: [0, 60, -60, 3600, -1800], right: 0.1 },
];

/** The embedded database runs the same statements, and slower. */
const seeds = process.env['WATCHWORD_TEST_DATABASE'] === 'pglite' ? [1] : [1, 2];

it.each(behaviours.flatMap((one) => seeds.map((seed) => ({ ...one, seed }))))(
  'S32, S44: the database counts as the rules do: $name, history $seed',
  async ({ name, waits, right, seed }) => {
    const userId = `${name}-${seed}`;
    const { factorId } = await enrol(service, userId);
    const { realmId } = service.first.application;
    const next = random(seed);
    const model = new Model();
    let now = Date.UTC(2030, 0, 2);
    let step = now;
    let granted = 0;
    for (let n = 0; n < 300; n++) {
      now += (waits[Math.floor(next() * waits.length)] ?? 0) * 1000;
      const isRight = next() < right;
      const attempt: Attempt = {
        realmId,
        userId,
        budget: 'totp',
        types: ['totp'],
        factorId: null,
        challengeId: null,
        now: new Date(now),
      };
      const charge = await attempts.charge(attempt);
      if (charge === undefined) throw new Error('there was nothing to attempt');
      const letIn = model.charge(now);
      granted += letIn ? 1 : 0;
      expect({
        n,
        letIn: charge.granted,
        consecutive: charge.consecutive,
        slowCount: charge.slowCount,
        lockedUntil: charge.lockedUntil?.getTime() ?? 0,
        left: attemptsLeft(charge),
        factors: charge.factors.length,
      }).toEqual({ n, letIn, ...model.view, factors: letIn ? 1 : 0 });
      if (letIn && isRight) {
        step += 1;
        const spent = { step, driftSteps: 0 };
        const event = eventOf(realmId, userId);
        const at = new Date(now);
        expect(await attempts.consume({ factorId, spent, challengeId: null, event, now: at })).toBe(
          true,
        );
        model.succeed();
      }
      if (model.lockedUntil === UNTIL_UNLOCKED.getTime() && next() < 0.05) {
        await service.app.get(UsersService).unlock(realmId, userId);
        model.unlock();
      }
    }
    // The history went somewhere: guesses were let in, and none of these guessers went on for free.
    expect(granted).toBeGreaterThan(5);
    expect(granted).toBeLessThan(300);
  },
  60_000,
);

it('S32: whoever waits out every lock has a hundred guesses, whatever the years', async () => {
  const { realmId } = service.first.application;
  let now = Date.UTC(2030, 0, 2);
  let granted = 0;
  for (let n = 0; n < CONSECUTIVE_LIMIT + 20; n++) {
    now += 40 * DAY * 1000;
    const attempt = {
      realmId,
      userId: 'old',
      budget: 'totp',
      types: ['totp'] as const,
      factorId: null,
      challengeId: null,
    };
    const charge = await attempts.charge({ ...attempt, now: new Date(now) });
    if (charge?.granted) granted += 1;
  }
  expect(granted).toBe(CONSECUTIVE_LIMIT);
});

it('S30, S32: of 300 charges at once five are let in', async () => {
  const { realmId } = service.first.application;
  const now = new Date(Date.UTC(2030, 0, 2));
  const attempt = {
    realmId,
    userId: 'many',
    budget: 'totp',
    types: ['totp'] as const,
    factorId: null,
    challengeId: null,
  };
  const charges = await Promise.all(
    Array.from({ length: 300 }, () => attempts.charge({ ...attempt, now })),
  );
  expect(charges.filter((charge) => charge?.granted)).toHaveLength(5);
});

function eventOf(realmId: string, userId: string) {
  return {
    id: newId('aud'),
    at: new Date(),
    realm_id: realmId,
    type: 'verification.approved',
    application_id: null,
    actor: 'test',
    user_id: userId,
    factor_id: null,
    challenge_id: null,
    request_id: null,
    detail: {},
  };
}
