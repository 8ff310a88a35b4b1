import { refusalOf, type RefusalCode } from './refusals.js';
import type { Requirement } from './requirement.js';

interface Particulars {
  /** What was asked for, where that is why. */
  readonly requirement?: Requirement;
  /** What it stems from. */
  readonly cause?: unknown;
}

/**
 * A refused token. `message` is public. `detail` says what was seen: it is for the log and never for whoever
 * sent the token, so neither JSON nor a logger that walks over members comes upon it.
 */
export class VerificationError extends Error {
  /** 401, 403 or 503. */
  readonly status: number;
  /** The `error` of RFC 6750 or RFC 9470; undefined where the answer is to have none. */
  readonly challenge: string | undefined;
  readonly #detail: string;
  readonly #requirement: Requirement;

  /** @param detail what was seen, for the log */
  constructor(
    readonly code: RefusalCode,
    detail: string,
    { requirement = {}, cause }: Particulars = {},
  ) {
    const { status, challenge, text } = refusalOf(code);
    super(text, cause === undefined ? undefined : { cause });
    this.status = status;
    this.challenge = challenge;
    this.#detail = detail;
    this.#requirement = requirement;
  }

  override get name(): string {
    return 'VerificationError';
  }

  get detail(): string {
    return this.#detail;
  }

  /** What the request has to bring; empty where the token itself was refused. */
  get requirement(): Requirement {
    return this.#requirement;
  }
}
