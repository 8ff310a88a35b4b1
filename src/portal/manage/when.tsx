import type { Texts } from '../texts.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** After so many a date says more than a number of days. */
const DAYS_COUNTED = 7;

interface WhenProps {
  readonly texts: Texts;
  readonly time: Date;
  readonly now: Date;
}

/** When something was: how long ago, and after a week the day, for the service does not know the browser's zone. */
export function When({ texts, time, now }: WhenProps) {
  return <time dateTime={time.toISOString()}>{agoOf(texts.locale, time, now)}</time>;
}

export function agoOf(locale: string, time: Date, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - time.getTime()) / 1000);
  if (seconds >= DAYS_COUNTED * DAY) return dayOf(locale, time);
  const ago = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  if (seconds < MINUTE) return ago.format(0, 'second');
  if (seconds < HOUR) return ago.format(-Math.floor(seconds / MINUTE), 'minute');
  if (seconds < DAY) return ago.format(-Math.floor(seconds / HOUR), 'hour');
  return new Intl.RelativeTimeFormat(locale).format(-Math.floor(seconds / DAY), 'day');
}

export function dayOf(locale: string, time: Date): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(time);
}

/** How long something lasts, in the largest unit of which it is a whole number: `30 days`, `12 hours`. */
export function lengthOf(locale: string, seconds: number): string {
  const units = [
    ['day', DAY],
    ['hour', HOUR],
    ['minute', MINUTE],
  ] as const;
  const [unit, size] = units.find(([, length]) => seconds % length === 0) ?? ['second', 1];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(
    seconds / size,
  );
}
