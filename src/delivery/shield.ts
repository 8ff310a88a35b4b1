/**
 * The shield around the bill: who may be sent a message now. Pure: the counters are rows that
 * counters.repository.ts holds locked while this decides, so every replica counts alike and nothing is
 * counted that is not sent.
 *
 * Rules, and what each is against:
 * - paused: a prefix, a country or everything, by an operator, or a prefix by itself (below);
 * - number: 30 s, then 60, 120, 240 between messages that nobody answers, five in ten minutes, some in a
 *   day (S52): a person who is pestered, and the double click;
 * - user, address (IPv6: /64), application: one source that asks for many numbers;
 * - prefix: numbers that differ in their last four digits alone are bought in a row by who is paid for
 *   messages to them. Many codes that nobody types in pause the prefix for an hour, and that prefix alone
 *   (S54). In a country where nearly no code is typed in, fewer are enough;
 * - budget: messages and money of a day, by realm and over all, reserved here and given back where a
 *   message is never sent (S55).
 *
 * What is given up: windows other than a number's begin at their first message, so twice the limit may
 * fall around the end of one; and who can ask for codes to a prefix can have that prefix paused for an hour.
 */
import {
  addressKey,
  after,
  applicationKey,
  budgetKeysOf,
  countryKey,
  counted,
  emptyCounter,
  isOver,
  numberKey,
  pauseKeys,
  prefixKey,
  recentOf,
  secondsUntil,
  userKey,
  type Counter,
  type EarlyBlock,
  type Send,
} from './counter.js';

/** Sends that one number may get in ten minutes. */
export const SENDS_IN_WINDOW = 5;
export const NUMBER_WINDOW_SECONDS = 600;
export const FIRST_COOLDOWN_SECONDS = 30;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;
export const PREFIX_PAUSE_SECONDS = HOUR_SECONDS;
/** A prefix is paused when fewer codes than this are typed in, of those beyond the bound. */
const LEAST_VERIFIED = 0.25;
/** A country is watched when, of this many codes, nearly none is typed in. */
const WATCHED_FROM = 100;
const WATCHED_VERIFIED = 0.15;
const WATCHED_SHARE = 0.4;

export type Block =
  | 'paused'
  | 'cooling_down'
  | 'number'
  | 'user'
  | 'address'
  | 'prefix'
  | 'application'
  | 'realm_messages'
  | 'realm_spend'
  | 'messages'
  | 'spend';

/** Figures that an operator sets. */
export interface Limits {
  readonly smsPerNumber: number;
  readonly smsPerUser: number;
  readonly smsPerAddress: number;
  readonly smsPerPrefix: number;
  readonly smsPerApplication: number;
  readonly smsUnverified: number;
  readonly smsRealmDailyMessages: number;
  readonly smsRealmDailySpend: number;
  readonly smsDailyMessages: number;
  readonly smsDailySpend: number;
}

export type Verdict =
  | {
      readonly admitted: true;
      readonly changed: readonly Counter[];
      /** When this number may get the next one. */
      readonly resendAt: Date;
      readonly budgetKeys: readonly string[];
    }
  | {
      readonly admitted: false;
      readonly block: Block | EarlyBlock;
      readonly retryAfterSeconds: number;
      /** The counter of a prefix that this message has paused. */
      readonly paused: Counter | undefined;
    };

/**
 * Decides on one message.
 *
 * @param counters the rows of `counterKeys`, and those of `pauseKeys` that exist
 * @returns the counters as they are with the message, or why it may not be sent
 */
export function admit(
  send: Send,
  counters: ReadonlyMap<string, Counter>,
  limits: Limits,
  now: Date,
): Verdict {
  if (send.early !== undefined) return blocked(send.early, 0);
  const row = (key: string): Counter => counters.get(key) ?? emptyCounter(key, now);
  const number = row(numberKey(send));
  const recent = recentOf(number, now, NUMBER_WINDOW_SECONDS);
  const user = send.userId === null ? [] : [row(userKey(send))];
  const address = send.address === null ? [] : [row(addressKey(send))];
  const prefix = row(prefixKey(send));
  const country = row(countryKey(send));
  const application = row(applicationKey(send));
  const budgets = budgetKeysOf(send, now);
  const [realm, overall] = [row(budgets.realm), row(budgets.overall)];

  const refused =
    refusePaused([...pauseKeys(send).map(row), ...(send.exempt ? [] : [prefix])], now) ??
    (send.exempt
      ? undefined
      : (refuseNumber(number, recent, limits, now) ??
        refuseUsed('user', user, limits.smsPerUser, now) ??
        refuseUsed('address', address, limits.smsPerAddress, now) ??
        pausePrefix(prefix, country, limits, now) ??
        refuseUsed('prefix', [prefix], limits.smsPerPrefix, now) ??
        refuseUsed('application', [application], limits.smsPerApplication, now))) ??
    refuseBudget(
      'realm',
      realm,
      send,
      limits.smsRealmDailyMessages,
      limits.smsRealmDailySpend,
      now,
    ) ??
    refuseBudget('', overall, send, limits.smsDailyMessages, limits.smsDailySpend, now);
  if (refused !== undefined) return refused;

  const hourly = [...user, ...address, prefix, country, application];
  return {
    admitted: true,
    changed: [
      ...(send.exempt
        ? []
        : [
            { ...counted(number, now, DAY_SECONDS), recent: [...recent, now], verified: 0 },
            ...hourly.map((counter) => counted(counter, now, HOUR_SECONDS)),
          ]),
      ...[realm, overall].map((counter) => ({
        ...counter,
        used: counter.used + 1,
        spent_micros: counter.spent_micros + send.costMicros,
      })),
    ],
    resendAt: after(now, cooldownAfter(recent.length + 1)),
    budgetKeys: Object.values(budgets),
  };
}

/** @returns seconds between the nth message to a number in ten minutes and the next */
export function cooldownAfter(sends: number): number {
  return FIRST_COOLDOWN_SECONDS * 2 ** Math.min(sends - 1, SENDS_IN_WINDOW - 2);
}

function refuseNumber(row: Counter, recent: readonly Date[], limits: Limits, now: Date) {
  const [oldest] = recent;
  const last = recent.at(-1);
  if (oldest !== undefined && recent.length >= SENDS_IN_WINDOW)
    return blocked('number', secondsUntil(after(oldest, NUMBER_WINDOW_SECONDS), now));
  // A code that was typed in has arrived: there is nothing to wait for.
  const ready = last && row.verified === 0 ? after(last, cooldownAfter(recent.length)) : undefined;
  if (ready !== undefined && ready > now) return blocked('cooling_down', secondsUntil(ready, now));
  return refuseUsed('number', [row], limits.smsPerNumber, now, DAY_SECONDS);
}

function refusePaused(rows: readonly Counter[], now: Date) {
  const left = Math.max(...rows.map(({ paused_until }) => secondsUntil(paused_until, now)));
  return left > 0 ? blocked('paused', left) : undefined;
}

function pausePrefix(prefix: Counter, country: Counter, limits: Limits, now: Date) {
  if (isOver(prefix, now, HOUR_SECONDS)) return undefined;
  const watched =
    !isOver(country, now, HOUR_SECONDS) &&
    country.used >= WATCHED_FROM &&
    country.verified < country.used * WATCHED_VERIFIED;
  const bound = watched ? Math.ceil(limits.smsUnverified * WATCHED_SHARE) : limits.smsUnverified;
  const unverified = prefix.used - prefix.verified;
  if (unverified < bound || prefix.verified >= prefix.used * LEAST_VERIFIED) return undefined;
  const until = after(now, PREFIX_PAUSE_SECONDS);
  const paused = { ...emptyCounter(prefix.key, until), paused_until: until };
  return blocked('paused', PREFIX_PAUSE_SECONDS, paused);
}

function refuseUsed(
  block: Block,
  rows: readonly Counter[],
  limit: number,
  now: Date,
  windowSeconds = HOUR_SECONDS,
) {
  const full = rows.find((row) => row.used >= limit && !isOver(row, now, windowSeconds));
  return full && blocked(block, secondsUntil(after(full.since, windowSeconds), now));
}

function refuseBudget(
  whose: 'realm' | '',
  { used, spent_micros }: Counter,
  { costMicros }: Send,
  messages: number,
  spend: number,
  now: Date,
) {
  const tomorrow = DAY_SECONDS - Math.floor((now.getTime() / 1000) % DAY_SECONDS);
  if (used >= messages) return blocked(whose ? 'realm_messages' : 'messages', tomorrow);
  if (spent_micros + costMicros > spend) return blocked(whose ? 'realm_spend' : 'spend', tomorrow);
  return undefined;
}

function blocked(block: Block | EarlyBlock, retryAfterSeconds: number, paused?: Counter): Verdict {
  return { admitted: false, block, retryAfterSeconds, paused };
}
