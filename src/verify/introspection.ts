import type { Fetch } from './key-set.js';
import { VerificationError } from './verification-error.js';

const TIMEOUT_MS = 5_000;

export interface IntrospectionOptions {
  /**
   * An API key of your application. It learns only of tokens that were issued to the application, or are
   * for its audience.
   */
  readonly apiKey: string;
  /** Left out: `/v1/tokens/introspect` at the issuer. */
  readonly url?: string;
}

/** Asks the service whether a token that looks good still is (RFC 7662): after a logout it is not. */
export class Introspection {
  constructor(
    private readonly url: string,
    private readonly apiKey: string,
    private readonly fetch: Fetch,
  ) {}

  /**
   * Any answer but a clear yes about this very token is a refusal: fails closed.
   *
   * @throws VerificationError `token_revoked`, `introspection_unavailable`
   */
  async confirm(token: string, tokenId: string): Promise<void> {
    const { active, jti } = await this.ask(token);
    if (active === false) throw new VerificationError('token_revoked', 'it is not active any more');
    if (active !== true || jti !== tokenId)
      throw new VerificationError('introspection_unavailable', 'the answer is about another token');
  }

  private async ask(token: string): Promise<{ active?: unknown; jti?: unknown }> {
    try {
      const answer = await this.fetch(this.url, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
        // The key and the token go nowhere else.
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (answer.status !== 200) throw new Error(`it was answered ${answer.status}`);
      return Object(await answer.json()) as object;
    } catch (cause) {
      throw new VerificationError('introspection_unavailable', `no answer from ${this.url}`, {
        cause,
      });
    }
  }
}
