import { type VerificationError } from './verification-error.js';

/** How a refusal leaves over HTTP, in whatever framework. */
export interface RefusalAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** RFC 9457, `application/problem+json`. */
  readonly body: Readonly<Record<string, unknown>>;
}

const titles: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  503: 'Service Unavailable',
};

/** The answer to a refused request: a challenge by RFC 6750 and RFC 9470, and why, in public words. */
export function answerTo(error: VerificationError): RefusalAnswer {
  const { status, code, message, challenge, requirement } = error;
  const { acr, amr, maxAgeSeconds, scopes } = requirement;
  const isStepUp = challenge === 'insufficient_user_authentication';
  return {
    status,
    headers: {
      ...(status !== 503 && { 'WWW-Authenticate': challengeTo(error) }),
      'Cache-Control': 'no-store',
      'Content-Type': 'application/problem+json; charset=utf-8',
    },
    body: {
      title: titles[status],
      status,
      detail: message,
      code,
      ...(isStepUp && { acr, amr, max_age: maxAgeSeconds }),
      ...(challenge === 'insufficient_scope' && { scope: scopes?.join(' ') }),
    },
  };
}

function challengeTo({ challenge, message, requirement }: VerificationError): string {
  const { acr, maxAgeSeconds, scopes } = requirement;
  const isStepUp = challenge === 'insufficient_user_authentication';
  const members = {
    realm: 'watchword',
    error: challenge,
    error_description: challenge && asciiOf(message),
    acr_values: isStepUp ? acr : undefined,
    max_age: isStepUp ? maxAgeSeconds : undefined,
    scope: challenge === 'insufficient_scope' ? scopes?.join(' ') : undefined,
  };
  const written = Object.entries(members).filter(([, value]) => value !== undefined);
  return `Bearer ${written.map(([name, value]) => `${name}="${String(value)}"`).join(', ')}`;
}

/** What RFC 6750 section 3 allows in a description. */
function asciiOf(text: string): string {
  return text.replace(/’/g, "'").replace(/"/g, "'");
}
