/** The rules by themselves: what the counters are told, and what they say. */
import fc from 'fast-check';
import { counterKeys, pauseKeys, type Counter, type Send } from '../../src/delivery/counter.js';
import { admit, cooldownAfter, type Limits, type Verdict } from '../../src/delivery/shield.js';

const NONE = 1_000_000;
const wide: Limits = {
  smsPerNumber: NONE,
  smsPerUser: NONE,
  smsPerAddress: NONE,
  smsPerPrefix: NONE,
  smsPerApplication: NONE,
  smsUnverified: NONE,
  smsRealmDailyMessages: NONE,
  smsRealmDailySpend: NONE,
  smsDailyMessages: NONE,
  smsDailySpend: NONE,
};
const start = Date.UTC(2030, 0, 1, 12);
const at = (seconds: number) => new Date(start + seconds * 1000);

/** A message to the nth number of a prefix, by nobody in particular. */
const send = (n: number, extra: Partial<Send> = {}): Send => ({
  realmId: 'rlm_1',
  applicationId: 'app_1',
  userId: null,
  number: `n${n}`,
  country: 'US',
  prefix: '+1415555',
  address: null,
  channel: 'sms',
  costMicros: 1,
  early: undefined,
  exempt: false,
  ...extra,
});

/** The shield with its counters, as the database would keep them. */
function shieldWith(limits: Partial<Limits> = {}) {
  const counters = new Map<string, Counter>();
  const put = (counter: Counter) => counters.set(counter.key, counter);
  return {
    counters,
    ask(message: Send, seconds: number): Verdict {
      const verdict = admit(message, counters, { ...wide, ...limits }, at(seconds));
      if (verdict.admitted) verdict.changed.forEach(put);
      else if (verdict.paused) put(verdict.paused);
      return verdict;
    },
    verified(message: Send, seconds: number) {
      for (const key of counterKeys(message, at(seconds)).filter((k) => !k.startsWith('day/'))) {
        const counter = counters.get(key);
        if (counter) put({ ...counter, verified: Math.min(counter.used, counter.verified + 1) });
      }
    },
    pause(key: string, untilSeconds: number) {
      const row = { key, since: at(0), used: 0, spent_micros: 0, verified: 0, recent: [] };
      put({ ...row, paused_until: at(untilSeconds) });
    },
  };
}
const blockOf = (verdict: Verdict) => (verdict.admitted ? undefined : verdict.block);

it('S52: a number waits 30 s, then 60, 120, 240, and gets five in ten minutes', () => {
  const shield = shieldWith();
  const sent: number[] = [];
  for (let second = 0; second <= 700; second++)
    if (shield.ask(send(1), second).admitted) sent.push(second);
  expect(sent).toEqual([0, 30, 90, 210, 450, 630]);
  expect([1, 2, 3, 4, 5].map(cooldownAfter)).toEqual([30, 60, 120, 240, 240]);
});

it('S52: never more than five in any ten minutes, whenever they are asked for and typed in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(200), fc.boolean()), { maxLength: 60 }),
      (steps: [number, boolean][]) => {
        const shield = shieldWith();
        const sent: number[] = [];
        let now = 0;
        for (const [wait, typedIn] of steps) {
          now += wait;
          if (shield.ask(send(1), now).admitted) sent.push(now);
          if (typedIn) shield.verified(send(1), now);
        }
        for (const [index, moment] of sent.entries()) {
          const fifth = sent[index + 5];
          expect(fifth === undefined || fifth - moment >= 600).toBe(true);
        }
      },
    ),
  );
});

it('a code that was typed in has arrived: the next one need not wait', () => {
  const shield = shieldWith();
  expect(shield.ask(send(1), 0).admitted).toBe(true);
  expect(blockOf(shield.ask(send(1), 5))).toBe('cooling_down');
  shield.verified(send(1), 6);
  expect(shield.ask(send(1), 7).admitted).toBe(true);
  expect(blockOf(shield.ask(send(1), 8))).toBe('cooling_down');
});

it.each([
  ['number', { smsPerNumber: 3 }, (_n: number) => send(1), 700, 86_400],
  ['user', { smsPerUser: 3 }, (n: number) => send(n, { userId: 'ann' }), 1, 3600],
  ['address', { smsPerAddress: 3 }, (n: number) => send(n, { address: '192.0.2.1' }), 1, 3600],
  ['prefix', { smsPerPrefix: 3 }, (n: number) => send(n), 1, 3600],
  ['application', { smsPerApplication: 3 }, (n: number) => send(n), 1, 3600],
] as const)(
  '%s: the fourth is refused until the window ends',
  (block, limits, nth, step, window) => {
    const shield = shieldWith(limits);
    for (let n = 0; n < 3; n++) expect(shield.ask(nth(n), n * step).admitted).toBe(true);
    const refused = shield.ask(nth(3), 3 * step);
    expect(refused).toMatchObject({ block, retryAfterSeconds: window - 3 * step });
    // What was refused is not counted: the window's end is not put off by asking.
    for (let n = 0; n < 50; n++) shield.ask(nth(3), 3 * step);
    expect(shield.ask(nth(3), window).admitted).toBe(true);
  },
);

it('one bucket for each: what one has used up is nobody else’s', () => {
  const shield = shieldWith({ smsPerUser: 1, smsPerAddress: 1, smsPerApplication: 1 });
  const from = (n: number, own: Partial<Send>) => blockOf(shield.ask(send(n, own), n));
  expect(from(1, { userId: 'ann', address: 'a' })).toBeUndefined();
  expect(from(2, { userId: 'ann', address: 'b', applicationId: 'app_2' })).toBe('user');
  expect(from(3, { userId: 'bob', address: 'a', applicationId: 'app_3' })).toBe('address');
  expect(from(4, { userId: 'bob', address: 'b' })).toBe('application');
  expect(from(5, { userId: 'bob', address: 'b', applicationId: 'app_4' })).toBeUndefined();
  // Another realm's user of that name is another user.
  const elsewhere = { realmId: 'rlm_2', userId: 'ann', address: 'a', applicationId: 'app_5' };
  expect(from(6, elsewhere)).toBeUndefined();
});

it('S54: a burst over adjacent numbers pauses that prefix, and it alone', () => {
  const shield = shieldWith({ smsUnverified: 10 });
  for (let n = 0; n < 10; n++) expect(shield.ask(send(n), n).admitted).toBe(true);
  const tripped = shield.ask(send(10), 10);
  expect(tripped).toMatchObject({ block: 'paused', retryAfterSeconds: 3600 });
  expect(!tripped.admitted && tripped.paused?.key).toContain('+1415555');
  expect(shield.ask(send(11), 100)).toMatchObject({ block: 'paused', retryAfterSeconds: 3510 });
  expect(shield.ask(send(12, { prefix: '+1415556' }), 101).admitted).toBe(true);
  expect(shield.ask(send(13, { realmId: 'rlm_2' }), 102).admitted).toBe(true);
  // After the pause it counts anew.
  for (let n = 20; n < 30; n++) expect(shield.ask(send(n), 3700 + n).admitted).toBe(true);
  expect(blockOf(shield.ask(send(30), 3740))).toBe('paused');
});

it('S54: a prefix whose codes are typed in is not paused', () => {
  const shield = shieldWith({ smsUnverified: 10 });
  for (let n = 0; n < 200; n++) {
    expect(shield.ask(send(n), n).admitted).toBe(true);
    if (n % 3 === 0) shield.verified(send(n), n);
  }
});

it('S54: in a country where nearly nothing is typed in, fewer codes are enough; it is never paused itself', () => {
  const shield = shieldWith({ smsUnverified: 10 });
  const spread = (n: number) => send(n, { prefix: `+14${String(n % 50).padStart(5, '0')}` });
  for (let n = 0; n < 100; n++) expect(shield.ask(spread(n), n).admitted).toBe(true);
  // Two a prefix so far: four are the bound now.
  for (let n = 100; n < 200; n++) expect(shield.ask(spread(n), n).admitted).toBe(true);
  for (let n = 200; n < 250; n++) expect(blockOf(shield.ask(spread(n), n))).toBe('paused');
  expect(shield.ask(send(999, { prefix: '+1999000' }), 260).admitted).toBe(true);
});

it('S55: no day spends more than its budgets, of messages and of money, whatever is asked', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.nat(5)), { maxLength: 80 }),
      fc.nat(20),
      fc.nat(60),
      (asked: [number, number][], messages: number, spend: number) => {
        const shield = shieldWith({
          smsRealmDailyMessages: messages,
          smsDailyMessages: messages * 2,
          smsRealmDailySpend: spend,
          smsDailySpend: spend * 2,
        });
        const used = [0, 0, 0];
        const spent = [0, 0, 0];
        asked.forEach(([realm, costMicros], n) => {
          if (!shield.ask(send(n, { realmId: `rlm_${realm}`, costMicros }), n).admitted) return;
          used[realm] = (used[realm] ?? 0) + 1;
          spent[realm] = (spent[realm] ?? 0) + costMicros;
        });
        const sum = (values: number[]) => values.reduce((one, other) => one + other, 0);
        expect(Math.max(...used)).toBeLessThanOrEqual(messages);
        expect(Math.max(...spent)).toBeLessThanOrEqual(spend);
        expect(sum(used)).toBeLessThanOrEqual(messages * 2);
        expect(sum(spent)).toBeLessThanOrEqual(spend * 2);
      },
    ),
  );
});

it('S55: the budget begins anew at midnight, UTC, and says when that is', () => {
  const shield = shieldWith({ smsRealmDailyMessages: 1 });
  expect(shield.ask(send(1), 0).admitted).toBe(true);
  expect(shield.ask(send(2), 10)).toMatchObject({
    block: 'realm_messages',
    retryAfterSeconds: 12 * 3600 - 10,
  });
  expect(shield.ask(send(2), 12 * 3600).admitted).toBe(true);
});

it('an allow-listed number knows no limits but the budgets and an operator’s pause', () => {
  const shield = shieldWith({ smsPerNumber: 1, smsPerApplication: 1, smsRealmDailyMessages: 9 });
  for (let n = 0; n < 9; n++) expect(shield.ask(send(1, { exempt: true }), n).admitted).toBe(true);
  expect(blockOf(shield.ask(send(1, { exempt: true }), 10))).toBe('realm_messages');
  const paused = shieldWith();
  paused.pause('pause/everything', 60);
  expect(blockOf(paused.ask(send(1, { exempt: true }), 0))).toBe('paused');
});

it.each([0, 1, 2])('an operator’s pause holds for what it names (%s)', (which) => {
  const shield = shieldWith();
  shield.pause(pauseKeys(send(1))[which] ?? '', 60);
  expect(shield.ask(send(1), 0)).toMatchObject({ block: 'paused', retryAfterSeconds: 60 });
  expect(shield.ask(send(2, { country: 'DE', prefix: '+4915' }), 0).admitted).toBe(which < 2);
  expect(shield.ask(send(1), 60).admitted).toBe(true);
});

it.each([-3600, 3600, -7 * 86_400, 7 * 86_400])(
  'S127: after a clock that was %s s off, nothing is locked for longer than its window',
  (seconds) => {
    const shield = shieldWith({ smsPerUser: 2, smsPerNumber: 2 });
    const own = { userId: 'ann' };
    shield.ask(send(1, own), seconds);
    shield.ask(send(2, own), seconds + 40);
    expect(shield.ask(send(1, own), 86_400 * 2).admitted).toBe(true);
  },
);
