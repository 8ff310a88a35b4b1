import type { EarlyBlock } from '../delivery/counter.js';
import type { Block } from '../delivery/shield.js';
import { WatchwordError, type ErrorCode } from '../errors.js';

const codes: Readonly<Record<Block | EarlyBlock | 'overtaken', ErrorCode>> = {
  country: 'country_not_allowed',
  line: 'line_unsuitable',
  channel: 'channel_unavailable',
  paused: 'send_paused',
  cooling_down: 'send_too_soon',
  overtaken: 'send_too_soon',
  number: 'send_limit_reached',
  user: 'send_limit_reached',
  address: 'send_limit_reached',
  prefix: 'send_limit_reached',
  application: 'send_limit_reached',
  realm_messages: 'send_budget_spent',
  realm_spend: 'send_budget_spent',
  messages: 'send_budget_spent',
  spend: 'send_budget_spent',
};

/** Why nothing was sent, in the words of the error table; for callers that may know about numbers. */
export function blockedError(
  block: Block | EarlyBlock | 'overtaken',
  retryAfterSeconds: number,
): WatchwordError {
  const code = codes[block];
  const isLimit = code === 'send_limit_reached' || code === 'send_budget_spent';
  const isEarly = code === 'country_not_allowed' || code === 'line_unsuitable';
  return new WatchwordError(code, {
    ...(isLimit && { limit: block }),
    ...(!isEarly &&
      code !== 'channel_unavailable' && { retry_after: Math.max(1, Math.ceil(retryAfterSeconds)) }),
  });
}
