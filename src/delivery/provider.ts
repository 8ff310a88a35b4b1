/**
 * Who carries messages. Behind this interface stands one file a vendor: `<name>.provider.ts`.
 */
import type { ProviderName } from '../config/sms.settings.js';
import type { Channel } from './channel.js';

/**
 * Messages that one process hands over at once. Those of a burst wait here, where nobody has been asked yet,
 * and not for a connection, where the time that a provider has to answer would run.
 */
export const MOST_AT_ONCE = 50;

/** A message as its carrier needs it. */
export interface Letter {
  readonly id: string;
  readonly channel: Channel;
  readonly to: string;
  readonly country: string;
  /** What is written, or said. */
  readonly text: string;
  /** Language in which it is said. */
  readonly language: string;
  /** Absent in a notice. */
  readonly code?: string;
  /** What the code is for: the purpose of its challenge. */
  readonly purpose?: string;
  /** Who carried the code before, which did not help: asked last. */
  readonly avoid?: string;
  /** After that moment it is of no use. */
  readonly expiresAt: Date;
}

/**
 * Why a provider did not take a message:
 * - `number`: this number cannot be reached, by whomever; nobody else is asked;
 * - `declined`: this provider does not take this one; it is well, and the next one may take it;
 * - `refused`: this provider surely did not take it, and is not well; the next one may;
 * - `unanswered`: nobody knows whether it did.
 */
export type Refusal = 'number' | 'declined' | 'refused' | 'unanswered';

export class ProviderError extends Error {
  override readonly name = 'ProviderError';

  /** @param detail the vendor's own code or status; never the number or the text (S114) */
  constructor(
    readonly refusal: Refusal,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`a message was not taken: ${refusal} (${detail})`, options);
  }
}

export interface Provider {
  readonly name: ProviderName;
  carries(channel: Channel): boolean;
  /**
   * Hands a message over.
   *
   * @param signal aborted when it is too late for an answer
   * @returns the vendor's id of the message, where it gives one
   * @throws ProviderError
   */
  send(letter: Letter, signal: AbortSignal): Promise<string | null>;
}

/** What a status of a vendor's says of a message that it did not take. */
export function refusalOf(status: number): Refusal {
  return status >= 500 || [401, 403, 408, 429].includes(status) ? 'refused' : 'declined';
}

const notSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** What a request that brought no answer means: only one that never left is surely not taken. */
export function unanswered(error: unknown): ProviderError {
  const code = codeOf(error) ?? 'no answer';
  return new ProviderError(notSent.has(code) ? 'refused' : 'unanswered', code, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : undefined;
}
