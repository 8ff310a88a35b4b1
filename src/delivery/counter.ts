/** The shield's counters: their keys, their windows, and what is counted by them. */
import type { Selectable } from 'kysely';
import type { SendCounterRow } from '../storage/schema.js';
import type { Channel } from './channel.js';

/** Blocks that no counter is needed for. */
export type EarlyBlock = 'country' | 'line' | 'channel';

/** A message that somebody wants to be sent. */
export interface Send {
  readonly realmId: string;
  readonly applicationId: string;
  readonly userId: string | null;
  /** Keyed hash of the number, as text. */
  readonly number: string;
  readonly country: string;
  readonly prefix: string;
  /** Bucket of the client's address, where it is known. */
  readonly address: string | null;
  readonly channel: Channel;
  readonly costMicros: number;
  /** Refused already, without a counter: told by the same work as any other (S42). */
  readonly early: EarlyBlock | undefined;
  /** An allow-listed number, or a notice that the service itself owes: the budgets alone hold. */
  readonly exempt: boolean;
}

export type Counter = Selectable<SendCounterRow>;

/** What an operator may stop: messages to a prefix, to a country, or all of them. */
export interface PauseTarget {
  readonly prefix?: string | undefined;
  readonly country?: string | undefined;
}

/** The row of an operator's pause. */
export function pauseKey({ prefix, country }: PauseTarget): string {
  if (prefix !== undefined) return `pause/prefix/${prefix}`;
  return country === undefined ? 'pause/everything' : `pause/country/${country}`;
}

/** The rows of every pause that a message may fall under; the widest last. */
export function pauseKeys({ country, prefix }: Pick<Send, 'country' | 'prefix'>): string[] {
  return [{ prefix }, { country }, {}].map(pauseKey);
}

/** Counters of a code that was sent and is typed in at last. */
export function verifiedKeys(of: Pick<Send, 'realmId' | 'country' | 'prefix' | 'number'>) {
  return { prefixKey: prefixKey(of), countryKey: countryKey(of), numberKey: numberKey(of) };
}

/** Every counter that decides on a message, in one fixed order within a message. */
export function counterKeys(send: Send, now: Date): string[] {
  return [
    ...Object.values(budgetKeysOf(send, now)),
    ...(send.exempt
      ? []
      : [
          numberKey(send),
          applicationKey(send),
          prefixKey(send),
          countryKey(send),
          ...(send.userId === null ? [] : [userKey(send)]),
          ...(send.address === null ? [] : [addressKey(send)]),
        ]),
  ];
}

export function emptyCounter(key: string, since: Date): Counter {
  return { key, since, used: 0, spent_micros: 0, verified: 0, recent: [], paused_until: null };
}

/** The counter with one more, in its window or in a new one. */
export function counted(row: Counter, now: Date, windowSeconds: number): Counter {
  if (isOver(row, now, windowSeconds)) return { ...emptyCounter(row.key, now), used: 1 };
  return { ...row, used: row.used + 1 };
}

/** A window that begins in the future was written by a clock that was wrong: it does not lock (S127). */
export function isOver({ since }: Counter, now: Date, windowSeconds: number): boolean {
  const age = (now.getTime() - since.getTime()) / 1000;
  return age >= windowSeconds || age < -windowSeconds;
}

/** What was sent within the window; a clock that was set back counts as one that went on. */
export function recentOf({ recent }: Counter, now: Date, windowSeconds: number): Date[] {
  return recent
    .map((at) => new Date(at))
    .filter((at) => Math.abs(now.getTime() - at.getTime()) < windowSeconds * 1000);
}

export function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}

export function secondsUntil(time: Date | null, now: Date): number {
  return time === null ? 0 : Math.max(0, Math.ceil((time.getTime() - now.getTime()) / 1000));
}

export function budgetKeysOf({ realmId }: Pick<Send, 'realmId'>, now: Date) {
  const day = now.toISOString().slice(0, 10);
  return { overall: `day/${day}`, realm: `day/${day}/${realmId}` };
}
export const numberKey = ({ realmId, number }: Pick<Send, 'realmId' | 'number'>) =>
  `number/${realmId}/${number}`;
export const userKey = ({ realmId, userId }: Send) => `user/${realmId}/${userId ?? ''}`;
export const addressKey = ({ realmId, address }: Send) => `address/${realmId}/${address ?? ''}`;
export const applicationKey = ({ applicationId }: Send) => `application/${applicationId}`;
export const prefixKey = ({ realmId, prefix }: Pick<Send, 'realmId' | 'prefix'>) =>
  `prefix/${realmId}/${prefix}`;
export const countryKey = ({ realmId, country }: Pick<Send, 'realmId' | 'country'>) =>
  `country/${realmId}/${country}`;
