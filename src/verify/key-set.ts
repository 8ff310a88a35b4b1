import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet } from 'jose';
import { VerificationError } from './verification-error.js';

/** As long as the service lets its keys be kept (S89): a key that is withdrawn is dead here after it. */
const FRESH_SECONDS = 300;
/** While the service does not answer: no longer than one of its access tokens lives. */
const KEPT_SECONDS = 900;
/** Who sends unknown key ids has a fetch made once in this time, however many he sends. */
const REFETCH_SECONDS = 60;
/** With no key at hand every request fails, so the next attempt comes sooner. */
const RETRY_SECONDS = 5;
const TIMEOUT_MS = 5_000;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The published keys. jose's own remote set counts only fetches that succeed, so that every request fetches
 * while the service is down; and it forgets good keys as soon as their time is over.
 */
export class KeySet {
  private local: ReturnType<typeof createLocalJWKSet> | undefined;
  private fetchedAt = -Infinity;
  private attemptedAt = -Infinity;
  private underWay: Promise<void> | undefined;
  private failure: unknown;

  constructor(
    private readonly url: string,
    private readonly fetch: Fetch,
    private readonly now: () => Date,
  ) {}

  /**
   * @param kid selects among the published keys, and is never an address (S82)
   * @returns undefined where none of that name is published
   * @throws VerificationError `keys_unavailable` where they cannot be had
   */
  async find(kid: string): Promise<CryptoKey | undefined> {
    if (this.isOlder(this.fetchedAt, FRESH_SECONDS))
      await this.refresh(this.isUsable() ? REFETCH_SECONDS : RETRY_SECONDS);
    if (!this.isUsable())
      throw new VerificationError('keys_unavailable', `no keys from ${this.url}`, {
        cause: this.failure,
      });
    const known = await this.select(kid);
    if (known !== undefined) return known;
    await this.refresh(REFETCH_SECONDS);
    return this.select(kid);
  }

  private isUsable(): boolean {
    return this.local !== undefined && !this.isOlder(this.fetchedAt, KEPT_SECONDS);
  }

  private async select(kid: string): Promise<CryptoKey | undefined> {
    try {
      return await this.local?.({ alg: 'ES256', kid });
    } catch (error) {
      // A set that names one key twice does not say which it is.
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      if (error instanceof errors.JWKSMultipleMatchingKeys) return undefined;
      throw new VerificationError('keys_unavailable', `the key ${kid} is unusable`, {
        cause: error,
      });
    }
  }

  private async refresh(atMostEverySeconds: number): Promise<void> {
    if (this.underWay === undefined) {
      if (!this.isOlder(this.attemptedAt, atMostEverySeconds)) return;
      this.attemptedAt = this.seconds();
      this.underWay = this.load().finally(() => (this.underWay = undefined));
    }
    await this.underWay;
  }

  /** Keeps what it has where the service does not answer. */
  private async load(): Promise<void> {
    try {
      const startedAt = this.seconds();
      const answer = await this.fetch(this.url, {
        headers: { accept: 'application/json' },
        // Whoever could send us elsewhere would choose the keys.
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (answer.status !== 200) throw new Error(`it was answered ${answer.status}`);
      this.local = createLocalJWKSet((await answer.json()) as JSONWebKeySet);
      this.fetchedAt = startedAt;
    } catch (error) {
      this.failure = error;
    }
  }

  /** A clock that was set back must not make an age that never ends. */
  private isOlder(then: number, seconds: number): boolean {
    return Math.abs(this.seconds() - then) >= seconds;
  }

  private seconds(): number {
    return this.now().getTime() / 1000;
  }
}
