import type { Texts, TextKey } from '../texts.js';
import type { VerifyView } from './verify-state.js';

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
};

/** What the page has to say before anything else; undefined where there is nothing. */
export function noticeText({ say }: Texts, view: VerifyView): string | undefined {
  const { notice, status, isUndelivered } = view;
  if (notice !== undefined) {
    const text = say(texts[notice.code] ?? 'notice.refused');
    const left = notice.attemptsLeft;
    // Without a wait, and while there is one, what is left is worth knowing.
    if (notice.code !== 'code_incorrect' || left === undefined || left === 0) return text;
    return `${text} ${say('notice.attempts_left', { count: left })}`;
  }
  if (isUndelivered) return say('notice.undelivered');
  if (status === 'expired') return say('notice.expired');
  if (status !== undefined && status !== 'pending') return say('notice.challenge_ended');
  return undefined;
}
