import type { Channel } from './channel.js';
import type { Letter } from './provider.js';

export const messageStatuses = ['queued', 'sent', 'delivered', 'undelivered', 'failed'] as const;
export type MessageStatus = (typeof messageStatuses)[number];

/** What became of a message. */
export interface MessageState {
  readonly status: MessageStatus;
  readonly provider: string | null;
  /** Why it did not arrive, or `unanswered` where nobody knows whether it was taken. */
  readonly failure: string | null;
}

/** A message to be written into the outbox. */
export interface NewMessage {
  readonly realmId: string;
  readonly challengeId: string | null;
  readonly letter: Letter;
  /** Set where it is written down only: a blocked one, or a test number's. */
  readonly settled?: MessageState;
  readonly budgetKeys: readonly string[];
  readonly costMicros: number;
  readonly createdAt: Date;
}

/** A message that this process has claimed. */
export interface Claimed {
  readonly letter: Letter;
  readonly tried: readonly string[];
  /** It was handed over, and what came of that was never written down. */
  readonly inHand: boolean;
}

/** A later report never takes back a final one (S62). */
export const rankOf: Readonly<Record<MessageStatus, number>> = {
  queued: 0,
  sent: 1,
  delivered: 2,
  undelivered: 2,
  failed: 2,
};

export function channelOf(text: string): Channel {
  return text === 'voice' || text === 'whatsapp' ? text : 'sms';
}
