import type { ChallengeStatus } from '../challenges/challenge.js';
import type { ErrorCode } from '../errors.js';
import type { Notice } from '../links/link.js';
import { secondsUntil } from './controls.js';
import type { TextKey, Texts } from './texts.js';

/** What was refused, as a page shows it. */
export interface ShownNotice {
  readonly code: ErrorCode;
  readonly attemptsLeft: number | undefined;
  /** Until it may be tried again; undefined where there is nothing to wait for. */
  readonly seconds: number | undefined;
  /** How far the clock seems to be ahead that made the code. */
  readonly clockAheadSeconds: number | undefined;
}

/** What a page tells of before anything else. */
export interface Told {
  readonly notice: ShownNotice | undefined;
  /** Of the challenge that is answered, where there is one. */
  readonly status: ChallengeStatus | undefined;
  readonly isUndelivered: boolean;
}

/** A wait that is over is nothing to talk of any more. */
export function shownNotice(notice: Notice | null, now: Date): ShownNotice | undefined {
  if (notice === null) return undefined;
  const { code, attemptsLeft, until, clockAheadSeconds } = notice;
  const seconds = until === undefined ? undefined : secondsUntil(new Date(until), now);
  return seconds === 0 ? undefined : { code, attemptsLeft, seconds, clockAheadSeconds };
}

/** What was refused, in words for whoever sits at the browser; every other refusal is said in general. */
const texts: Readonly<Record<string, TextKey>> = {
  code_incorrect: 'notice.code_incorrect',
  invalid_request: 'notice.code_unreadable',
  locked: 'notice.locked',
  challenge_ended: 'notice.challenge_ended',
  send_too_soon: 'notice.send_too_soon',
  send_limit_reached: 'notice.send_limit_reached',
  send_paused: 'notice.not_sent',
  send_budget_spent: 'notice.not_sent',
  country_not_allowed: 'notice.not_sent',
  channel_unavailable: 'notice.not_sent',
  line_unsuitable: 'notice.not_sent',
  phone_invalid: 'notice.phone_invalid',
  phone_in_use: 'notice.phone_in_use',
  security_key_refused: 'key.failed',
  security_key_in_use: 'key.failed',
  factor_limit_reached: 'notice.factor_limit_reached',
  factor_not_pending: 'notice.enrolment_ended',
};

/** @returns undefined where there is nothing to say */
export function noticeText({ say, locale }: Texts, told: Told): string | undefined {
  const { notice, status, isUndelivered } = told;
  if (notice !== undefined) {
    const { code, clockAheadSeconds: ahead, attemptsLeft: left } = notice;
    const text =
      ahead === undefined
        ? say(texts[code] ?? 'notice.refused')
        : say(ahead > 0 ? 'notice.clock_ahead' : 'notice.clock_behind', {
            time: roughly(Math.abs(ahead), locale),
          });
    // Without a wait, and while there is one, what is left is worth knowing.
    if (code !== 'code_incorrect' || left === undefined || left === 0) return text;
    return `${text} ${say('notice.attempts_left', { count: left })}`;
  }
  if (isUndelivered) return say('notice.undelivered');
  if (status === 'expired') return say('notice.expired');
  if (status !== undefined && status !== 'pending') return say('notice.challenge_ended');
  return undefined;
}

const HOUR = 3600;

/** `5 minutes`, `2 hours`, as the language has it. */
function roughly(seconds: number, locale: string): string {
  const unit = seconds < HOUR * 0.95 ? 'minute' : 'hour';
  const count = Math.max(1, Math.round(seconds / (unit === 'hour' ? HOUR : 60)));
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}
